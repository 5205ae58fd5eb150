import { LocalUser, type LocalUserValues } from '@sallyport/identity';
import type { Collection } from '../objects/index.js';

const LOCAL = `(SELECT id FROM identity_providers WHERE type = 'LocalDatabase' AND built_in)`;

/** Users of the provider `local` as `/admin` reads them (contract appgate.md §5.1). Every order has its index: migration 1763700000050. */
export const LOCAL_USERS: Collection<LocalUser> = {
  entity: LocalUser,
  target: 'LocalUser',
  noun: 'account',
  within: `o.identity_provider_id = ${LOCAL}`,
  count: `SELECT coalesce(sum(users), 0) FROM local_user_counts WHERE identity_provider_id = ${LOCAL}`,
  fields: {
    disabled: { order: 'disabled', required: true, filter: 'disabled::text' },
    firstName: { order: 'lower(first_name)', required: true, filter: 'first_name' },
    lastName: { order: 'lower(last_name)', required: true, filter: 'last_name' },
    email: { order: 'lower(email)', filter: 'email' },
  },
  // Everything but the name: unattended installations know the built-in administrator by it.
  changeableWhenBuiltIn: [
    'firstName',
    'lastName',
    'email',
    'phone',
    'notes',
    'tags',
    'disabled',
    'failedLoginAttempts',
    'lockStart',
    'passwordHash',
  ],
  decidesPrivileges: true,
};

/** What a writer decides of a user, without what follows from it. */
export function valuesOf(user: LocalUser): LocalUserValues {
  const { name, firstName, lastName, email, phone, notes, tags, disabled } = user;
  const { failedLoginAttempts, lockStart } = user;
  return {
    name,
    firstName,
    lastName,
    email,
    phone,
    notes,
    tags,
    disabled,
    failedLoginAttempts,
    lockStart,
  };
}
