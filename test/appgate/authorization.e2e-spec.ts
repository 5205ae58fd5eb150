import { beforeEach, describe, expect, it } from 'vitest';
import { DEVICE } from './admin-client.js';
import { factorOwed, NO_RIGHTS, NOT_JSON, WRONG_PASSWORD } from './error-bodies.js';
import { OTP_PROVIDER, PASSWORD, withServer } from './scene.js';

const EVERYTHING = { type: 'All', target: 'All', scope: { all: true, ids: [], tags: [] } };

const server = withServer();
beforeEach(() => server.demandFactor(null));

describe('GET /authorization', () => {
  it('answers user, privileges and final token, key by key', async () => {
    const { status, body } = await (await server.partial()).get('/authorization');
    expect(status).toBe(200);
    expect(JSON.stringify(body)).toBe(
      JSON.stringify({
        user: {
          name: 'admin',
          needTwoFactorAuth: false,
          canAccessAuditLogs: false,
          privileges: [EVERYTHING],
        },
        token: body.token,
        expires: body.expires,
        crlEnabled: false,
      }),
    );
    expect(body.token).toMatch(/^[A-Za-z0-9+/]{64}$/);
  });

  it('names the same end of the session as the first call', async () => {
    const first = await server.authenticate();
    server.advance(100);
    const final = await server.client.with(first.body.token).get('/authorization');
    expect(final.body.expires).toBe(first.body.expires);
  });

  it('refuses a user without any privilege', async () => {
    await server.plantUser('nobody');
    const { status, body } = await (await server.partial('nobody')).get('/authorization');
    expect([status, body]).toEqual([403, NO_RIGHTS]);
  });

  it('S47 reads the privileges of now', async () => {
    const reader = await server.userWith('reader', [
      { type: 'View', target: 'LocalUser', scope: { all: true } },
    ]);
    expect((await reader.get('/authorization')).body.user.privileges).toHaveLength(1);
    await server.rows(
      `UPDATE administrative_roles SET privileges = '[{"type":"View","target":"Ztp"}]' WHERE name = 'role of reader'`,
    );
    expect((await reader.get('/authorization')).body.user.privileges).toEqual([
      { type: 'View', target: 'Ztp', scope: { all: false, ids: [], tags: [] } },
    ]);
    expect((await reader.get('/local-users')).status).toBe(403);
    await server.rows(`UPDATE policies SET disabled = true WHERE name = 'policy of reader'`);
    expect((await reader.get('/authorization')).body).toEqual(NO_RIGHTS);
  });

  it.each([
    [23, ['Portal', 'Metrics Aggregator', 'Connection Broker']],
    [22, ['Portal', 'Metrics Aggregator']],
    [21, ['Portal', 'MetricsAggregator']],
  ])('names the functions that version %i knows', async (version, functions) => {
    const name = `assigner${version}`;
    const all = ['Portal', 'Metrics Aggregator', 'Connection Broker'];
    await server.plantUser(name);
    await server.plantRole(
      name,
      [{ type: 'AssignFunction', target: 'All', functions: all }],
      `return claims.user.username === '${name}';`,
    );
    const client = (await server.final(name)).speaking(`application/vnd.appgate.peer-v${version}+json`);
    expect((await client.get('/authorization')).body.user.privileges).toEqual([
      { type: 'AssignFunction', target: 'All', functions },
    ]);
  });
});

describe('POST /login', () => {
  it('answers a final token in one step', async () => {
    const { status, body } = await server.client.post('/login', server.credentials());
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['user', 'token', 'expires', 'crlEnabled']);
    expect(body.user.privileges).toEqual([EVERYTHING]);
    expect((await server.client.with(body.token).get('/local-users')).status).toBe(200);
  });

  it('answers 412 and no token to a right password of whoever owes a factor', async () => {
    await server.demandFactor(OTP_PROVIDER);
    const { status, body } = await server.client.post('/login', server.credentials());
    expect([status, body]).toEqual([412, factorOwed('admin')]);
    const [count] = await server.rows('SELECT count(*)::int AS n FROM tokens WHERE path = $1', [
      '/admin/login',
    ]);
    expect(count).toEqual({ n: 0 });
  });

  it('S53 lets an exempt user in, whatever the case of the exemption', async () => {
    await server.demandFactor(OTP_PROVIDER, ['CN=ADMIN,OU=Local']);
    expect((await server.client.post('/login', server.credentials())).status).toBe(200);
  });

  it('says the password is wrong before it says a factor is owed', async () => {
    await server.demandFactor(OTP_PROVIDER);
    const { status, body } = await server.client.post('/login', server.credentials('admin', 'wrong'));
    expect([status, body]).toEqual([401, WRONG_PASSWORD]);
  });

  it('says a factor is owed before it says there are no privileges', async () => {
    await server.plantUser('pending nobody');
    const refused = await server.client.post('/login', server.credentials('pending nobody'));
    expect([refused.status, refused.body]).toEqual([403, NO_RIGHTS]);
    await server.demandFactor(OTP_PROVIDER);
    const owed = await server.client.post('/login', server.credentials('pending nobody', PASSWORD));
    expect([owed.status, owed.body]).toEqual([412, factorOwed('pending nobody')]);
  });

  it('refuses a malformed body with 400', async () => {
    const { status, body } = await server.client.post('/login', '{"providerName":"local"');
    expect([status, body]).toEqual([400, NOT_JSON]);
  });

  it('lets one user and device hold many sessions, signed in twenty at a time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        server.client.post('/login', { ...server.credentials(), deviceId: DEVICE }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    for (const { body } of answers)
      expect((await server.client.with(body.token).get('/authorization')).status).toBe(200);
  });
});
