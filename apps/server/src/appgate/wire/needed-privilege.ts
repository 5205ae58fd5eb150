import { type AdministrativePrivilege, applicable, grants, pairOf } from '@sallyport/privileges';
import type { AccessStatement } from '../../http/access.js';

/**
 * Whether somebody with these privileges may make a call at all (appgate.md §1.3 e): holds one for its (type, target),
 * of whatever scope; where the pair takes no scope, such as singletons, one that reaches everything (§3.4).
 * A route that asks for a final token asks for any privilege (§3.6).
 */
export function mayCall(access: AccessStatement, privileges: AdministrativePrivilege[]): boolean {
  if (access.kind !== 'privilege') return privileges.length > 0;
  const { type, target, orType, orTargets = [] } = access;
  const types = [type, ...(orType ? [orType] : [])];
  return types.some((either) => [target, ...orTargets].some((on) => holds(privileges, either, on)));
}

function holds(privileges: AdministrativePrivilege[], type: string, target: string): boolean {
  const pair = pairOf(type, target);
  if (pair?.scopable || pair?.scopableByIdp) return applicable(privileges, type, target).length > 0;
  return grants(privileges, type, target);
}
