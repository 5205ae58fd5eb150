import { beforeAll, describe, expect, it } from 'vitest';
import type { AdminClient, Answer } from './admin-client.js';
import { factorOwed, FORBIDDEN, NO_TOKEN, NOT_PENDING, WRONG_OTP } from './error-bodies.js';
import { OTP_PROVIDER, withServer } from './scene.js';

const server = withServer();

/** Calls that ask for a final token, one for each route group. */
const CLOSED: [string, string, object?][] = [
  ['GET', '/local-users'],
  ['POST', '/local-users', {}],
  ['GET', '/local-users/4c07bc67-57ea-42dd-b702-c2d6c45419fc'],
  ['PUT', '/local-users/4c07bc67-57ea-42dd-b702-c2d6c45419fc', {}],
  ['DELETE', '/local-users/4c07bc67-57ea-42dd-b702-c2d6c45419fc'],
  ['GET', '/admin-mfa-settings'],
  ['PUT', '/admin-mfa-settings', {}],
  ['DELETE', '/admin-mfa-settings'],
  ['GET', '/otp/seeds'],
  ['DELETE', '/otp/seeds/CN=nobody,OU=local'],
];

const outcome = ({ status, body }: Answer) => [status, body];
const closed = async (client: AdminClient) => {
  const answers = [];
  for (const [method, path, body] of CLOSED) answers.push(outcome(await client.send({ method, path, body })));
  return answers;
};
const allOf = (status: number, body: object) => CLOSED.map(() => [status, body]);

describe('without a valid token', () => {
  it.each(['nothing', 'an unknown token', 'a token of the wrong kind'])(
    '%s opens public calls alone',
    async (kind) => {
      const token = {
        nothing: null,
        'an unknown token': 'A'.repeat(64),
        'a token of the wrong kind': '4c07bc67-57ea',
      }[kind];
      const client = server.client.with(token ?? null);
      expect((await client.get('/identity-providers/names')).status).toBe(200);
      expect((await client.get('/version')).status).toBe(200);
      expect((await client.post('/authentication', server.credentials())).status).toBe(200);
      for (const path of [
        '/authentication/otp/initialize',
        '/authentication/otp',
        '/authentication/logout',
      ]) {
        expect(outcome(await client.post(path, {}))).toEqual([401, NO_TOKEN]);
      }
      expect(outcome(await client.get('/authorization'))).toEqual([401, NO_TOKEN]);
      expect(await closed(client)).toEqual(allOf(401, NO_TOKEN));
    },
  );

  it('S33 takes no hash, accessor or row id for a token', async () => {
    const admin = await server.administrator();
    const [row] = await server.rows<{ id: string; accessor: string; hash: string; base64: string }>(
      `SELECT id, accessor, encode(token_hash, 'hex') AS hash, encode(token_hash, 'base64') AS base64 FROM tokens
       ORDER BY issued_at DESC LIMIT 1`,
    );
    for (const token of [row!.id, row!.accessor, row!.hash, row!.base64, admin.token!.toLowerCase()]) {
      expect(outcome(await server.client.with(token).get('/authorization'))).toEqual([401, NO_TOKEN]);
    }
  });
});

describe('a pending token', () => {
  let pending: AdminClient;
  beforeAll(async () => {
    await server.demandFactor(OTP_PROVIDER);
    pending = await server.partial();
  });

  it('S35 opens the factor steps, authorization and logout, and nothing else', async () => {
    expect(await closed(pending)).toEqual(allOf(403, FORBIDDEN));
    expect(outcome(await pending.get('/authorization'))).toEqual([412, factorOwed('admin')]);
    expect((await pending.post('/authentication/otp/initialize', {})).status).toBe(200);
    expect(outcome(await pending.post('/authentication/otp', { otp: 'x' }))).toEqual([401, WRONG_OTP]);
    expect((await pending.get('/nothing')).status).toBe(404);
    expect((await pending.delete('/local-users')).status).toBe(405);
  });

  it('is not harmed by 412', async () => {
    for (let repeat = 0; repeat < 3; repeat++) expect((await pending.get('/authorization')).status).toBe(412);
    expect((await pending.post('/authentication/otp/initialize', {})).status).toBe(200);
  });

  it('ends with logout', async () => {
    const client = await server.partial();
    const { status, text } = await client.send({
      method: 'POST',
      path: '/authentication/logout',
      body: '{not json',
    });
    expect([status, text]).toEqual([204, '']);
    expect((await client.get('/authorization')).status).toBe(401);
  });

  it('S36 is good for ten minutes', async () => {
    const client = await server.partial();
    server.advance(599);
    expect((await client.get('/authorization')).status).toBe(412);
    server.advance(2);
    expect((await client.get('/authorization')).status).toBe(401);
  });
});

