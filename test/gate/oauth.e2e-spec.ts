import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AppgateClient } from '../support/appgate-client.js';
import { askDoor, bearer, OauthClient } from '../support/gate-client.js';
import { type Answer, expecting, send } from '../support/send.js';
import { PASSWORD, Stage } from '../support/stage.js';

let stage: Stage;
let admin: AppgateClient;
/** Holds `update` on both paths. */
let service: OauthClient;
let serviceToken: string;
/** Holds View on SessionInfo and Revoke on RegisteredDevice, of users of `local`. */
let localOnly: AppgateClient;
/** The same of another provider. */
let elsewhere: AppgateClient;
beforeAll(async () => {
  stage = await Stage.open(2);
  admin = await stage.administrator();
  const policy = 'path "oauth2/+" { capabilities = ["update"] }';
  await expecting(204, stage.root.write('sys/policies/acl/service', { policy }));
  serviceToken = await vaultToken('service', { token_policies: 'service' });
  service = OauthClient.with(stage.first.url, serviceToken);
  const [local] = (await admin.get('/identity-providers?query=local')).body.data;
  localOnly = await holderOf('local desk', { all: false, ids: [local.id], tags: [] });
  elsewhere = await holderOf('other desk', { all: false, ids: [], tags: ['elsewhere'] });
});
afterAll(() => stage.close());

async function vaultToken(name: string, fields: object = {}): Promise<string> {
  await stage.addUser(name, fields);
  return logIn(name);
}

async function logIn(name: string): Promise<string> {
  return (await expecting(200, stage.vault().logIn(name, PASSWORD))).body.auth.client_token;
}

async function holderOf(name: string, scope: object): Promise<AppgateClient> {
  const privileges = [
    { type: 'View', target: 'SessionInfo', scope },
    { type: 'Revoke', target: 'RegisteredDevice', scope },
  ];
  const role = await expecting(200, admin.post('/administrative-roles', { name, privileges }));
  const policy = {
    name,
    type: 'Admin',
    expression: `return claims.user.username === '${name}';`,
    administrativeRoles: [role.body.id],
  };
  await expecting(200, admin.post('/policies', policy));
  await vaultToken(name);
  return stage.appgate().final(name, PASSWORD);
}

function as(client: AppgateClient): OauthClient {
  return OauthClient.with(client.origin, client.token);
}

const isLive = async (token: string): Promise<boolean> =>
  (await send({ method: 'GET', url: `${stage.servers[1]!.url}/forward-auth`, headers: bearer(token) }))
    .status === 200;

const INACTIVE = { active: false };
const NO_CLIENT = { error: 'invalid_client' };
const NO_RIGHT = { error: 'insufficient_scope' };

it('tells a service of a token of either dialect what a check of it would pass (RFC 7662 §2.2)', async () => {
  const player = await stage.addPlayer('Ann Ö');
  await stage.enforce('for-ann', [player.entityId]);
  const token = await stage.vaultToken(player);
  const looked = (await stage.vault().with(token).read('auth/token/lookup-self')).body.data;
  const found = await expecting(
    200,
    service.introspect(token, { token_type_hint: 'refresh_token', odd: '1' }),
  );
  expect([found.headers['content-type'], found.headers['cache-control']]).toEqual([
    'application/json',
    'no-store',
  ]);
  expect(found.body).toEqual({
    active: true,
    scope: 'default',
    username: 'Ann Ö',
    token_type: 'Bearer',
    exp: Math.floor(Date.parse(looked.expire_time) / 1000),
    iat: looked.creation_time,
    sub: player.entityId,
    jti: looked.accessor,
    acr: 'aal2',
    amr: ['pwd', 'otp', 'mfa'],
    auth_time: Math.floor(stage.now.getTime() / 1000),
  });
  const ofAdmin = (await expecting(200, service.introspect(localOnly.token!))).body;
  expect(ofAdmin).toMatchObject({
    active: true,
    scope: 'local%20desk',
    username: 'local desk',
    acr: 'aal1',
    amr: ['pwd'],
  });
  const ofRoot = (await expecting(200, service.introspect(stage.first.rootToken))).body;
  expect(ofRoot).toEqual({
    active: true,
    scope: 'root',
    token_type: 'Bearer',
    iat: expect.any(Number),
    jti: expect.any(String),
    acr: 'aal1',
  });
  const bound = await vaultToken('bound', { token_bound_cidrs: ['127.0.0.0/8'] });
  expect((await service.introspect(bound)).body.bound_cidrs).toEqual(['127.0.0.0/8']);
});

