import { randomBytes } from 'node:crypto';
import { generateSync } from 'otplib';
import type { SpentCode } from './appgate-sign-in.ts';
import { TIME_BASED_METHOD } from './built-in.ts';
import type { Caller } from './caller.ts';
import type { ThrowawayServer } from './throwaway-server.ts';

interface VaultAnswer {
  auth: { client_token: string; mfa_requirement: { mfa_request_id: string } };
  data: { accessor: string; id: string; url: string };
}

/** A user at `/v1`, from the root token to the user's own. @returns the code that was spent. */
export async function signInAtVault(wire: Caller, { rootToken }: ThrowawayServer): Promise<SpentCode> {
  const alice = { password: randomBytes(12).toString('base64url') };
  const root = { 'X-Vault-Token': rootToken };
  const setUp = { method: 'POST', headers: root, expect: 204 } as const;
  await wire.call({
    ...setUp,
    step: 'The operator opens the auth mount …',
    path: '/v1/sys/auth/userpass',
    body: { type: 'userpass' },
  });
  await wire.call({
    ...setUp,
    step: '… and adds a user.',
    path: '/v1/auth/userpass/users/alice',
    body: alice,
  });
  const mount = await wire.call<VaultAnswer>({
    step: 'A person is known by the mount and the name …',
    method: 'GET',
    path: '/v1/sys/auth/userpass',
    headers: root,
    expect: 200,
  });
  const person = await wire.call<VaultAnswer>({
    ...setUp,
    step: '… as an entity …',
    path: '/v1/identity/entity',
    body: { name: 'alice' },
    expect: 200,
  });
  await wire.call({
    ...setUp,
    step: '… with an alias.',
    path: '/v1/identity/entity-alias',
    body: { name: 'alice', canonical_id: person.data.id, mount_accessor: mount.data.accessor },
    expect: 200,
  });
  const { data } = await wire.call<VaultAnswer>({
    ...setUp,
    step: 'She is given an authenticator (the barcode is a PNG) …',
    path: '/v1/identity/mfa/method/totp/admin-generate',
    body: { method_id: TIME_BASED_METHOD, entity_id: person.data.id },
    expect: 200,
  });
  await wire.call({
    ...setUp,
    step: '… and it is demanded of all who come through this kind of mount.',
    path: '/v1/identity/mfa/login-enforcement/everybody',
    body: { mfa_method_ids: [TIME_BASED_METHOD], auth_method_types: ['userpass'] },
  });
  const owed = await wire.call<VaultAnswer>({
    step: 'Her password gives a request to be validated …',
    method: 'POST',
    path: '/v1/auth/userpass/login/alice',
    body: alice,
    expect: 200,
  });
  const secret = new URL(data.url).searchParams.get('secret') ?? '';
  const code = generateSync({ secret });
  const done = await wire.call<VaultAnswer>({
    step: '… by a code of hers, which gives the token.',
    method: 'POST',
    path: '/v1/sys/mfa/validate',
    body: {
      mfa_request_id: owed.auth.mfa_requirement.mfa_request_id,
      mfa_payload: { [TIME_BASED_METHOD]: [code] },
    },
    expect: 200,
  });
  await wire.call({
    step: 'The token knows whose it is and what was proven.',
    method: 'GET',
    path: '/v1/auth/token/lookup-self',
    headers: { 'X-Vault-Token': done.auth.client_token },
    expect: 200,
  });
  return { username: 'alice', ...alice, code };
}
