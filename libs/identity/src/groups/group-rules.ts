import { DomainError } from '@sallyport/platform';
import type { GroupFacts } from '../templates/identity-facts.js';
import type { Group, GroupType, GroupValues } from './group.js';

/** What stands in the database of a group and its members. */
export type GroupContent = Pick<
  Group,
  'name' | 'type' | 'policies' | 'metadata' | 'memberEntityIds' | 'memberGroupIds'
>;

/** What a write of a group does to people, as far as somebody may have to answer for it (S48). */
export interface GroupEffect {
  /** ACL policies somebody gets who did not have them by this group. */
  granted: string[];
  /** ACL policies somebody has by this group no more, and who. */
  lost: GroupLoss[];
  /** Groups somebody leaves: the one that is written and those above it. */
  left: string[];
  /** What fills in templates of somebody's policies from now on: groups somebody joins, and a changed one. */
  filled: GroupFill[];
}

/** Policies that members lose, whose own they may be or those of groups. */
export interface GroupLoss {
  policies: string[];
  entityIds: string[];
  groupIds: string[];
}

/** What templates may tell of a group to those in it; `before` is null for whoever was not. */
export interface GroupFill {
  before: GroupFacts | null;
  after: GroupFacts;
}

/** The type a group is to have. @throws DomainError `invalid` codes `group-type-fixed`, `group-type-unknown`. */
export function typeOf(known: Group | null, sent: string | undefined): GroupType {
  const type = sent || (known?.type ?? 'internal');
  if (known !== null && type !== known.type)
    throw new DomainError('invalid', 'group-type-fixed', 'group type cannot be changed');
  if (type !== 'internal' && type !== 'external')
    throw new DomainError('invalid', 'group-type-unknown', `invalid group type "${type}"`);
  return type;
}

/** Whom a mount tells of is a member of an external group, and nobody else. @throws DomainError `invalid`. */
export function mustAllowMembers(type: GroupType, { memberEntityIds, memberGroupIds }: GroupValues): void {
  if (type === 'internal') return;
  if (memberEntityIds !== undefined)
    throw new DomainError(
      'invalid',
      'external-member-entities',
      `member entities can't be set manually for external groups`,
    );
  if (memberGroupIds !== undefined)
    throw new DomainError(
      'invalid',
      'external-member-groups',
      `member groups can't be set for external groups`,
    );
}

/** @throws DomainError `invalid` code `unknown-member` for the first id that was not found. */
export function mustInclude(ids: string[], found: { id: string }[], what: string): void {
  const known = new Set(found.map(({ id }) => id));
  const unknown = ids.find((id) => !known.has(id));
  if (unknown !== undefined)
    throw new DomainError('invalid', 'unknown-member', `invalid ${what} "${unknown}"`);
}

/** A group above this one, or itself, would be its own member. @throws DomainError `invalid` code `group-cycle`. */
export function mustNotCircle(memberGroupIds: string[], above: string[]): void {
  const member = memberGroupIds.find((id) => above.includes(id));
  if (member !== undefined)
    throw new DomainError(
      'invalid',
      'group-cycle',
      `cyclic relationship detected for member group ID "${member}"`,
    );
}

/** A group a group is in. */
export type GroupAbove = Pick<Group, 'id' | 'name' | 'policies' | 'metadata'>;

/** A write of a group, before it is done. */
export interface GroupWrite {
  id: string;
  /** The groups above it. */
  above: GroupAbove[];
  known: Group | null;
  wanted: GroupContent;
}

/** Old members get what the group gets; a new one gets all it has, and what it has from the groups above it. */
export function effectOf({ id, above, known, wanted }: GroupWrite): GroupEffect {
  const before = [...(known?.memberEntityIds ?? []), ...(known?.memberGroupIds ?? [])];
  const after = [...wanted.memberEntityIds, ...wanted.memberGroupIds];
  const joins = after.some((member) => !before.includes(member));
  const leaves = before.some((member) => !after.includes(member));
  const granted = joins
    ? [...wanted.policies, ...above.flatMap((parent) => parent.policies)]
    : wanted.policies.filter((policy) => !known?.policies.includes(policy));
  return {
    granted: [...new Set(granted)].sort(),
    lost: known === null ? [] : [takenFrom(known, wanted), leftBy(known, above, wanted)],
    left: leaves ? [id, ...above.map((parent) => parent.id)] : [],
    filled:
      after.length === 0
        ? []
        : joins
          ? joined([{ ...wanted, id }, ...above])
          : [{ before: known, after: { ...wanted, id } }],
  };
}

/** What a group gave and gives no more. */
function takenFrom(
  { policies, memberEntityIds, memberGroupIds }: GroupContent,
  wanted: GroupContent,
): GroupLoss {
  const taken = policies.filter((policy) => !wanted.policies.includes(policy));
  return { policies: taken, entityIds: memberEntityIds, groupIds: memberGroupIds };
}

/** What those who leave a group had by it, and by the groups above it; absent `wanted`, everybody leaves. */
export function leftBy(known: GroupContent, above: GroupAbove[], wanted?: GroupContent): GroupLoss {
  const policies = [...known.policies, ...above.flatMap((parent) => parent.policies)];
  const entityIds = known.memberEntityIds.filter((id) => !wanted?.memberEntityIds.includes(id));
  const groupIds = known.memberGroupIds.filter((id) => !wanted?.memberGroupIds.includes(id));
  const leaves = entityIds.length + groupIds.length > 0;
  return { policies: leaves ? policies : [], entityIds, groupIds };
}

function joined(groups: GroupFacts[]): GroupFill[] {
  return groups.map((after) => ({ before: null, after }));
}
