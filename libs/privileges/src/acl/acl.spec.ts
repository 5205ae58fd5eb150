import { describe, expect, it } from 'vitest';
import { aclAllows, type AclSubject } from './acl.js';

const id = '0b8f7b1e-5f43-4a3c-9a63-0c8f3d2f7a11';
const person: AclSubject = { policies: ['default'], entityId: id, entityName: 'alice' };
const root: AclSubject = { policies: ['root'], entityId: null, entityName: null };

describe('aclAllows', () => {
  it('gives root everything', () => {
    expect(aclAllows(root, ['update', 'sudo'], 'sys/auth/userpass')).toBe(true);
  });

  it('gives a token without policies nothing', () => {
    const nobody: AclSubject = { policies: [], entityId: null, entityName: null };
    expect(aclAllows(nobody, ['read'], 'auth/token/lookup-self')).toBe(false);
    expect(aclAllows(nobody, [], 'auth/token/lookup-self')).toBe(false);
  });

  it.each(['Root', ' root', 'ROOT', 'root ', 'admin'])(
    'S51 gives the unknown policy %j nothing',
    (policy) => {
      expect(aclAllows({ ...root, policies: [policy] }, ['read'], 'sys/auth')).toBe(false);
    },
  );

  it('gives default the own token, and no other path or capability', () => {
    expect(aclAllows(person, ['read'], 'auth/token/lookup-self')).toBe(true);
    expect(aclAllows(person, ['update'], 'auth/token/renew-self')).toBe(true);
    expect(aclAllows(person, ['update'], 'auth/token/revoke-self')).toBe(true);
    expect(aclAllows(person, ['update'], 'auth/token/lookup-self')).toBe(false);
    expect(aclAllows(person, ['update'], 'auth/token/revoke')).toBe(false);
    expect(aclAllows(person, ['read'], 'sys/auth')).toBe(false);
  });

  it('gives default the own entity and nobody else’s', () => {
    expect(aclAllows(person, ['read'], `identity/entity/id/${id}`)).toBe(true);
    expect(aclAllows(person, ['read'], 'identity/entity/name/alice')).toBe(true);
    expect(aclAllows(person, ['read'], 'identity/entity/name/bob')).toBe(false);
    expect(aclAllows(person, ['delete'], `identity/entity/id/${id}`)).toBe(false);
  });

  it.each(['', 'a/b', '*', 'a+'])(
    'lets the entity name %j open nothing through the template',
    (entityName) => {
      expect(aclAllows({ ...person, entityName }, ['read'], `identity/entity/name/${entityName}`)).toBe(
        false,
      );
    },
  );

  it('lets a person make an authenticator, and only a person', () => {
    const path = 'identity/mfa/method/totp/generate';
    expect(aclAllows({ ...person, policies: [] }, ['update'], path)).toBe(true);
    expect(aclAllows({ ...person, entityId: null }, ['update'], path)).toBe(false);
    expect(aclAllows(person, ['update'], 'identity/mfa/method/totp/admin-generate')).toBe(false);
  });
});
