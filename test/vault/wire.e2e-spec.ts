import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendRaw } from '../support/raw-socket.js';
import { addUser, enrolledUser, logIn, PASSWORD, startWorld, UUID, type World } from './world.js';

const DENIED = { errors: ['permission denied'] };
const DEAD = { errors: ['2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'] };
const FORBIDDEN = { errors: ['1 error occurred:\n\t* permission denied\n\n'] };
const UNSUPPORTED_PATH = { errors: ['1 error occurred:\n\t* unsupported path\n\n'] };
const UNSUPPORTED_OPERATION = { errors: ['1 error occurred:\n\t* unsupported operation\n\n'] };
const FORM = 'application/x-www-form-urlencoded';

let world: World;
let userToken: string;
beforeAll(async () => {
  world = await startWorld();
  userToken = (await enrolledUser(world, 'wire')).token;
});
afterAll(() => world.stop());

describe('the envelope', () => {
  it('carries all of its keys', async () => {
    const { body, headers } = await world.root.read(
      'identity/mfa/method/b6f3c1d2-7a54-4e0b-9c8e-2f1d6a90e401',
    );
    expect(Object.keys(body)).toEqual([
      'request_id',
      'lease_id',
      'renewable',
      'lease_duration',
      'data',
      'wrap_info',
      'warnings',
      'auth',
      'mount_type',
    ]);
    expect(body).toMatchObject({
      request_id: UUID,
      lease_id: '',
      renewable: false,
      lease_duration: 0,
      wrap_info: null,
      warnings: null,
      auth: null,
      mount_type: 'identity',
    });
    expect(headers['x-request-id']).toBe(body.request_id);
  });

  it('repeats the keys of sys/auth beside data', async () => {
    const { body } = await world.root.read('sys/auth');
    expect(body['userpass/']).toEqual(body.data['userpass/']);
    expect(body['token/']).toEqual(body.data['token/']);
    expect(body.mount_type).toBe('system');
  });

  it('is not around health, seal-status, leader and init', async () => {
    for (const path of ['health', 'seal-status', 'leader', 'init'])
      expect((await world.anonymous.read(`sys/${path}`)).body).not.toHaveProperty('request_id');
  });

  it('answers a write that returns nothing with 204 and no body', async () => {
    const answer = await addUser(world, 'nothing');
    expect([answer.status, answer.text]).toEqual([204, '']);
  });

  it('answers a missing object with 404 and no error', async () => {
    const answer = await world.root.read('auth/userpass/users/nobody');
    expect([answer.status, answer.text]).toEqual([404, '{"errors":[]}']);
  });

  it('warns of unknown body fields where the answer has a body, and only there', async () => {
    const made = await world.root.write('identity/entity', { name: 'warned', zeta: 1, alpha: 2 });
    expect(made.body.warnings).toEqual(['Endpoint ignored these unrecognized parameters: [alpha zeta]']);
    expect((await world.root.write('identity/entity', { name: 'warned', zeta: 1 })).text).toBe('');
  });

  it('warns of body fields that lose to the path', async () => {
    const made = await world.root.write('identity/entity/name/by-path', { name: 'by-body' });
    expect(made.body.data.name).toBe('by-path');
    expect(made.body.warnings).toEqual([
      "Endpoint replaced the value of these parameters with the values captured from the endpoint's path: [name]",
    ]);
  });
});

