import { randomUUID } from 'node:crypto';
import {
  IdentityProvider,
  AuthMount,
  canonicalName,
  defaultClaimMappings,
  LOCAL_MOUNT_PATH,
  newMount,
} from '@sallyport/identity';
import { DEFAULT_METHOD_ID, MfaMethod, TOTP_DEFAULTS } from '@sallyport/mfa-methods';
import type { Transaction } from '@sallyport/platform';
import { AdministrativeRole, Policy } from '@sallyport/privileges';

/** The objects of contract appgate.md §9, present from the installation on. */
export async function addBuiltInObjects(tx: Transaction, now: Date): Promise<IdentityProvider> {
  const local = provider('LocalDatabase', 'local', now, {
    adminProvider: true,
    notes: 'Built-in Identity Provider on local database.',
    claimMappings: defaultClaimMappings('LocalDatabase'),
  });
  const providers = [
    local,
    provider('Connector', 'Connector', now),
    provider('ServiceDatabase', 'service', now),
  ];
  await tx.manager.getRepository(IdentityProvider).insert(providers as never);
  // `userpass/` is attached by the operator, not created (contract vault.md §1.4); its accessor is there from the start.
  const userpass = { ...newMount(LOCAL_MOUNT_PATH, 'userpass', local.id, now), attached: false };
  const token = { ...newMount('token', 'token', null, now), description: 'token based credentials' };
  await tx.manager.getRepository(AuthMount).insert([userpass, token]);
  await tx.manager.getRepository(MfaMethod).insert([timeBased(now), fido2(now)] as never);
  const role = administratorRole(now);
  await tx.manager.getRepository(AdministrativeRole).insert(role);
  await tx.manager.getRepository(Policy).insert(administratorPolicy(role.id, now) as never);
  return local;
}

const BUILT_IN = { notes: '', tags: ['builtin'], builtIn: true };

function provider(
  type: IdentityProvider['type'],
  name: string,
  now: Date,
  values: Partial<IdentityProvider> = {},
): IdentityProvider {
  return {
    ...BUILT_IN,
    id: randomUUID(),
    type,
    ...named(name, now),
    adminProvider: false,
    minPasswordLength: 8,
    userLockoutThreshold: 5,
    userLockoutDurationMinutes: 1,
    blockCommonPasswords: true,
    claimMappings: [],
    userScripts: [],
    settings: {},
    ...values,
  };
}

function timeBased(now: Date): MfaMethod {
  return {
    ...BUILT_IN,
    id: DEFAULT_METHOD_ID,
    type: 'totp',
    ...named('default', now),
    providerName: 'Default Time-Based OTP Provider',
    providerNameCanonical: canonicalName('Default Time-Based OTP Provider'),
    offeredAt: ['appgate', 'vault'],
    config: { ...TOTP_DEFAULTS, inputType: 'Numeric' },
  };
}

function fido2(now: Date): MfaMethod {
  return {
    ...BUILT_IN,
    id: '3ae98d53-c520-437f-99e4-451f936e6d2c',
    type: 'fido2',
    name: null,
    nameCanonical: null,
    providerName: 'Default FIDO2 Provider',
    providerNameCanonical: canonicalName('Default FIDO2 Provider'),
    offeredAt: ['appgate'],
    config: { inputType: 'Masked' },
    createdAt: now,
    updatedAt: now,
  };
}

function administratorRole(now: Date): AdministrativeRole {
  return {
    ...BUILT_IN,
    id: randomUUID(),
    ...named('Builtin Administrator Role', now),
    privileges: [{ type: 'All', target: 'All', scope: { all: true, ids: [], tags: [] } }],
  };
}

function administratorPolicy(roleId: string, now: Date): Policy {
  return {
    ...BUILT_IN,
    id: randomUUID(),
    ...named('Builtin Administrator Policy', now),
    disabled: false,
    type: 'Admin',
    expression: 'return claims.user.username === "admin" && claims.user.ag.identityProviderName === "local";',
    administrativeRoles: [roleId],
    clientPart: {},
  };
}

function named(name: string, now: Date) {
  return { name, nameCanonical: canonicalName(name), createdAt: now, updatedAt: now };
}
