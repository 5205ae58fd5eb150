import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ACCEPT, type AppgateClient } from '../support/appgate-client.js';
import { type Answer, expecting, send } from '../support/send.js';
import { DEFAULT_METHOD, PASSWORD, type Player, Stage, together } from '../support/stage.js';

let stage: Stage;
let admin: AppgateClient;
let player: Player;
beforeAll(async () => {
  stage = await Stage.open(1);
  admin = await stage.administrator();
  player = await stage.addPlayer('fuzzed');
});
afterAll(() => stage.close());

const INTERNAL = { id: 'internal server error', message: 'An unexpected error occurred.' };
const ME = (text: string) => ({ errors: [`1 error occurred:\n\t* ${text}\n\n`] });

it('S88 what is unexpected is a plain 500 in each dialect, whatever layer it comes from', async () => {
  await stage.addUser('unlucky');
  await stage.makeAdministrator('unlucky');
  const token = (await stage.vault().logIn('unlucky', PASSWORD)).body.auth.client_token;
  const layers: [table: string, call: () => Promise<Answer>, body: object][] = [
    ['tokens', () => admin.get('/local-users'), INTERNAL],
    ['tokens', () => stage.vault().with(token).read('auth/token/lookup-self'), ME('internal error')],
    ['tokens', () => stage.vault().logIn('unlucky', PASSWORD), { errors: ['internal error'] }],
    ['local_users', () => stage.appgate().authenticate('unlucky', PASSWORD), INTERNAL],
    ['password_throttles', () => stage.appgate().logIn('unlucky', PASSWORD), INTERNAL],
    ['password_throttles', () => stage.vault().logIn('unlucky', PASSWORD), { errors: ['internal error'] }],
    ['policies', () => stage.appgate().logIn('unlucky', PASSWORD), INTERNAL],
    ['sign_ins', () => stage.appgate().authenticate('unlucky', PASSWORD), INTERNAL],
    ['sign_ins', () => stage.vault().validate(randomUUID(), '123456'), { errors: ['internal error'] }],
    ['auth_mounts', () => stage.root.read('sys/auth'), ME('internal error')],
    ['mfa_methods', () => stage.root.list('identity/mfa/method'), ME('internal error')],
    ['identity_providers', () => stage.appgate().get('/identity-providers/names'), INTERNAL],
    ['login_enforcements', () => stage.root.read('identity/mfa/login-enforcement/x'), ME('internal error')],
    ['administrative_roles', () => admin.authorize(), INTERNAL],
  ];
  for (const [table, call, body] of layers) {
    await stage.rows(`ALTER TABLE ${table} RENAME TO planted_away`);
    const answer = await call().finally(() => stage.rows(`ALTER TABLE planted_away RENAME TO ${table}`));
    expect([table, answer.status, answer.body]).toEqual([table, 500, body]);
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.text).not.toMatch(/relation|SELECT|planted|\.ts|\.js|at /);
  }
  await expecting(200, stage.vault().logIn('unlucky', PASSWORD));
});

it("S88 unknown routes and verbs keep each dialect's shape", async () => {
  expect((await admin.get('/nowhere')).body).toEqual({
    id: 'not found',
    message: 'The requested resource was not found.',
  });
  expect((await admin.call('PATCH', '/local-users')).body).toEqual({
    id: 'method not allowed',
    message: 'The method is not allowed for this resource.',
  });
  expect((await stage.root.read('nowhere')).body).toEqual({
    errors: ['no handler for route "nowhere". route entry not found.'],
  });
  expect((await stage.root.read('sys/nowhere')).body).toEqual(ME('unsupported path'));
  expect((await stage.root.remove('sys/auth')).body).toEqual(ME('unsupported operation'));
  for (const path of [
    '/admin/%ff',
    '/admin/local-users/%00',
    '/admin/%zz',
    '/v1/%ff',
    '/v1/%zz',
    '/v1/auth/userpass/login/%ff',
    '/%ff',
  ]) {
    const headers = {
      accept: ACCEPT,
      'x-vault-token': stage.first.rootToken,
      authorization: `Bearer ${admin.token}`,
    };
    const { status, body } = await send({ method: 'GET', url: `${stage.first.url}${path}`, headers });
    expect([path, status >= 400 && status < 500, typeof body]).toEqual([path, true, 'object']);
  }
  const elsewhere = await send({ method: 'GET', url: `${stage.first.url}/nowhere` });
  expect([elsewhere.status, elsewhere.body]).toEqual([404, { errors: [] }]);
});

it("S88 a name or reference lost to a race is the client's conflict, never a 500", async () => {
  const user = { name: 'contested', firstName: 'F', lastName: 'L', password: PASSWORD };
  const users = await together(10, () => admin.post('/local-users', user));
  expect(users.map(({ status }) => status).toSorted()).toEqual([200, ...Array(9).fill(409)]);
  const entities = await together(10, () => stage.root.write('identity/entity', { name: 'contested' }));
  expect(entities.every(({ status }) => [200, 204, 400].includes(status))).toBe(true);
  const mounts = await together(10, () => stage.root.write('sys/auth/contested', { type: 'userpass' }));
  expect(mounts.map(({ status }) => status).toSorted()).toEqual([204, ...Array(9).fill(400)]);
  const methods = await together(10, () =>
    stage.root.write('identity/mfa/method/totp', { method_name: 'contested', issuer: 'x' }),
  );
  expect(methods.every(({ status }) => [200, 400].includes(status))).toBe(true);
  expect(new Set(methods.flatMap(({ body }) => body.data?.method_id ?? [])).size).toBe(1);
  const rules = await together(10, (index) =>
    stage.root.write('identity/mfa/login-enforcement/contested', {
      mfa_method_ids: [DEFAULT_METHOD],
      identity_entity_ids: [player.entityId],
      auth_method_types: index % 2 ? ['userpass'] : [],
    }),
  );
  expect(rules.map(({ status, text }) => `${status} ${text}`)).toEqual(Array(10).fill('204 '));
});
