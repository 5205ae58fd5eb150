import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { factorOwed, NOT_PENDING, WRONG_OTP } from './error-bodies.js';
import { OTP_PROVIDER, withServer } from './scene.js';

/** What enforcements of `/v1` add to what is owed at `/admin` (appgate.md §2.10). */
const server = withServer();
let methodId: string;
let users = 0;
let name: string;
let entityId: string;

const vault = async (path: string, body: object) => {
  const response = await fetch(`${server.sallyport.url}/v1/${path}`, {
    method: 'POST',
    headers: { 'x-vault-token': server.sallyport.rootToken },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  return text === '' ? null : JSON.parse(text).data;
};
const enforce = (mfa_method_ids: string[]) =>
  vault('identity/mfa/login-enforcement/both', { mfa_method_ids, identity_entity_ids: [entityId] });
/** @returns the secret of a bound seed, for the method of `/v1` unless told otherwise. */
const seed = async (method = methodId) => {
  const { url } = await vault('identity/mfa/method/totp/admin-generate', {
    method_id: method,
    entity_id: entityId,
  });
  return new URL(url).searchParams.get('secret')!;
};

beforeAll(async () => {
  methodId = (await vault('identity/mfa/method/totp', { issuer: 'Second' })).method_id;
});
beforeEach(async () => {
  await server.demandFactor(null);
  name = `both${++users}`;
  const id = await server.plantUser(name, [{ type: 'View', target: 'LocalUser', scope: { all: true } }]);
  await server.final(name);
  const [row] = await server.rows<{ principal_id: string }>(
    'SELECT a.principal_id FROM accounts a JOIN local_users u ON u.account_id = a.id WHERE u.id = $1',
    [id],
  );
  entityId = row!.principal_id;
});

describe('several factors owed', () => {
  it('are taken one after the other, the built-in one first, with a fresh token each', async () => {
    await enforce([methodId]);
    await server.demandFactor(OTP_PROVIDER, ['CN=admin,OU=local']);
    const secret = await seed();
    const builtIn = await seed(OTP_PROVIDER);
    const first = await server.partial(name);
    const half = await first.post('/authentication/otp', { otp: server.code(builtIn) });
    expect([half.status, half.body.user.needTwoFactorAuth]).toEqual([200, true]);
    expect((await first.get('/authorization')).status).toBe(401);
    const second = first.with(half.body.token);
    expect((await second.get('/authorization')).body).toEqual(factorOwed(name));
    expect((await second.post('/authentication/otp/initialize', {})).text).toBe(
      '{"type":"AlreadySeeded","inputType":"Numeric"}',
    );
    expect((await second.post('/authentication/otp', { otp: server.wrongCode(secret) })).body).toEqual(
      WRONG_OTP,
    );
    const whole = await second.post('/authentication/otp', { otp: server.code(secret) });
    expect([whole.status, whole.body.user.needTwoFactorAuth]).toEqual([200, false]);
    const proven = second.with(whole.body.token);
    expect((await proven.post('/authentication/otp', { otp: '123456' })).body).toEqual(NOT_PENDING);
    expect((await proven.get('/authorization')).status).toBe(200);
  });

  it('S60 are taken the one the user has before the one that is only then made', async () => {
    await enforce([methodId]);
    await server.demandFactor(OTP_PROVIDER, ['CN=admin,OU=local']);
    const secret = await seed();
    const first = await server.partial(name);
    expect((await first.post('/authentication/otp/initialize', {})).body.type).toBe('AlreadySeeded');
    const half = await first.post('/authentication/otp', { otp: server.code(secret) });
    expect([half.status, half.body.user.needTwoFactorAuth]).toEqual([200, true]);
    const second = first.with(half.body.token);
    const begun = (await second.post('/authentication/otp/initialize', {})).body;
    expect(begun.type).toBe('Secret');
    const whole = await second.post('/authentication/otp', { otp: server.code(begun.secret) });
    expect([whole.status, whole.body.user.needTwoFactorAuth]).toEqual([200, false]);
  });

  it('stay owed where one of them cannot be asked for here', async () => {
    await enforce([methodId]);
    const pending = await server.partial(name);
    expect((await pending.post('/authentication/otp/initialize', {})).body.type).toBe('AlreadySeeded');
    expect((await pending.post('/authentication/otp', { otp: '123456' })).body).toEqual(WRONG_OTP);
    expect((await pending.get('/authorization')).body).toEqual(factorOwed(name));
  });

  it('are one where one code satisfies both rules', async () => {
    await enforce([OTP_PROVIDER, methodId]);
    await server.demandFactor(OTP_PROVIDER, ['CN=admin,OU=local']);
    const { proven } = await server.enroll(await server.partial(name));
    expect((await proven.get('/authorization')).status).toBe(200);
  });

  it('S53 are owed by a user who is exempt from the settings of /admin alone', async () => {
    await enforce([methodId]);
    await server.demandFactor(OTP_PROVIDER, ['CN=admin,OU=local', `CN=${name},OU=local`]);
    const { status, body } = await server.client.post('/login', server.credentials(name));
    expect([status, body]).toEqual([412, factorOwed(name)]);
  });
});
