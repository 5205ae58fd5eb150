import { beforeAll, describe, expect, it } from 'vitest';
import { V23, type AdminClient } from './admin-client.js';
import {
  FORBIDDEN,
  NO_TOKEN,
  NOT_ALLOWED,
  NOT_FOUND,
  NOT_JSON,
  notAcceptable,
  notValid,
  TOO_LARGE,
} from './error-bodies.js';
import { withServer } from './scene.js';

const server = withServer();
let anonymous: AdminClient;
let admin: AdminClient;
beforeAll(async () => {
  anonymous = server.client;
  admin = await server.administrator();
});

describe('version negotiation', () => {
  const V5 = 'application/vnd.appgate.peer-v5+json';
  const PATHS = [
    '/authentication',
    '/login',
    '/authorization',
    '/local-users',
    '/no-such-path',
    '/identity-providers/names',
  ];

  it.each(PATHS)('answers 406 with the versions on %s, before token, path and body', async (path) => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
      const body = method === 'GET' || method === 'DELETE' ? undefined : '{not json';
      const { status, text, headers } = await anonymous.speaking(V5).send({ method, path, body });
      expect([status, text, headers['content-type'], headers['cache-control']]).toEqual([
        406,
        JSON.stringify(notAcceptable(V5)),
        'application/json',
        'no-store',
      ]);
    }
  });

  it('S11 probes count nowhere, with right or with wrong credentials', async () => {
    const before = await server.rows('SELECT count(*)::int AS n FROM audit_events');
    for (const password of [server.adminPassword, 'wrong']) {
      for (let probe = 0; probe < 10; probe++) {
        const body = {
          providerName: 'local',
          username: 'admin',
          password,
          deviceId: '4c07bc67-57ea-42dd-b702-c2d6c45419fc',
        };
        expect((await anonymous.speaking(V5).post('/login', body)).status).toBe(406);
      }
    }
    expect(await server.rows('SELECT count(*)::int AS n FROM audit_events')).toEqual(before);
    expect(await server.rows('SELECT * FROM password_throttles WHERE failures > 0 OR booked > 0')).toEqual(
      [],
    );
  });

  it('says none where no header was sent, and cuts a long one to 200 characters', async () => {
    expect((await anonymous.speaking(null).get('/identity-providers/names')).body).toEqual(
      notAcceptable('none'),
    );
    const long = await anonymous.speaking('x'.repeat(500)).get('/identity-providers/names');
    expect(long.body).toEqual(notAcceptable('x'.repeat(200)));
  });

  it.each([17, 18, 20, 22, 23])('speaks version %i', async (version) => {
    const accept = `application/vnd.appgate.peer-v${version}+json`;
    expect((await anonymous.speaking(accept).get('/identity-providers/names')).status).toBe(200);
  });

  it('takes one acceptable element of a list, with parameters', async () => {
    const accept = 'application/json, application/vnd.appgate.peer-v19+json; q=0.9';
    expect((await anonymous.speaking(accept).get('/identity-providers/names')).status).toBe(200);
  });

  it.each([null, '*/*', V5])('answers /version to Accept %s', async (accept) => {
    const { status, text, headers } = await anonymous.speaking(accept).get('/version');
    expect([status, text]).toEqual([200, '{"peerVersion":23,"lowestPeerVersionSupported":17}']);
    expect(headers['content-type']).toBe('application/json');
  });

  it('excepts only GET of /version', async () => {
    expect((await anonymous.speaking(null).post('/version', {})).status).toBe(406);
    expect((await anonymous.speaking(null).get('/versions')).status).toBe(406);
  });
});

