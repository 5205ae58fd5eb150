import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { waiting } from '../support/planted-faults.js';
import { factorOwed, FORBIDDEN, NOT_PENDING, NO_TOKEN } from './error-bodies.js';
import { OTP_PROVIDER, PASSWORD, withServer } from './scene.js';

/** Tokens of `/v1`, presented at `/admin` (appgate.md §2.1). */
const server = withServer();
let users = 0;
let name: string;
beforeAll(async () => {
  const enabled = await fetch(`${server.sallyport.url}/v1/sys/auth/userpass`, {
    method: 'POST',
    headers: { 'x-vault-token': server.sallyport.rootToken },
    body: JSON.stringify({ type: 'userpass' }),
  });
  if (enabled.status !== 204) throw new Error(`${enabled.status} ${await enabled.text()}`);
});
beforeEach(async () => {
  await server.demandFactor(null);
  name = `foreign${++users}`;
  await server.plantUser(name, [{ type: 'View', target: 'LocalUser', scope: { all: true } }]);
});

const vaultToken = async () => {
  const response = await fetch(`${server.sallyport.url}/v1/auth/userpass/login/${name}`, {
    method: 'POST',
    body: JSON.stringify({ password: PASSWORD }),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${text}`);
  return (JSON.parse(text) as { auth: { client_token: string } }).auth.client_token;
};

const RESTRICTED = { id: 'forbidden', message: 'A token of limited use begins no session.' };

async function finalTokens(): Promise<number> {
  const { rowCount } = await server.sallyport.database.query(
    `SELECT 1 FROM tokens WHERE origin = 'appgate' AND local_user_id = (SELECT id FROM local_users WHERE name = $1)`,
    [name],
  );
  return rowCount ?? 0;
}

describe('a token of /v1', () => {
  it('is taken as an AdminClaims token: authorization, and nothing else', async () => {
    const foreign = server.client.with(await vaultToken());
    expect((await foreign.get('/local-users')).body).toEqual(FORBIDDEN);
    expect((await foreign.post('/authentication/otp', { otp: '123456' })).body).toEqual(NOT_PENDING);
    const { status, body } = await foreign.get('/authorization');
    expect([status, body.user.name]).toEqual([200, name]);
    expect((await server.client.with(body.token).get('/local-users')).status).toBe(200);
  });

  it('S41 opens nothing from outside its bound addresses, and neither does what it earned', async () => {
    const bind = (cidrs: string) =>
      server.sallyport.database.query(
        'UPDATE tokens SET bound_cidrs = $1 WHERE local_user_id IN (SELECT id FROM local_users WHERE name = $2)',
        [[cidrs], name],
      );
    const foreign = server.client.with(await vaultToken());
    await bind('127.0.0.0/8');
    const final = server.client.with((await foreign.get('/authorization')).body.token);
    expect((await final.get('/local-users')).status).toBe(200);
    const { rows } = await server.sallyport.database.query(
      "SELECT bound_cidrs FROM tokens WHERE origin = 'appgate' AND local_user_id = (SELECT id FROM local_users WHERE name = $1)",
      [name],
    );
    expect(rows).toEqual([{ bound_cidrs: ['127.0.0.0/8'] }]);
    await bind('192.0.2.0/24');
    for (const token of [foreign, final]) expect((await token.get('/authorization')).body).toEqual(NO_TOKEN);
  });

  it('is neither ended nor bound to 60 s by authorization', async () => {
    const foreign = server.client.with(await vaultToken());
    const first = (await foreign.get('/authorization')).body.token;
    server.advance(3_000);
    const second = (await foreign.get('/authorization')).body.token;
    for (const token of [first, second])
      expect((await server.client.with(token).get('/local-users')).status).toBe(200);
  });

  it('S41 what it earned dies with it, and logout ends both', async () => {
    const foreign = server.client.with(await vaultToken());
    const final = server.client.with((await foreign.get('/authorization')).body.token);
    expect((await final.post('/authentication/logout')).status).toBe(204);
    expect((await foreign.get('/authorization')).body).toEqual(NO_TOKEN);
    expect((await final.get('/local-users')).body).toEqual(NO_TOKEN);
  });

  it('S41 what it earned dies with its mount', async () => {
    const foreign = server.client.with(await vaultToken());
    await server.demandFactor(OTP_PROVIDER);
    const { proven } = await server.enroll(foreign);
    const final = server.client.with((await proven.get('/authorization')).body.token);
    expect((await final.get('/local-users')).status).toBe(200);
    const mount = (text: string) =>
      server.sallyport.database.query(`UPDATE auth_mounts SET ${text} WHERE path = 'userpass'`);
    await mount('attached = false');
    for (const token of [proven, final]) expect((await token.get('/authorization')).body).toEqual(NO_TOKEN);
    await mount('attached = true, token_epoch = token_epoch + 1');
    for (const token of [proven, final]) expect((await token.get('/authorization')).body).toEqual(NO_TOKEN);
  });

  it('S41 of limited use is worth no session, which would count nothing', async () => {
    const limited = server.client.with(await vaultToken());
    await server.sallyport.database.query(
      `UPDATE tokens SET uses_left = 5 WHERE origin = 'vault' AND local_user_id = (SELECT id FROM local_users WHERE name = $1)`,
      [name],
    );
    expect(await limited.get('/authorization')).toMatchObject({ status: 403, body: RESTRICTED });
    await server.demandFactor(OTP_PROVIDER);
    expect(await limited.post('/authentication/otp/initialize', {})).toMatchObject({
      status: 403,
      body: RESTRICTED,
    });
    expect(await limited.post('/authentication/otp', { otp: '123456' })).toMatchObject({
      status: 403,
      body: RESTRICTED,
    });
    expect(await finalTokens()).toBe(0);
  });

  it('S40 earns nothing where all tokens of its person end at that moment', async () => {
    const foreign = server.client.with(await vaultToken());
    const session = await server.sallyport.database.connect();
    await session.query('BEGIN');
    await session.query(
      `UPDATE principals SET token_epoch = token_epoch + 1
       WHERE id = (SELECT a.principal_id FROM local_users u JOIN accounts a ON a.id = u.account_id WHERE u.name = $1)`,
      [name],
    );
    const traded = foreign.get('/authorization');
    await vi.waitFor(async () => expect(await waiting(server.sallyport, 'Lock')).toBe(1), 5_000);
    await session.query('COMMIT');
    session.release();
    expect((await traded).body).toEqual(NO_TOKEN);
    expect(await finalTokens()).toBe(0);
  });

  it('S53 without the factor owed gets 412 and 403, and may prove it here', async () => {
    const foreign = server.client.with(await vaultToken());
    await server.demandFactor(OTP_PROVIDER);
    expect((await foreign.get('/authorization')).body).toEqual(factorOwed(name));
    expect((await foreign.get('/local-users')).body).toEqual(FORBIDDEN);
    const { proven } = await server.enroll(foreign);
    expect(proven.token).not.toBe(foreign.token);
    const { status, body } = await proven.get('/authorization');
    expect(status).toBe(200);
    expect((await server.client.with(body.token).get('/local-users')).status).toBe(200);
    expect((await foreign.get('/authorization')).status).toBe(412);
  });

  it('of nobody here is no token', async () => {
    const root = server.client.with(server.sallyport.rootToken);
    expect((await root.get('/authorization')).body).toEqual(NO_TOKEN);
    expect((await root.get('/local-users')).body).toEqual(NO_TOKEN);
  });
});
