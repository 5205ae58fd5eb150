import { DomainError, type Transaction, type Violation } from '@sallyport/platform';
import type { AdministrativePrivilege } from '../administrative-privilege.js';
import { mustCover } from '../escalation.js';
import type { Change, Collection } from '../objects/index.js';
import { Policy, type PolicyType } from './policy.entity.js';

export const POLICY_TYPES = [
  'Access',
  'Device',
  'Dns',
  'Admin',
  'Mixed',
  'Stop',
] as const satisfies PolicyType[];

/** Only these give roles (contract appgate.md §5.4). */
const GIVING_ROLES: readonly PolicyType[] = ['Admin', 'Mixed'];

/** Policies (contract appgate.md §3.5, §5.4). */
export const POLICIES: Collection<Policy> = {
  entity: Policy,
  target: 'Policy',
  noun: 'policy',
  fields: {
    type: { order: 'type', filter: 'type' },
    disabled: { order: 'disabled', filter: 'disabled::text' },
  },
  parts: ['clientPart'],
  decidesPrivileges: true,
  validate: mustNameRoles,
  mayChange: mustCoverRoles,
};

async function mustNameRoles({ tx, after }: Change<Policy>): Promise<void> {
  if (after === null || after.administrativeRoles.length === 0) return;
  if (!GIVING_ROLES.includes(after.type))
    throw DomainError.invalid('administrativeRoles', 'is not applicable');
  const known = (await privilegesOfRoles(tx, after.administrativeRoles)).map(({ id }) => id);
  const violations: Violation[] = after.administrativeRoles.flatMap((id, index) =>
    known.includes(id) ? [] : [{ field: `administrativeRoles[${index}]`, message: 'does not exist' }],
  );
  if (violations.length > 0)
    throw new DomainError('invalid', 'invalid', 'The request is not valid.', { violations });
}

/** Every privilege of every role named before or after the change; who may delete a policy gives nothing away by it. */
async function mustCoverRoles({ tx, before, after, privileges }: Change<Policy>): Promise<void> {
  if (after === null) return;
  const roles = await privilegesOfRoles(tx, [
    ...(before?.administrativeRoles ?? []),
    ...after.administrativeRoles,
  ]);
  mustCover(
    privileges,
    roles.flatMap((role) => role.privileges),
  );
}

async function privilegesOfRoles(
  tx: Transaction,
  ids: string[],
): Promise<{ id: string; privileges: AdministrativePrivilege[] }[]> {
  return tx.query('SELECT id, privileges FROM administrative_roles WHERE id = ANY($1::uuid[])', [ids]);
}
