import type { AdministrativePrivilege, ScopedObject } from './administrative-privilege.js';
import { pairOf } from './matrix/type-target-map.js';

/** What a caller may reach of one (type, target): everything, or the objects with one of these ids or tags. */
export type Reach = 'all' | { ids: string[]; tags: string[] };

/** The privileges that speak of this act at all, whatever their scope. */
export function applicable(
  privileges: AdministrativePrivilege[],
  type: string,
  target: string,
): AdministrativePrivilege[] {
  return privileges.filter(
    (held) =>
      (held.type === type || held.type === 'All') && (held.target === target || held.target === 'All'),
  );
}

/**
 * How far these privileges reach for (type, target); null where none speaks of it (contract appgate.md §3.4).
 * A pair without scope reaches everything; a neutral scope on a scopable pair reaches nothing.
 */
export function reachOf(privileges: AdministrativePrivilege[], type: string, target: string): Reach | null {
  const held = applicable(privileges, type, target);
  if (held.length === 0) return null;
  if (held.some(isUnlimited)) return 'all';
  return {
    ids: held.flatMap((privilege) => privilege.scope?.ids ?? []),
    tags: held.flatMap((privilege) => privilege.scope?.tags ?? []),
  };
}

/** Whether a privilege is granted on every object: its pair takes no scope, or the scope says `all`. */
export function isUnlimited(privilege: AdministrativePrivilege): boolean {
  const pair = pairOf(privilege.type, privilege.target);
  const takesScope = pair !== undefined && (pair.scopable || pair.scopableByIdp);
  return !takesScope || privilege.scope?.all === true;
}

/** Whether an object lies within a reach. */
export function reaches(reach: Reach | null, object: ScopedObject): boolean {
  if (reach === null) return false;
  if (reach === 'all') return true;
  return reach.ids.includes(object.id) || object.tags.some((tag) => reach.tags.includes(tag));
}

/** Whether (type, target) is granted on this object; without an object only where everything is reached. */
export function grants(
  privileges: AdministrativePrivilege[],
  type: string,
  target: string,
  object?: ScopedObject,
): boolean {
  const reach = reachOf(privileges, type, target);
  return object === undefined ? reach === 'all' : reaches(reach, object);
}

/**
 * The Create privileges that grant making this object, default tags included; empty where none does. Create differs: a neutral
 * scope allows (§3.4).
 */
export function creators(
  privileges: AdministrativePrivilege[],
  target: string,
  object: ScopedObject,
): AdministrativePrivilege[] {
  return applicable(privileges, 'Create', target).filter((held) => {
    const neutral = held.type === 'Create' && !held.scope?.ids.length && !held.scope?.tags.length;
    if (neutral || isUnlimited(held)) return true;
    const tags = [...object.tags, ...(held.defaultTags ?? [])];
    return reaches({ ids: held.scope?.ids ?? [], tags: held.scope?.tags ?? [] }, { id: object.id, tags });
  });
}

/** Whether somebody holds everything there is. */
export function isFullAdministrator(privileges: AdministrativePrivilege[]): boolean {
  return privileges.some((held) => held.type === 'All' && held.target === 'All');
}
