import { canonicalName, isReservedName } from '@sallyport/identity';
import { DomainError } from '@sallyport/platform';
import { mustCover } from '../escalation.js';
import type { Change, Collection, ObjectValues } from '../objects/index.js';
import { AdministrativeRole } from './administrative-role.entity.js';
import { type PrivilegeInput, validPrivileges } from './privilege-rules.js';

/** Letters, digits, blank, `_` and `-` (contract appgate.md §3.7). */
const ROLE_NAME = /^[\p{L}\p{M}\p{Nd} _-]+$/u;
/** Of the built-in role; in a disguise the unique index does not see, it is taken all the same (S51). */
const RESERVED = [canonicalName('BuiltinAdministratorRole')];

/** Administrative roles (contract appgate.md §3.5, §3.7). */
export const ROLES: Collection<AdministrativeRole> = {
  entity: AdministrativeRole,
  target: 'AdministrativeRole',
  noun: 'role',
  decidesPrivileges: true,
  validate: mustNotDisguise,
  mayChange: ({ after, privileges }) => mustCover(privileges, after?.privileges ?? []),
  written: leavePolicies,
};

/**
 * A role as it is kept.
 * @throws DomainError `invalid` listing what is wrong with name and privileges.
 */
export function roleValues(
  input: Omit<ObjectValues<AdministrativeRole>, 'privileges'> & { privileges: PrivilegeInput[] },
): ObjectValues<AdministrativeRole> {
  if (!ROLE_NAME.test(input.name)) throw DomainError.invalid('name', 'contains invalid characters');
  return { ...input, privileges: validPrivileges(input.privileges) };
}

function mustNotDisguise({ before, after }: Change<AdministrativeRole>): void {
  if (after === null || before?.builtIn || !isReservedName(after.name, RESERVED)) return;
  if (before !== null) throw DomainError.invalid('name', 'must be unique');
  throw new DomainError('conflict', 'exists', 'An object with the same id or name already exists.');
}

/** Terraform deletes a role before it updates the policy that named it (§3.7). */
async function leavePolicies({ tx, before, after }: Change<AdministrativeRole>): Promise<void> {
  if (before === null || after !== null) return;
  await tx.execute(
    'UPDATE policies SET administrative_roles = array_remove(administrative_roles, $1) WHERE administrative_roles @> ARRAY[$1::uuid]',
    [before.id],
  );
}