describe('an AdminClaims token that owes nothing', () => {
  beforeAll(() => server.demandFactor(null));

  it('S35 opens authorization and logout, and nothing else', async () => {
    const proven = await server.partial();
    expect(await closed(proven)).toEqual(allOf(403, FORBIDDEN));
    expect(outcome(await proven.post('/authentication/otp/initialize', {}))).toEqual([401, NOT_PENDING]);
    expect(outcome(await proven.post('/authentication/otp', { otp: '123456' }))).toEqual([401, NOT_PENDING]);
    expect((await proven.get('/authorization')).status).toBe(200);
    expect((await (await server.partial()).post('/authentication/logout')).status).toBe(204);
  });

  it('S36 is answered for 60 s with a new final token that ends the earlier one', async () => {
    const proven = await server.partial();
    const first = (await proven.get('/authorization')).body.token;
    server.advance(59);
    const second = (await proven.get('/authorization')).body.token;
    expect(second).not.toBe(first);
    expect((await server.client.with(first).get('/authorization')).status).toBe(401);
    expect((await server.client.with(second).get('/authorization')).status).toBe(200);
    server.advance(2);
    expect((await proven.get('/authorization')).status).toBe(401);
    expect((await server.client.with(second).get('/authorization')).status).toBe(200);
  });

  it('S36 gives one live final token, however many ask at once', async () => {
    const proven = await server.partial();
    const answers = await Promise.all(Array.from({ length: 20 }, () => proven.get('/authorization')));
    const tokens = answers.filter(({ status }) => status === 200).map(({ body }) => body.token);
    const live = [];
    for (const token of new Set(tokens)) {
      if ((await server.client.with(token).get('/authorization')).status === 200) live.push(token);
    }
    expect(live).toHaveLength(1);
  });
});

describe('a final token', () => {
  beforeAll(() => server.demandFactor(null));

  it('opens everything its privileges say, and answers itself at authorization', async () => {
    const final = await server.administrator();
    expect((await closed(final)).map(([status]) => status)).toEqual([
      200, 422, 404, 404, 404, 200, 204, 204, 200, 404,
    ]);
    expect(outcome(await final.post('/authentication/otp/initialize', {}))).toEqual([401, NOT_PENDING]);
    const { status, body } = await final.get('/authorization');
    expect([status, body.token]).toEqual([200, final.token]);
  });

  it('S44 opens nothing without privileges', async () => {
    const reader = await server.userWith('reader', [{ type: 'View', target: 'AuditLog' }]);
    expect(await closed(reader)).toEqual(allOf(403, FORBIDDEN));
  });

  it('S53 is pending from the next request on when a factor becomes due, and can complete it', async () => {
    const final = await server.administrator();
    await server.demandFactor(OTP_PROVIDER);
    expect(await closed(final)).toEqual(allOf(403, FORBIDDEN));
    expect(outcome(await final.get('/authorization'))).toEqual([412, factorOwed('admin')]);
    const { proven } = await server.enroll(final);
    expect((await final.get('/authorization')).status).toBe(401);
    const { status, body } = await proven.get('/authorization');
    expect(status).toBe(200);
    expect((await server.client.with(body.token).get('/local-users')).status).toBe(200);
    await server.demandFactor(null);
  });

  it('S34 dies after an hour without use, and after twelve hours in any case', async () => {
    const idle = await server.administrator();
    server.advance(59 * 60);
    expect((await idle.get('/authorization')).status).toBe(200);
    server.advance(60 * 60 + 1);
    expect((await idle.get('/authorization')).status).toBe(401);
    const busy = await server.administrator();
    for (let minutes = 0; minutes < 700; minutes += 50) {
      expect((await busy.get('/authorization')).status).toBe(200);
      server.advance(50 * 60);
    }
    server.advance(20 * 60);
    expect((await busy.get('/authorization')).status).toBe(401);
  });

  it('S39 ends with logout, and so do all tokens of its session', async () => {
    const proven = await server.partial();
    const final = proven.with((await proven.get('/authorization')).body.token);
    expect((await final.post('/authentication/logout')).status).toBe(204);
    expect((await final.get('/authorization')).status).toBe(401);
    expect((await proven.get('/authorization')).status).toBe(401);
  });

  it.each<[string, (id: string, admin: AdminClient) => Promise<Answer>]>([
    [
      'is disabled',
      async (id, admin) =>
        admin.put(`/local-users/${id}`, { ...(await admin.get(`/local-users/${id}`)).body, disabled: true }),
    ],
    [
      'is renamed',
      async (id, admin) =>
        admin.put(`/local-users/${id}`, {
          ...(await admin.get(`/local-users/${id}`)).body,
          name: `${id} anew`,
        }),
    ],
    [
      'gets a new password',
      async (id, admin) =>
        admin.put(`/local-users/${id}`, {
          ...(await admin.get(`/local-users/${id}`)).body,
          password: 'another long passphrase',
        }),
    ],
    ['is deleted', (id, admin) => admin.delete(`/local-users/${id}`)],
  ])('S39 dies when its user %s, and partial tokens with it', async (event, act) => {
    const name = `user who ${event}`;
    const id = await server.plantUser(name, [{ type: 'All', target: 'All' }]);
    const [final, partial] = [await server.final(name), await server.partial(name)];
    expect((await final.get('/local-users')).status).toBe(200);
    expect([200, 204]).toContain((await act(id, await server.administrator())).status);
    expect(outcome(await final.get('/local-users'))).toEqual([401, NO_TOKEN]);
    expect((await partial.get('/authorization')).status).toBe(401);
  });
});