it('S42 S45 a user of a mount is nobody of the identity provider that has the name of the mount', async () => {
  await expecting(204, stage.root.write('sys/auth/local', { type: 'userpass' }));
  await expecting(204, stage.root.write('auth/local/users/admin', { password: PASSWORD }));
  const login = await expecting(200, stage.vault().write('auth/local/login/admin', { password: PASSWORD }));
  const token: string = login.body.auth.client_token;
  expect((await as(localOnly).introspect(token)).body).toEqual(INACTIVE);
  await expecting(200, as(localOnly).revoke(token));
  expect(await isLive(token)).toBe(true);
  const { headers } = await expecting(200, askDoor(stage.first.url, '', bearer(token)));
  const told = ['user', 'provider', 'dn'].map((name) => headers[`x-sallyport-${name}`]);
  expect(told).toEqual(['admin', '-', '-']);
  expect((await as(admin).introspect(token)).body).toMatchObject({ active: true, username: 'admin' });
  await expecting(200, as(admin).revoke(token));
  expect(await isLive(token)).toBe(false);
});

it('S42 every token that would not be let in, or is out of reach, is not active and nothing else, whoever asks', async () => {
  await stage.addProtected('owing');
  const ended = await vaultToken('ended');
  await expecting(204, stage.vault().with(ended).write('auth/token/revoke-self'));
  const gone = await vaultToken('gone');
  const [account] = await stage.rows(`SELECT principal_id FROM accounts WHERE name = 'gone'`);
  await expecting(204, stage.root.write(`identity/entity/id/${account!.principal_id}`, { disabled: true }));
  await stage.addProtected('late');
  await stage.rows(`DELETE FROM login_enforcements WHERE name = 'for-late'`);
  await stage.makeAdministrator('late');
  const late = (await stage.appgate().final('late', PASSWORD)).token!;
  const [lateAccount] = await stage.rows(`SELECT principal_id FROM accounts WHERE name = 'late'`);
  await stage.enforce('late', [lateAccount!.principal_id]);
  const dead = [
    'hvs.never-given',
    ended,
    gone,
    late,
    (await stage.partial('owing')).token!,
    await stage.request('owing'),
    `${serviceToken} `,
  ];
  for (const caller of [service, as(localOnly), as(elsewhere), as(admin)])
    for (const token of dead) {
      const { status, text, headers } = await caller.introspect(token);
      expect([token, status, text, headers['www-authenticate']]).toEqual([
        token,
        200,
        '{"active":false}',
        undefined,
      ]);
    }
  const live = await logIn('service');
  expect((await as(localOnly).introspect(live)).body.active).toBe(true);
  expect((await as(admin).introspect(stage.first.rootToken)).body.active).toBe(true);
  expect((await as(elsewhere).introspect(live)).body).toEqual(INACTIVE);
  expect((await as(localOnly).introspect(stage.first.rootToken)).body).toEqual(INACTIVE);
});