describe('the order of checks', () => {
  it('asks for a token before it says whether a path is served', async () => {
    for (const path of ['/local-users', '/no-such-path', '/sites', '/local-users/no-uuid']) {
      const answer = await anonymous.get(path);
      expect([answer.status, answer.body, answer.headers['www-authenticate']]).toEqual([
        401,
        NO_TOKEN,
        'Bearer',
      ]);
    }
    expect((await anonymous.delete('/identity-providers/names')).status).toBe(401);
  });

  it('answers 404 on an unserved path and 405 with Allow on another method', async () => {
    const unserved = await admin.get('/appliances');
    expect([unserved.status, unserved.body]).toEqual([404, NOT_FOUND]);
    const other = await admin.delete('/local-users');
    expect([other.status, other.body, other.headers.allow]).toEqual([405, NOT_ALLOWED, 'GET, POST']);
    expect((await admin.post('/admin-mfa-settings', {})).headers.allow).toBe('DELETE, GET, PUT');
  });

  it.each(['/user-scripts/test', '/user-scripts/test/', '/policies/bulk-upsert', '/ip-pools', '/ip-pools/x'])(
    'answers 404 to POST %s, whatever the path is for other methods',
    async (path) => {
      const { status, body } = await admin.post(path, {});
      expect([status, body]).toEqual([404, NOT_FOUND]);
      expect((await anonymous.post(path, {})).status).toBe(401);
    },
  );

  it.each([
    ['GET', '/identity-providers/test', 'POST'],
    ['PUT', '/identity-providers/names', 'GET'],
    ['DELETE', '/identity-providers/names', 'GET'],
    ['GET', '/mfa-providers/test', 'POST'],
    ['PUT', '/administrative-roles/type-target-map', 'GET'],
    ['DELETE', '/administrative-roles/type-target-map', 'GET'],
    ['DELETE', '/on-boarded-devices/revoke-tokens', 'POST'],
    ['PUT', '/admin-messages/summarize', 'GET'],
    ['PUT', '/admin-messages/summarize/', 'GET'],
  ])('takes a literal segment for no id: %s %s is another method', async (method, path, allow) => {
    const { status, body, headers } = await admin.send({ method, path, body: { name: 'x' } });
    expect([status, body, headers.allow]).toEqual([405, NOT_ALLOWED, allow]);
    expect((await anonymous.send({ method, path })).status).toBe(401);
  });

  it('asks for the privilege before it reads the body', async () => {
    const reader = await server.userWith('reader', [
      { type: 'View', target: 'LocalUser', scope: { all: true } },
    ]);
    for (const body of ['{not json', 'x'.repeat(5_000_000)]) {
      const { status, body: answer } = await reader.send({ method: 'POST', path: '/local-users', body });
      expect([status, answer]).toEqual([403, FORBIDDEN]);
    }
  });

  it('looks the object up before it validates', async () => {
    const missing = await admin.put('/local-users/11111111-1111-4111-8111-111111111111', { name: 7 });
    expect([missing.status, missing.body]).toEqual([404, NOT_FOUND]);
    const malformed = await admin.put('/local-users/11111111-1111-4111-8111-111111111111', '{not json');
    expect([malformed.status, malformed.body]).toEqual([400, NOT_JSON]);
  });

  it('answers 404 to an id that is no UUID', async () => {
    expect((await admin.get('/local-users/5')).body).toEqual(NOT_FOUND);
  });

  it('refuses a body before the credentials in it', async () => {
    const answers = await Promise.all([
      anonymous.post('/authentication', '{not json'),
      anonymous.post('/authentication', 'x'.repeat(300 * 1024)),
      anonymous.post('/authentication', '[]'),
      anonymous.post('/login'),
    ]);
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [400, NOT_JSON],
      [413, TOO_LARGE],
      [422, notValid('body', 'must be an object')],
      [
        422,
        notValid(
          ...['providerName', 'deviceId', 'username', 'password'].flatMap((field) => [
            field,
            'may not be null',
          ]),
        ),
      ],
    ]);
  });
});

describe('bodies and headers', () => {
  it('reads JSON whatever the content type says', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'nonsense', undefined]) {
      const body = JSON.stringify({ providerName: 'local' });
      const answer = await anonymous.send({
        method: 'POST',
        path: '/login',
        body,
        headers: { 'content-type': type },
      });
      expect(answer.status).toBe(422);
    }
  });

  it('S81 refuses __proto__ and depth over 32 as malformed', async () => {
    const deep = '{"a":'.repeat(33) + '1' + '}'.repeat(33);
    for (const body of [
      '{"__proto__":{"isAdmin":true}}',
      '{"a":[{"__proto__":1}]}',
      deep,
      '["a"',
      '\ufffe',
    ]) {
      const answer = await anonymous.post('/login', body);
      expect([answer.status, answer.body]).toEqual([400, NOT_JSON]);
    }
  });

  it('S82 takes 256 KiB without a full token and 4 MiB with one', async () => {
    const bodyOf = (bytes: number) => JSON.stringify({ name: 'big', notes: 'x'.repeat(bytes) });
    const proven = await server.partial();
    const statuses = [
      await anonymous.post('/login', bodyOf(250 * 1024)),
      await anonymous.post('/login', bodyOf(260 * 1024)),
      await proven.post('/authentication/otp', bodyOf(260 * 1024)),
      await admin.post('/local-users', bodyOf(260 * 1024)),
      await admin.post('/local-users', bodyOf(4200 * 1024)),
    ].map(({ status }) => status);
    expect(statuses).toEqual([422, 413, 401, 422, 413]);
  });

  it('S80 refuses a body that is not UTF-8', async () => {
    const answer = await anonymous.post('/login', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]));
    expect([answer.status, answer.body]).toEqual([400, NOT_JSON]);
  });

  it('takes the scheme in any case and a doubled prefix', async () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER', 'Bearer Bearer', 'bearer Bearer']) {
      const answer = await anonymous.send({
        path: '/authorization',
        headers: { authorization: `${scheme} ${admin.token}` },
      });
      expect(answer.status).toBe(200);
    }
  });

  it('S85 takes no token from the URL or the body', async () => {
    for (const name of ['token', 'access_token', 'bearer']) {
      const answer = await anonymous.get(`/authorization?${name}=${encodeURIComponent(admin.token!)}`);
      expect([answer.status, answer.body]).toEqual([401, NO_TOKEN]);
    }
    expect((await anonymous.post('/authentication/logout', { access_token: admin.token })).status).toBe(401);
  });

  it('S85 sends no-store, nosniff, the exact content type and no banner', async () => {
    for (const answer of [
      await admin.get('/local-users'),
      await admin.get('/nothing'),
      await anonymous.post('/login', {}),
    ]) {
      expect(answer.headers).toMatchObject({
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
      expect(answer.headers).not.toHaveProperty('x-powered-by');
      expect(answer.headers).not.toHaveProperty('server');
      expect(answer.headers).not.toHaveProperty('set-cookie');
    }
  });

  it('sends no body with 204', async () => {
    const answer = await admin.put('/admin-mfa-settings', {});
    expect([
      answer.status,
      answer.text,
      answer.headers['content-type'],
      answer.headers['cache-control'],
    ]).toEqual([204, '', undefined, 'no-store']);
  });

  it('S88 answers an unreadable URL in its own shape', async () => {
    const answer = await admin.speaking(V23).get('/local-users/%zz');
    expect([400, 404]).toContain(answer.status);
    expect(Object.keys(answer.body)).toEqual(['id', 'message']);
  });
});