describe('headers', () => {
  it('S85 are exact on success and on error', async () => {
    const answers = [
      await world.root.read('sys/auth'),
      await world.root.read('sys/nothing'),
      await world.anonymous.write('sys/mfa/validate', '{'),
      await world.anonymous.read('sys/health'),
    ];
    for (const { headers } of answers) {
      expect(headers['content-type']).toBe('application/json');
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
    const empty = await addUser(world, 'headers');
    expect([empty.headers['cache-control'], empty.headers['content-type']]).toEqual(['no-store', undefined]);
  });

  it.each(['', '/', 'root', 'root/'])('echoes the namespace %j', async (namespace) => {
    const { status, headers } = await world.root.send('GET', 'sys/auth', {
      headers: { 'X-Vault-Namespace': namespace },
    });
    expect([status, headers['x-vault-namespace']]).toEqual([200, namespace]);
  });

  it('knows no other namespace', async () => {
    const { status, body, headers } = await world.root.send('GET', 'sys/auth', {
      headers: { 'X-Vault-Namespace': 'team' },
    });
    expect([status, body, headers['x-vault-namespace']]).toEqual([
      404,
      { errors: ['namespace not found'] },
      'team',
    ]);
  });

  it('refuses response wrapping', async () => {
    const wrap = (ttl: string) =>
      world.root.send('GET', 'sys/auth', { headers: { 'X-Vault-Wrap-TTL': ttl } });
    expect((await wrap('60s')).body).toEqual({ errors: ['response wrapping is not supported'] });
    expect((await wrap('soon')).body).toEqual({
      errors: ['error parsing X-Vault-Wrap-TTL header: not a duration'],
    });
    expect((await wrap('60s')).status).toBe(400);
  });

  it('parses X-Vault-MFA on every enveloped path and on no other', async () => {
    const headers = { 'X-Vault-MFA': 'foo:' };
    const text =
      'failed to parse X-Vault-MFA header: invalid data in header "X-Vault-MFA"; missing method value';
    const answer = await world.root.send('GET', 'sys/auth', { headers });
    expect([answer.status, answer.body]).toEqual([400, { errors: [text] }]);
    expect((await world.root.send('GET', 'sys/health', { headers })).status).toBe(200);
  });
});

describe('tokens', () => {
  const self = (headers: Record<string, string | string[]>) =>
    world.anonymous.send('GET', 'auth/token/lookup-self', { headers });

  it('S82 come from X-Vault-Token first, else from the first Bearer line', async () => {
    const { rootToken } = world.server;
    expect(
      (await self({ 'X-Vault-Token': userToken, Authorization: `Bearer ${rootToken}` })).body.data
        .display_name,
    ).toBe('userpass-wire');
    expect((await self({ Authorization: `Bearer ${userToken}` })).status).toBe(200);
    expect((await self({ 'X-Vault-Token': '', Authorization: `Bearer  ${userToken}` })).status).toBe(200);
    expect((await self({ Authorization: ['Basic eA==', `Bearer ${userToken}`] })).status).toBe(200);
  });

  it.each(['Basic eA==', 'bearer TOKEN', 'Bearer'])('do not come from %s', async (line) => {
    const answer = await self({ Authorization: line.replace('TOKEN', userToken) });
    expect([answer.status, answer.body]).toEqual([403, DENIED]);
  });

  it('S85 do not come from the query or the body', async () => {
    const inQuery = `auth/token/lookup-self?token=${userToken}&access_token=${userToken}`;
    expect((await world.anonymous.read(inQuery)).body).toEqual(DENIED);
    const inBody = { access_token: userToken, token: userToken };
    expect((await world.anonymous.write('auth/token/revoke-self', inBody)).body).toEqual(DENIED);
  });

  it('are asked for before anything else is told', async () => {
    const dead = world.anonymous.as('hvs.unknown');
    const user = world.anonymous.as(userToken);
    for (const path of [
      'sys/auth',
      'sys/nothing',
      'auth/nomount/users/x',
      'auth/nomount/login/x',
      'nomount/x',
    ]) {
      const method = path.includes('login') ? 'POST' : 'GET';
      const answers = [
        await world.anonymous.send(method, path),
        await dead.send(method, path),
        await user.send(method, path),
      ];
      expect(answers.map(({ status, body }) => [status, body])).toEqual([
        [403, DENIED],
        [403, DEAD],
        [403, FORBIDDEN],
      ]);
    }
    expect(
      (await user.send('PATCH', 'sys/auth', { headers: { 'Content-Type': 'application/merge-patch+json' } }))
        .body,
    ).toEqual(FORBIDDEN);
  });

  it('are not looked at on open paths', async () => {
    await addUser(world, 'open');
    const answer = await world.anonymous
      .as('hvs.unknown')
      .write('auth/userpass/login/open', { password: PASSWORD });
    expect(answer.status).toBe(200);
  });
});

describe('paths and verbs', () => {
  it('tell a caller with rights what is missing', async () => {
    const told = async (method: string, path: string) => {
      const { status, body } = await world.root.send(method, path);
      return [status, body];
    };
    const route = (path: string) => ({ errors: [`no handler for route "${path}". route entry not found.`] });
    expect(await told('GET', 'secret/x')).toEqual([404, route('secret/x')]);
    expect(await told('GET', 'auth/nomount/users/x')).toEqual([404, route('auth/nomount/users/x')]);
    expect(await told('POST', 'auth/nomount/login/x')).toEqual([404, route('auth/nomount/login/x')]);
    expect(await told('GET', 'auth/userpass/nothing')).toEqual([404, UNSUPPORTED_PATH]);
    expect(await told('POST', 'auth/token/login/x')).toEqual([404, UNSUPPORTED_PATH]);
    expect(await told('GET', 'sys/nothing')).toEqual([404, UNSUPPORTED_PATH]);
    expect(await told('GET', 'auth/token/revoke-self')).toEqual([405, UNSUPPORTED_OPERATION]);
    expect(await told('LIST', 'sys/auth')).toEqual([405, UNSUPPORTED_OPERATION]);
  });

  it('are not wrapped on login paths, nor on bare ones', async () => {
    const login = await world.anonymous.read('auth/userpass/login/wire');
    expect([login.status, login.body]).toEqual([405, { errors: ['unsupported operation'] }]);
    const bare = await world.anonymous.write('sys/leader');
    expect([bare.status, bare.body]).toEqual([405, { errors: [] }]);
  });

  it.each(['TRACE', 'OPTIONS', 'LINK', 'LOCK', 'SEARCH', 'QUERY', 'PROPFIND'])(
    'know no verb %s',
    async (verb) => {
      const answer = await world.root.send(verb, 'identity/mfa/method');
      expect([answer.status, answer.body]).toEqual([405, { errors: [] }]);
    },
  );

  it.each(['FOO', 'SCAN', 'list', 'get'])(
    'know no verb %s, which the parser does not know either',
    async (verb) => {
      const answer = await sendRaw(world.server.url, `${verb} /v1/sys/auth HTTP/1.1\r\nHost: x\r\n\r\n`);
      expect([answer.statuses, answer.text.split('\r\n\r\n')[1]]).toEqual([[405], '{"errors":[]}']);
    },
  );

  it('S82 say of headers beyond 16 KiB that it is the headers', async () => {
    const head = `GET /v1/sys/auth HTTP/1.1\r\nHost: x\r\nX-Filler: ${'x'.repeat(20_000)}\r\n\r\n`;
    const answer = await sendRaw(world.server.url, head);
    expect([answer.statuses, answer.text.split('\r\n\r\n')[1]]).toEqual([
      [413],
      '{"errors":["request headers too large"]}',
    ]);
  });

  it('know HEAD on sys/health only', async () => {
    expect((await world.anonymous.send('HEAD', 'sys/health')).status).toBe(200);
    expect((await world.root.send('HEAD', 'sys/auth')).status).toBe(405);
  });

  it('ask a PATCH for its content type', async () => {
    const answer = await world.root.send('PATCH', 'sys/auth', { body: {} });
    expect([answer.status, answer.body]).toEqual([
      415,
      { errors: ['PATCH requires Content-Type of application/merge-patch+json'] },
    ]);
  });

  it('take PUT as POST, collapse slashes and ignore a trailing one', async () => {
    const body = { password: PASSWORD };
    expect((await world.root.send('PUT', 'auth/userpass/users/put', { body })).status).toBe(204);
    expect((await world.anonymous.send('PUT', 'auth/userpass//login/put/', { body })).status).toBe(200);
  });

  it('S80 decode a path once', async () => {
    expect((await addUser(world, 'j%C3%BCrgen')).status).toBe(204);
    expect((await world.root.list('auth/userpass/users')).body.data.keys).toContain('jürgen');
    expect((await world.root.read('auth/userpass/users/j%25C3%25BCrgen')).status).toBe(404);
    expect((await world.root.read('auth/userpass/users/%zz')).status).toBe(404);
  });
});

describe('lists', () => {
  it.each([
    ['LIST', 'identity/mfa/method'],
    ['LIST', 'identity/mfa/method/'],
    ['GET', 'identity/mfa/method?list=true'],
    ['GET', 'identity/mfa/method/?list=True&after=x&limit=3'],
    ['GET', 'identity/mfa/method?list=1'],
  ])('answer %s %s', async (method, path) => {
    expect((await world.root.send(method, path)).body.data.keys).toEqual([
      'b6f3c1d2-7a54-4e0b-9c8e-2f1d6a90e401',
    ]);
  });

  it.each(['x', 'yes', 'tRUE', 'true&list=true'])('refuse ?list=%s', async (value) => {
    const answer = await world.root.send('GET', `identity/mfa/method?list=${value}`);
    expect([answer.status, answer.text]).toEqual([400, '{"errors":[]}']);
  });

  it('answer 404 when empty', async () => {
    const answer = await world.root.list('identity/mfa/login-enforcement');
    expect([answer.status, answer.text]).toEqual([404, '{"errors":[]}']);
  });

  it.each(['plain', 'TLS'])('keep one %s socket going, whatever bodies say', async (kind) => {
    const token = `X-Vault-Token: ${world.server.rootToken}\r\nHost: x\r\n`;
    const body = '{"metadata":{"a":"LIST /v1/x HTTP/1.1\\r\\n"}}';
    const at = `/v1/identity/entity/name/${kind}`;
    const requests = [
      `LIST /v1/identity/mfa/method HTTP/1.1\r\n${token}\r\n`,
      `PUT ${at}-fixed HTTP/1.1\r\n${token}Content-Length: ${body.length}\r\n\r\n${body}`,
      `PUT ${at}-chunked HTTP/1.1\r\n${token}Transfer-Encoding: chunked\r\n\r\n` +
        `5\r\n${body.slice(0, 5)}\r\n${(body.length - 5).toString(16)}\r\n${body.slice(5)}\r\n0\r\n\r\n`,
      `LIST /v1/identity/entity/name HTTP/1.1\r\n${token}Connection: close\r\n\r\n`,
    ].join('');
    const text = await new Promise<string>((resolve, reject) => {
      let answers = '';
      const port = Number(new URL(kind === 'TLS' ? world.server.tlsUrl : world.server.url).port);
      const socket =
        kind === 'TLS'
          ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => socket.write(requests))
          : connect(port, '127.0.0.1', () => socket.write(requests));
      socket.setEncoding('utf8').on('data', (chunk: string) => (answers += chunk));
      socket.on('end', () => resolve(answers)).on('error', reject);
    });
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(Array(4).fill('HTTP/1.1 200'));
    for (const name of ['fixed', 'chunked'])
      expect((await world.root.read(`identity/entity/name/${kind}-${name}`)).body.data.metadata).toEqual({
        a: 'LIST /v1/x HTTP/1.1\r\n',
      });
  });
});

