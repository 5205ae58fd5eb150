import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AppgateClient } from '../support/appgate-client.js';
import { failOn } from '../support/faults.js';
import { askDoor, bearer } from '../support/gate-client.js';
import { type Answer, expecting, send } from '../support/send.js';
import { PASSWORD, type Player, Stage, together } from '../support/stage.js';

/** The door believes nobody but a proxy at 127.0.0.2. */
const PROXY = '127.0.0.2';

let stage: Stage;
let admin: AppgateClient;
let player: Player;
beforeAll(async () => {
  stage = await Stage.open(2, { settings: { SALLYPORT_TRUSTED_PROXIES: PROXY } });
  admin = await stage.administrator();
  player = await stage.addPlayer('Ann Ö');
  await writePolicy('wiki', 'path "tools/wiki/*" { capabilities = ["read"] }');
});
afterAll(() => stage.close());

function ask(rule: string, headers: Record<string, string | string[]> = {}, replica = 0): Promise<Answer> {
  return askDoor(stage.servers[replica]!.url, rule, headers);
}

async function writePolicy(name: string, policy: string): Promise<void> {
  await expecting(204, stage.root.write(`sys/policies/acl/${name}`, { policy }));
}

async function vaultToken(name: string, fields: object): Promise<string> {
  await stage.addUser(name, fields);
  return (await expecting(200, stage.vault().logIn(name, PASSWORD))).body.auth.client_token;
}

/** An administrator with these privileges. */
async function holderOf(name: string, privileges: object[]): Promise<AppgateClient> {
  const role = await expecting(
    200,
    admin.post('/administrative-roles', { name: `role of ${name}`, privileges }),
  );
  const policy = {
    name: `for ${name}`,
    type: 'Admin',
    expression: `return claims.user.username === '${name}';`,
    administrativeRoles: [role.body.id],
  };
  await expecting(200, admin.post('/policies', policy));
  await stage.addUser(name);
  await expecting(200, stage.vault().logIn(name, PASSWORD));
  return stage.appgate().final(name, PASSWORD);
}

/** Headers for a tool that is behind the door. */
function identity({ headers }: Answer): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-sallyport-')));
}

/** As a proxy, or as somebody who says so. */
function from(localAddress: string, rule: string, lines: string[]): Promise<string> {
  const { hostname, port } = new URL(stage.first.url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), localAddress });
    let text = '';
    socket.on('data', (chunk) => (text += String(chunk)));
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
    socket.write(
      [`GET /forward-auth${rule} HTTP/1.1`, 'Host: door', 'Connection: close', ...lines, '', ''].join('\r\n'),
    );
  });
}

const status = (text: string): number => Number(text.split(' ')[1]);

it('lets a full token of either dialect pass and says whose it is, every header always and none of them empty', async () => {
  const token = (await stage.vault().logIn('Ann Ö', PASSWORD)).body.auth;
  const answer = await expecting(200, ask('', bearer(token.client_token)));
  expect([answer.text, answer.headers['set-cookie'], answer.headers['cache-control']]).toEqual([
    '',
    undefined,
    'no-store',
  ]);
  expect(identity(answer)).toEqual({
    'x-sallyport-user': 'Ann%20%C3%96',
    'x-sallyport-provider': 'local',
    'x-sallyport-dn': 'CN=Ann%20%C3%96,OU=local',
    'x-sallyport-entity': player.entityId,
    'x-sallyport-roles': '-',
    'x-sallyport-policies': 'default',
    'x-sallyport-aal': '1',
    'x-sallyport-expires': expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    'x-sallyport-accessor': token.accessor,
  });
  expect((await ask('', { 'x-vault-token': token.client_token }, 1)).status).toBe(200);
  const ofAdmin = identity(await expecting(200, ask('', bearer(admin.token))));
  expect([ofAdmin['x-sallyport-user'], ofAdmin['x-sallyport-policies']]).toEqual(['admin', '-']);
  expect(ofAdmin['x-sallyport-roles']).not.toBe('-');
  const ofRoot = identity(await expecting(200, ask('', bearer(stage.first.rootToken))));
  expect(ofRoot).toMatchObject({
    'x-sallyport-user': '-',
    'x-sallyport-dn': '-',
    'x-sallyport-entity': '-',
    'x-sallyport-policies': 'root',
    'x-sallyport-expires': '-',
  });
});