it('S42 a service without the right is told of its own tokens only', async () => {
  const poor = await vaultToken('poor');
  const other = await logIn('poor');
  const stranger = await vaultToken('stranger');
  const client = OauthClient.with(stage.first.url, poor);
  for (const own of [poor, other]) expect((await client.introspect(own)).body.active).toBe(true);
  for (const token of [stranger, 'hvs.never-given', stage.first.rootToken, admin.token!]) {
    const { status, body, headers } = await client.introspect(token);
    expect([status, body, headers['www-authenticate']]).toEqual([
      401,
      NO_RIGHT,
      'Bearer realm="sallyport", error="insufficient_scope"',
    ]);
    expect((await client.revoke(token)).body).toEqual(NO_RIGHT);
  }
  expect(await isLive(stranger)).toBe(true);
  await expecting(200, client.revoke(other));
  expect([await isLive(other), await isLive(poor)]).toEqual([false, true]);
  await expecting(200, client.revoke(poor));
  expect((await client.introspect(poor)).body).toEqual(NO_CLIENT);
});

it('S34 S41 asking about a token is no use of it', async () => {
  const made = await expecting(200, stage.root.write('auth/token/create', { num_uses: 2, ttl: '1h' }));
  const limited = made.body.auth.client_token;
  stage.clock.advance(90);
  const stamps = () =>
    stage.rows('SELECT uses_left, last_used_at FROM tokens WHERE accessor = $1', [made.body.auth.accessor]);
  const before = await stamps();
  for (let times = 0; times < 5; times += 1)
    expect((await service.introspect(limited)).body.active).toBe(true);
  expect(await stamps()).toEqual(before);
  expect([await isLive(limited), await isLive(limited), await isLive(limited)]).toEqual([true, true, false]);
  expect((await service.introspect(limited)).body).toEqual(INACTIVE);
});

it('S39 a token that is revoked ends with what was made from it, in both dialects, and is written down', async () => {
  const parent = await vaultToken('parent', { token_policies: 'root-like' });
  await expecting(
    204,
    stage.root.write('sys/policies/acl/root-like', {
      policy: 'path "auth/token/create" { capabilities = ["update"] }',
    }),
  );
  const child = (await expecting(200, stage.vault().with(parent).write('auth/token/create'))).body.auth
    .client_token;
  const revoked = await expecting(200, service.revoke(parent));
  expect(revoked.text).toBe('');
  expect([await isLive(parent), await isLive(child)]).toEqual([false, false]);
  await stage.makeAdministrator('parent');
  const final = (await stage.appgate().final('parent', PASSWORD)).token!;
  await expecting(200, as(localOnly).revoke(final));
  expect(await isLive(final)).toBe(false);
  const events = await stage.rows(
    `SELECT actor_name FROM audit_events WHERE action = 'token.revoked' ORDER BY at DESC LIMIT 2`,
  );
  expect(events.map(({ actor_name }) => actor_name).toSorted()).toEqual(['local desk', 'service']);
});

it('S42 S49 S73 revoking an unknown token and one out of reach answers the same and ends nothing; the latter is an event', async () => {
  const live = await vaultToken('untouched');
  const denials = () =>
    stage.rows(
      `SELECT object_type, detail FROM audit_events WHERE action = 'access.denied' AND actor_name = 'other desk'`,
    );
  const before = await denials();
  const answers = [await as(elsewhere).revoke('hvs.never-given'), await as(elsewhere).revoke(live)];
  expect(answers.map(({ status, text }) => [status, text])).toEqual([
    [200, ''],
    [200, ''],
  ]);
  expect(await isLive(live)).toBe(true);
  expect((await denials()).slice(before.length)).toEqual([
    { object_type: 'token', detail: { kind: 'forbidden', reason: 'scope' } },
  ]);
  const { token } = await stage.partial('owing');
  await expecting(200, service.revoke(token!));
  await expecting(412, stage.appgate().with(token).authorize());
});