describe('bodies', () => {
  const login = (body: string, type?: string) =>
    world.anonymous.send('POST', 'auth/userpass/login/wire', {
      body,
      headers: type === undefined ? {} : { 'Content-Type': type },
    });
  const right = JSON.stringify({ password: PASSWORD });

  it.each([undefined, FORM, 'text/plain', 'application/json; charset=utf-8'])(
    'are JSON under %s',
    async (type) => {
      expect((await login(right, type)).status).toBe(200);
    },
  );

  it('are a form where the type and the first byte say so', async () => {
    expect((await login(`password=${encodeURIComponent(PASSWORD)}`, FORM)).status).toBe(200);
    expect((await login(`password=${PASSWORD}`)).body).toEqual({ errors: ['error parsing JSON'] });
  });

  it.each(['{', '[]', '"x"', 'null', '\xff'])('S88 are refused when malformed: %j', async (body) => {
    const answer = await world.anonymous.send('POST', 'auth/userpass/login/wire', {
      body: Buffer.from(body, 'latin1').toString('latin1'),
    });
    expect([answer.status, answer.body]).toEqual([400, { errors: ['error parsing JSON'] }]);
  });

  it.each([
    ['broken off', '{'],
    ['too large', JSON.stringify({ filler: 'y'.repeat(300 * 1024) })],
  ])('S88 are not looked at under a mount there is not, be they %s', async (_, body) => {
    const unknown = await world.anonymous.send('POST', 'auth/nowhere/login/wire', { body });
    expect([unknown.status, unknown.body]).toEqual([403, { errors: ['permission denied'] }]);
    const known = await world.root.send('POST', 'auth/nowhere/users/wire', { body });
    const text = 'no handler for route "auth/nowhere/users/wire". route entry not found.';
    expect([known.status, known.body]).toEqual([404, { errors: [text] }]);
  });

  it('may be empty', async () => {
    expect((await login('')).body).toEqual({ errors: ['missing password'] });
  });

  it('S82 have 256 KiB without a token, 4 MiB with one', async () => {
    const filled = (length: number) => JSON.stringify({ password: 'x', filler: 'y'.repeat(length) });
    const small = await login(filled(256 * 1024));
    expect([small.status, small.body]).toEqual([413, { errors: ['request body too large'] }]);
    expect(
      (await world.root.send('PUT', 'identity/entity/name/large', { body: filled(3_000_000) })).status,
    ).toBe(200);
    expect(
      (await world.root.send('PUT', 'identity/entity/name/large', { body: filled(4_300_000) })).status,
    ).toBe(413);
  });

  it.each([30, '30', '30s', ' 30s'])('coerce the period %j', async (period) => {
    const made = await world.root.write('identity/mfa/method/totp', {
      method_name: `period ${period}`,
      issuer: 'i',
      period,
    });
    if (period === ' 30s') {
      const text = 'Field validation failed: error converting input for field "period": expected a duration';
      expect([made.status, made.body]).toEqual([400, { errors: [text] }]);
      return;
    }
    expect((await world.root.read(`identity/mfa/method/${made.body.data.method_id}`)).body.data.period).toBe(
      30,
    );
  });

  it('S81 refuse a NUL where it would be stored', async () => {
    const answer = await world.root.write('identity/entity', { name: 'a\0b' });
    expect(answer.status).toBe(400);
    expect((await world.root.read('auth/userpass/users/a%00b')).status).toBe(400);
  });
});

describe('refused logins', () => {
  it('S05 tell an unknown user, a wrong password and a disabled user alike', async () => {
    await addUser(world, 'disabled');
    await world.server.database.query(
      "UPDATE local_users SET disabled = true WHERE name_canonical = 'disabled'",
    );
    const answers = [
      await world.anonymous.write('auth/userpass/login/nobody', { password: PASSWORD }),
      await world.anonymous.write('auth/userpass/login/wire', { password: 'wrong-password-1' }),
      await logIn(world, 'disabled'),
    ];
    for (const { status, text, headers } of answers) {
      expect([status, text]).toEqual([400, '{"errors":["invalid username or password"]}']);
      expect(Object.keys(headers).sort()).toEqual(Object.keys(answers[0]!.headers).sort());
    }
  });
});