it('S42 S35 every token that is none answers alike, a partial one too', async () => {
  await stage.addProtected('owing');
  const ended = await vaultToken('ended', {});
  await expecting(204, stage.vault().with(ended).write('auth/token/revoke-self'));
  const gone = await vaultToken('gone', {});
  const [entity] = await stage.rows(`SELECT a.principal_id FROM accounts a WHERE a.name = 'gone'`);
  await expecting(204, stage.root.write(`identity/entity/id/${entity!.principal_id}`, { disabled: true }));
  const dead = {
    unknown: 'hvs.never-given',
    ended,
    'of a disabled person': gone,
    partial: (await stage.partial('owing')).token!,
    'request id': await stage.request('owing'),
    'of /admin in the header of /v1': '',
  };
  const refusals = await Promise.all(
    Object.values(dead).map((token) =>
      token === '' ? ask('', { 'x-vault-token': admin.token! }) : ask('', bearer(token)),
    ),
  );
  for (const { status: code, headers, body } of refusals)
    expect([code, headers['www-authenticate'], body]).toEqual([
      401,
      'Bearer realm="sallyport", error="invalid_token"',
      { error: 'invalid_token' },
    ]);
  const none = await ask('');
  expect([none.status, none.headers['www-authenticate'], none.body]).toEqual([
    401,
    'Bearer realm="sallyport"',
    { error: 'invalid_request' },
  ]);
});