it('a service authenticates as a bearer or as a client whose secret is its token (RFC 6749 §2.3.1), by the header alone', async () => {
  const basic = (id: string, secret: string) => ({
    authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
  });
  const url = stage.first.url;
  for (const headers of [
    basic('wiki', serviceToken),
    basic('', encodeURIComponent(serviceToken)),
    basic('wiki', localOnly.token!),
    basic('wiki', encodeURIComponent(localOnly.token!)),
  ])
    expect((await new OauthClient(url, headers).introspect(serviceToken)).body.active).toBe(true);
  const EITHER = 'Bearer realm="sallyport", Basic realm="sallyport"';
  const refused: [headers: Record<string, string | string[]>, challenge: string][] = [
    [{}, EITHER],
    [bearer('hvs.never-given'), 'Bearer realm="sallyport", error="invalid_token"'],
    [basic('wiki', 'hvs.never-given'), 'Basic realm="sallyport"'],
    [basic('wiki', (await stage.partial('owing')).token!), 'Basic realm="sallyport"'],
    [{ 'x-vault-token': serviceToken }, EITHER],
    [{ authorization: [`Bearer ${serviceToken}`, `Bearer ${serviceToken}`] }, EITHER],
    [{ cookie: `token=${serviceToken}` }, EITHER],
  ];
  for (const [headers, challenge] of refused)
    for (const call of ['introspect', 'revoke']) {
      const body = `token=${serviceToken}&client_id=wiki&client_secret=${serviceToken}`;
      const answer = await new OauthClient(url, headers).form(call, body);
      expect([headers, answer.status, answer.body, answer.headers['www-authenticate']]).toEqual([
        headers,
        401,
        NO_CLIENT,
        challenge,
      ]);
    }
});

it('S81 a form that cannot be read, or holds no token, is an invalid request', async () => {
  const forms: [body: string | Buffer, type?: string][] = [
    [''],
    ['token='],
    ['token_type_hint=access_token'],
    ['token=a&token=b'],
    ['token=a&token_type_hint=x&token_type_hint=x'],
    ['token=%zz'],
    ['token=%ff'],
    [Buffer.from([0x74, 0x6f, 0x6b, 0x65, 0x6e, 0x3d, 0xff])],
    ['{"token":"a"}', 'application/json'],
    ['token=a', 'text/plain'],
    ['token=a', ''],
  ];
  for (const [body, type] of forms)
    for (const call of ['introspect', 'revoke']) {
      const answer = await service.form(call, body, type);
      expect([body, answer.status, answer.body.error]).toEqual([body, 400, 'invalid_request']);
      expect(Object.keys(answer.body)).toEqual(['error', 'error_description']);
    }
});

it('S81 whatever comes as a form is answered in shape', async () => {
  const part = fc.oneof(
    fc.constantFrom('token', 'token_type_hint', '__proto__', '%', '+', '&', '='),
    fc.string(),
  );
  const forms = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.array(part).map((parts) => parts.join('')),
    fc.array(fc.tuple(part, part)).map((pairs) => new URLSearchParams(pairs).toString()),
  );
  await fc.assert(
    fc.asyncProperty(forms, fc.constantFrom('introspect', 'revoke'), async (form, call) => {
      const { status, body, text } = await service.form(call, form);
      if (status === 400) expect(body.error).toBe('invalid_request');
      else expect([status, text]).toEqual([200, call === 'revoke' ? '' : '{"active":false}']);
    }),
    { numRuns: 300 },
  );
});

it('other methods and paths are refused in the same shape, the client first', async () => {
  const call = (method: string, path: string, headers: Record<string, string>): Promise<Answer> =>
    send({ method, url: `${stage.first.url}/oauth2/${path}`, headers });
  const got = await call('GET', `introspect?token=${serviceToken}`, bearer(serviceToken));
  expect([got.status, got.headers.allow, got.body]).toEqual([405, 'POST', { error: 'invalid_request' }]);
  expect((await call('POST', 'token', bearer(serviceToken))).status).toBe(404);
  expect((await call('POST', 'token', {})).body).toEqual(NO_CLIENT);
});

it('S47 the right of a service is judged as of now', async () => {
  const replica = new OauthClient(stage.servers[1]!.url, service.headers);
  await expecting(200, replica.introspect('hvs.never-given'));
  await expecting(204, stage.root.remove('sys/policies/acl/service'));
  expect((await replica.introspect('hvs.never-given')).body).toEqual(NO_RIGHT);
});
