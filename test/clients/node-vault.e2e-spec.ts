import nodeVault, { type client as NodeVault } from 'node-vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authenticator } from '../vault/authenticator.js';
import { PASSWORD, startWorld, type World } from '../vault/world.js';

// The published client, unmodified, drives the whole journey (vault.md §13.7).
let world: World;
let operator: NodeVault;
beforeAll(async () => {
  world = await startWorld();
  operator = clientWith(world.server.rootToken);
});
afterAll(() => world.stop());

function clientWith(token?: string): NodeVault {
  return nodeVault({
    apiVersion: 'v1',
    endpoint: world.server.url,
    ...(token === undefined ? {} : { token }),
  });
}

/** What the client makes of a refusal. */
async function refusalOf(call: Promise<unknown>): Promise<{ message: string; status: number }> {
  const error = (await call.then(
    () => expect.fail('was not refused'),
    (reason: unknown) => reason,
  )) as Error & { response: { statusCode: number } };
  return { message: error.message, status: error.response.statusCode };
}

const HCL = `
path "identity/mfa/method/totp/generate" { capabilities = ["update"] }
path "auth/userpass/users" { capabilities = ["list"] }
`;

describe('node-vault', () => {
  let methodId: string;
  let entityId: string;
  let authenticator: Authenticator;

  it('asks how the server is', async () => {
    expect(await operator.health()).toMatchObject({ initialized: true, sealed: false });
    expect(await operator.status()).toMatchObject({ sealed: false, version: '1.19.0' });
    expect(await operator.initialized()).toEqual({ initialized: true });
    expect(await operator['leader']()).toMatchObject({ ha_enabled: false });
  });

  it('enables, reads and disables auth mounts', async () => {
    await operator.enableAuth({ mount_point: 'apps', type: 'userpass', description: 'Applications' });
    const mounts = await operator.auths();
    expect(mounts['apps/'].description).toBe('Applications');
    expect(mounts['userpass/'].accessor).toBe(world.accessor);
    await operator.disableAuth({ mount_point: 'apps' });
    expect(await operator.auths()).not.toHaveProperty('apps/');
  });

  it('writes, reads, lists and removes policies', async () => {
    await operator.addPolicy({ name: 'staff', rules: HCL });
    expect((await operator.getPolicy({ name: 'staff' })).rules).toBe(HCL);
    expect((await operator.policies()).policies).toEqual(
      expect.arrayContaining(['default', 'root', 'staff']),
    );
    await operator.addPolicy({ name: 'passing', rules: HCL });
    await operator.removePolicy({ name: 'passing' });
    expect((await operator.policies()).policies).not.toContain('passing');
  });

  it('adds a user, who logs in, enrols and from then on owes a code', async () => {
    await operator.write('auth/userpass/users/nina', { password: PASSWORD, token_policies: 'staff' });
    methodId = (
      await operator.write('identity/mfa/method/totp', { method_name: 'phones', issuer: 'Example' })
    ).data.method_id;

    const nina = clientWith();
    const login = await nina.userpassLogin({ username: 'nina', password: PASSWORD });
    expect(nina.token).toBe(login.auth.client_token);
    entityId = login.auth.entity_id;
    const made = await nina.write('identity/mfa/method/totp/generate', { method_id: methodId });
    authenticator = new Authenticator(made.data.url);

    await operator.write('identity/mfa/login-enforcement/staff', {
      mfa_method_ids: [methodId],
      identity_entity_ids: [entityId],
    });
    const asked = clientWith();
    const first = await asked.userpassLogin({ username: 'nina', password: PASSWORD });
    expect(asked.token).toBeFalsy();
    const { mfa_request_id } = first.auth.mfa_requirement;
    const finished = await asked.write('sys/mfa/validate', {
      mfa_request_id,
      mfa_payload: { [methodId]: [authenticator.codeAt(world.server.clock.now())] },
    });
    const signedIn = clientWith(finished.auth.client_token);
    expect((await signedIn.tokenLookupSelf()).data).toMatchObject({
      display_name: 'userpass-nina',
      entity_id: entityId,
      mfa: [expect.objectContaining({ method_id: methodId, type: 'totp' })],
    });
    expect((await signedIn.list('auth/userpass/users')).data.keys).toContain('nina');
    expect(await refusalOf(signedIn.list('identity/entity/id'))).toEqual({
      message: '1 error occurred:\n\t* permission denied\n\n',
      status: 403,
    });
  });

  it('says what was wrong in the first error', async () => {
    expect(
      await refusalOf(clientWith().userpassLogin({ username: 'nina', password: 'not her password' })),
    ).toEqual({ message: 'invalid username or password', status: 400 });
    expect(await refusalOf(operator.read('auth/userpass/users/nobody'))).toEqual({
      message: 'Status 404',
      status: 404,
    });
  });

  it('creates, looks up, renews and revokes tokens', async () => {
    // A client that creates or renews a token goes on with it.
    const another = () => clientWith(world.server.rootToken);
    const made = await another().tokenCreate({
      policies: ['staff'],
      ttl: '1h',
      display_name: 'robot',
    });
    const { client_token: token, accessor } = made.auth;
    expect((await operator.tokenLookup({ token })).data.display_name).toBe('token-robot');
    expect((await operator.tokenLookupAccessor({ accessor })).data.id).toBe('');
    expect((await operator.tokenAccessors()).data.keys).toContain(accessor);
    expect((await another().tokenRenew({ token, increment: '2h' })).auth.lease_duration).toBe(7200);
    expect((await clientWith(token).tokenRenewSelf()).auth.client_token).toBe(token);
    await operator.tokenRevokeAccessor({ accessor });
    expect(await refusalOf(operator.tokenLookup({ token }))).toEqual({ message: 'bad token', status: 403 });
  });

  it('keeps token roles', async () => {
    await operator.addTokenRole({ role_name: 'batch-job', allowed_policies: 'staff', renewable: true });
    expect((await operator.tokenRoles()).data.keys).toEqual(['batch-job']);
    expect((await operator.getTokenRole({ role_name: 'batch-job' })).data).toMatchObject({
      name: 'batch-job',
      allowed_policies: ['staff'],
    });
    expect(
      (await clientWith(world.server.rootToken).tokenCreateRole({ role_name: 'batch-job' })).auth
        .token_policies,
    ).toEqual(['default', 'staff']);
    await operator.removeTokenRole({ role_name: 'batch-job' });
    expect(await refusalOf(operator.tokenRoles())).toEqual({ message: 'Status 404', status: 404 });
  });

  it('lists with its own verb, without it, and through doubled slashes', async () => {
    const strict = nodeVault({
      endpoint: world.server.url,
      token: world.server.rootToken,
      noCustomHTTPVerbs: true,
    });
    for (const client of [operator, strict])
      expect((await client.list('identity/mfa//method')).data.keys).toContain(methodId);
  });
});
