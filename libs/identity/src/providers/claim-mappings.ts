import type { ClaimMapping, IdentityProviderType } from './identity-provider.entity.js';

/** Which attributes of a user become claims where nobody has said (contract appgate.md §5.3). */
export function defaultClaimMappings(type: IdentityProviderType): ClaimMapping[] {
  const pairs = DEFAULTS[type] ?? [];
  return pairs.map(([attributeName, claimName, list = false]) => ({
    attributeName,
    claimName,
    list,
    encrypt: false,
  }));
}

type Pair = [attributeName: string, claimName: string, list?: boolean];

const LOCAL: Pair[] = [
  ['email', 'emails', true],
  ['firstName', 'firstName'],
  ['id', 'id'],
  ['lastName', 'lastName'],
  ['phone', 'phone'],
  ['tags', 'tags', true],
  ['username', 'username'],
];

const LDAP: Pair[] = [
  ['givenName', 'firstName'],
  ['mail', 'emails', true],
  ['memberOf', 'groups', true],
  ['objectGUID', 'userId'],
  ['sAMAccountName', 'username'],
  ['sn', 'lastName'],
];

const DEFAULTS: Partial<Record<IdentityProviderType, Pair[]>> = {
  LocalDatabase: LOCAL,
  Ldap: LDAP,
  LdapCertificate: LDAP,
};