it('S85 takes a token from its two headers alone, and none of two that differ', async () => {
  const token = stage.first.rootToken;
  const sendings: Record<string, string | string[]>[] = [
    { cookie: `token=${token}` },
    { authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}` },
    { authorization: `Bearer ${token}`, 'x-vault-token': admin.token! },
    { 'x-vault-token': [token, admin.token!] },
    { 'x-sallyport-user': 'admin' },
  ];
  for (const sent of sendings) expect([sent, (await ask('', sent)).status]).toEqual([sent, 401]);
  expect((await ask(`?access_token=${token}`)).status).toBe(401);
  expect((await ask('', { authorization: `Bearer ${token}`, 'x-vault-token': token })).status).toBe(200);
});

it('S73 two tokens that differ are an event, even where each of them is good', async () => {
  const written = async () => {
    const [row] = await stage.rows(`SELECT (SELECT count(*) FROM audit_events WHERE action = 'access.denied')
      + (SELECT coalesce(sum(folded), 0) FROM audit_folds) AS denials`);
    return Number(row!.denials);
  };
  const before = await written();
  const both = { authorization: `Bearer ${admin.token}`, 'x-vault-token': stage.first.rootToken };
  const { status: code, headers } = await ask('', both);
  expect([code, headers['www-authenticate']]).toEqual([
    401,
    'Bearer realm="sallyport", error="invalid_token"',
  ]);
  expect(await written()).toBe(before + 1);
});

it('S47 a privilege is asked for in its scope, as of now, and a token of the other dialect does not have it', async () => {
  const scope = { all: false, ids: [], tags: ['blue'] };
  const holder = await holderOf('scoped', [{ type: 'View', target: 'Site', scope }]);
  const rules: [rule: string, status: number][] = [
    ['?privilege=View:Site', 403],
    ['?privilege=View:Site&scope_tag=blue', 200],
    ['?privilege=View:Site&scope_tag=red', 403],
    ['?privilege=View:Site&scope_id=4c07bc67-57ea-42dd-b702-c2d6c45419fc', 403],
    ['?privilege=Edit:Site&scope_tag=blue', 403],
  ];
  for (const [rule, code] of rules) {
    expect([rule, (await ask(rule, bearer(holder.token))).status]).toEqual([rule, code]);
    expect([rule, (await ask(rule, bearer(admin.token))).status]).toEqual([rule, 200]);
    expect([rule, (await ask(rule, bearer(stage.first.rootToken))).status]).toEqual([rule, 403]);
  }
  const passed = await ask('?privilege=View:Site&scope_tag=blue', bearer(holder.token));
  expect(passed.headers['x-sallyport-roles']).toBe('role%20of%20scoped');
  const denied = await ask('?privilege=View:Site', bearer(holder.token));
  expect([denied.body, denied.headers['www-authenticate'], identity(denied)]).toEqual([
    { error: 'insufficient_scope' },
    'Bearer realm="sallyport", error="insufficient_scope"',
    {},
  ]);
  const [policy] = (await admin.get('/policies?query=for%20scoped')).body.data;
  await expecting(204, admin.delete(`/policies/${policy.id}`));
  expect((await ask('?privilege=View:Site&scope_tag=blue', bearer(holder.token), 1)).status).toBe(403);
});

it('S47 a path is judged by the ACL, as of now, for tokens of /v1 alone', async () => {
  const token = await vaultToken('reader', { token_policies: ['wiki'] });
  expect((await ask('?path=tools/wiki/home', bearer(token))).status).toBe(200);
  expect((await ask('?path=tools/wiki/home&capability=update', bearer(token))).status).toBe(403);
  expect((await ask('?path=tools/other', bearer(token))).status).toBe(403);
  expect((await ask('?path=tools/wiki/home', bearer(admin.token))).status).toBe(403);
  const either = '?path=tools/wiki/home&privilege=All:All';
  expect((await ask(either, bearer(token))).status).toBe(200);
  expect((await ask(either, bearer(admin.token))).status).toBe(200);
  await writePolicy('wiki', 'path "tools/wiki/*" { capabilities = ["list"] }');
  expect((await ask('?path=tools/wiki/home', bearer(token), 1)).status).toBe(403);
  await writePolicy('wiki', 'path "tools/wiki/*" { capabilities = ["read"] }');
});

it('S43 a level of assurance is asked for as RFC 9470 says', async () => {
  const weak = (await stage.vault().logIn('Ann Ö', PASSWORD)).body.auth.client_token;
  const refused = await ask('?aal=2', bearer(weak));
  expect([refused.status, refused.headers['www-authenticate'], refused.body]).toEqual([
    401,
    'Bearer realm="sallyport", error="insufficient_user_authentication", acr_values="aal2"',
    { error: 'insufficient_user_authentication' },
  ]);
  const strong = await stage.vaultToken(await stage.addProtected('strong'));
  const passed = await expecting(200, ask('?aal=2', bearer(strong)));
  expect(passed.headers['x-sallyport-aal']).toBe('2');
});

it('S81 a rule that is misspelt lets nobody in', async () => {
  for (const rule of [
    '?privelege=View:Site',
    '?privilege=View:Sight',
    '?privilege=View',
    '?privilege=',
    '?privilege=View:Site&privilege=View:Site',
    '?scope_tag=blue',
    '?path=/tools/wiki',
    '?path=tools/../wiki',
    '?path=tools/wiki&capability=reed',
    '?capability=read',
    '?path=tools/wiki&under=tools/wiki',
    '?aal=3',
    '?__proto__=x',
    '?token=x',
  ]) {
    const { status: code, body } = await ask(rule, bearer(stage.first.rootToken));
    expect([rule, code, body.error]).toEqual([rule, 400, 'invalid_request']);
    expect((await ask(rule)).status).toBe(401);
  }
});

it('S83 the original request is judged where a proxy tells of it, and its path can be read in one way only', async () => {
  const token = await vaultToken('below', { token_policies: ['wiki'] });
  const told = (uri: string, method = 'GET') => [
    `Authorization: Bearer ${token}`,
    `X-Original-URI: ${uri}`,
    `X-Original-Method: ${method}`,
  ];
  const under = '?under=tools/wiki';
  expect(status(await from(PROXY, under, told('/home?x=../..')))).toBe(200);
  expect(status(await from(PROXY, under, told('/home', 'HEAD')))).toBe(200);
  for (const lines of [
    told('/home', 'POST'),
    told('/home', 'BREW'),
    told('/../other'),
    told('/%2e%2e/other'),
    told('/%252e%252e/other'),
    told('/a%2f..%2f..%2fother'),
    told('/..;/other'),
    told('/a\\..\\other'),
    told('//other'),
    told('http://elsewhere/home'),
    told('/%ff'),
    [`Authorization: Bearer ${token}`],
  ])
    expect([lines, status(await from(PROXY, under, lines))]).toEqual([lines, 403]);
  const forwarded = ['X-Forwarded-Uri: /home', 'X-Forwarded-Method: GET'];
  expect(status(await from(PROXY, under, [`Authorization: Bearer ${token}`, ...forwarded]))).toBe(200);
  expect(status(await from(PROXY, under, [...told('/home'), ...forwarded]))).toBe(200);
});

it('S83 nobody but a proxy is believed, and a second header that says something else is a forged one', async () => {
  const token = await vaultToken('forger', { token_policies: ['wiki'] });
  const lines = [`Authorization: Bearer ${token}`, 'X-Original-URI: /home', 'X-Original-Method: GET'];
  expect(status(await from(PROXY, '?under=tools/wiki', lines))).toBe(200);
  expect(status(await from('127.0.0.1', '?under=tools/wiki', lines))).toBe(403);
  for (const forged of ['X-Forwarded-Uri: /other', 'X-Original-URI: /other', 'X-Forwarded-Method: POST'])
    expect([forged, status(await from(PROXY, '?under=tools/wiki', [...lines, forged]))]).toEqual([
      forged,
      403,
    ]);
});

it('S83 a token that is bound to addresses is judged by the one the proxy tells of', async () => {
  const token = await vaultToken('bound', { token_bound_cidrs: ['192.0.2.0/24', '127.0.0.0/8'] });
  const lines = (address: string) => [`Authorization: Bearer ${token}`, `X-Forwarded-For: ${address}`];
  expect(status(await from(PROXY, '', lines('192.0.2.7')))).toBe(200);
  expect(status(await from(PROXY, '', lines('198.51.100.7')))).toBe(401);
  expect(status(await from('127.0.0.1', '', lines('198.51.100.7')))).toBe(200);
});

it('S41 asking at the door is a use, and the last one closes it', async () => {
  const made = await expecting(200, stage.root.write('auth/token/create', { num_uses: 3 }));
  const answers = await together(12, (index) => ask('', bearer(made.body.auth.client_token), index % 2));
  expect(answers.filter(({ status: code }) => code === 200)).toHaveLength(3);
  expect(answers.filter(({ status: code }) => code === 401)).toHaveLength(9);
});

it('S73 S79 a refusal is one event, and a flood of it one more a minute; without a token there is none', async () => {
  const token = await vaultToken('nosy', {});
  await together(20, () => ask('?path=tools/secret', bearer(token)));
  const [before] = await stage.rows('SELECT count(*) AS events FROM audit_events');
  await together(5, () => ask(''));
  expect(await stage.rows('SELECT count(*) AS events FROM audit_events')).toEqual([before]);
  const events = await stage.rows(
    `SELECT actor_name, object_id, detail FROM audit_events WHERE actor_name = 'nosy' AND action = 'access.denied'`,
  );
  expect(events).toEqual([
    {
      actor_name: 'nosy',
      object_id: 'GET /forward-auth',
      detail: { dialect: 'forward-auth', kind: 'forbidden', reason: 'rule-not-met' },
    },
  ]);
});

it('S72 a refusal that cannot be written down is no refusal, and nobody passes either', async () => {
  const token = await vaultToken('unwritten', {});
  const mend = await failOn(stage.first.database, 'audit_events', ['INSERT']);
  const answer = await ask('?path=tools/secret', bearer(token)).finally(mend);
  expect([answer.status, answer.body]).toEqual([503, { error: 'temporarily_unavailable' }]);
});

it('asks the same by any method, with or without a body: some proxies take that of the request they hold', async () => {
  const { url, rootToken } = stage.first;
  const stranger = await vaultToken('stranger', {});
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'LIST']) {
    const call = (headers: Record<string, string>, body?: unknown) =>
      send({ method, url: `${url}/forward-auth?path=x`, headers, body });
    const answers = [
      await call(bearer(rootToken)),
      await call(bearer(stranger)),
      await call({}),
      await call(bearer(rootToken), { otp: 1 }),
    ];
    expect([method, answers.map(({ status }) => status)]).toEqual([method, [200, 403, 401, 200]]);
  }
});

it('other paths are refused in the same shape, the token first', async () => {
  const call = (headers: Record<string, string>) =>
    send({ method: 'GET', url: `${stage.first.url}/forward-auth/below`, headers });
  const refused = await call(bearer(stage.first.rootToken));
  expect([refused.status, refused.body]).toEqual([
    404,
    expect.objectContaining({ error: expect.any(String) }),
  ]);
  expect((await call({})).status).toBe(401);
});
