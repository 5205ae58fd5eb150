import { DomainError } from '@sallyport/platform';
import type { AdministrativePrivilege, PrivilegeScope } from './administrative-privilege.js';
import { isFullAdministrator, isUnlimited } from './grants.js';

/**
 * Nobody hands out, or takes over, more than they hold (contract appgate.md §3.5; S48, S49).
 * @throws DomainError `forbidden` where one of `wanted` is not covered by what is held.
 */
export function mustCover(held: AdministrativePrivilege[], wanted: AdministrativePrivilege[]): void {
  if (wanted.every((privilege) => held.some((own) => covers(own, privilege)))) return;
  throw escalation();
}

/** What decides privileges itself takes all of them (appgate.md §3.5). @throws DomainError `forbidden`. */
export function mustBeFullAdministrator(held: AdministrativePrivilege[]): void {
  if (!isFullAdministrator(held)) throw escalation();
}

/** Whether one privilege contains another in type, target, scope and functions. */
export function covers(own: AdministrativePrivilege, wanted: AdministrativePrivilege): boolean {
  if (own.type !== wanted.type && own.type !== 'All') return false;
  if (own.target !== wanted.target && own.target !== 'All') return false;
  if (!isWithin(own.functions, wanted.functions) && own.type !== 'All') return false;
  if (isUnlimited(own) || isUnboundCreate(own)) return true;
  if (isUnlimited(wanted) || isUnboundCreate(wanted)) return false;
  return isWithin(own.scope?.ids, wanted.scope?.ids) && isWithin(own.scope?.tags, wanted.scope?.tags);
}

/** A neutral scope matches nothing, except with Create, where it allows everything (§3.4). */
function isUnboundCreate({ type, scope }: { type: string; scope?: PrivilegeScope }): boolean {
  return type === 'Create' && !scope?.ids.length && !scope?.tags.length;
}

function isWithin(own: string[] = [], wanted: string[] = []): boolean {
  return wanted.every((value) => own.includes(value));
}

function escalation(): DomainError {
  return new DomainError('forbidden', 'escalation', `You don't have permission to access this resource.`);
}
