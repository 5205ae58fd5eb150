import { HashQueue } from '@sallyport/identity';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { apiDocument } from '../../apps/server/src/openapi/api-document.js';
import { type AppgateClient, DEVICE } from '../support/appgate-client.js';
import { dump } from '../support/faults.js';
import { type Answer, expecting } from '../support/send.js';
import { count, PASSWORD, Stage, together } from '../support/stage.js';

const NEXT = 'seven quiet harbours at dusk';
const REFUSED = {
  id: 'unauthorized',
  message: 'Invalid username or password.',
  failureType: 'Login',
  reason: 'Invalid username or password.',
};

let stage: Stage;
let admin: AppgateClient;
let name: string;
let people = 0;
beforeAll(async () => {
  stage = await Stage.open(2);
  admin = await stage.administrator();
});
afterAll(() => stage.close());

beforeEach(async () => {
  admin = await stage.administrator();
  name = `forgetful-${++people}`;
  await stage.addUser(name);
});

const issue = async (username = name): Promise<string> =>
  (await expecting(200, admin.post(`/sallyport/users/CN=${username},OU=local/activation-code`))).body.code;

const activate = (code: string, { username = name, newPassword = NEXT, replica = 0 } = {}): Promise<Answer> =>
  stage
    .appgate(replica)
    .post('/sallyport/activations', { providerName: 'local', username, deviceId: DEVICE, code, newPassword });

it('S57 a code has 256 random bits, and only its hash is kept', async () => {
  const code = await issue();
  expect(Buffer.from(code, 'base64url')).toHaveLength(32);
  const kept = [...(await dump(stage.first.database)).values()].join('\n');
  for (const form of [
    code,
    Buffer.from(code).toString('hex'),
    Buffer.from(code, 'base64url').toString('hex'),
  ])
    expect(kept).not.toContain(form);
});

it('S57 sets the password, ends every token, and is good for one use', async () => {
  const { auth } = (await expecting(200, stage.vault(1).logIn(name, PASSWORD))).body;
  const code = await issue();
  const done = await expecting(200, activate(code));
  expect(done.body.user).toEqual({
    name,
    needTwoFactorAuth: false,
    canAccessAuditLogs: false,
    privileges: [],
  });
  await expecting(403, stage.vault(1).with(auth.client_token).read('auth/token/lookup-self'));
  await expecting(400, stage.vault().logIn(name, PASSWORD));
  await expecting(200, stage.vault(1).logIn(name, NEXT));
  const again = await activate(code, { newPassword: 'another harbour at noon' });
  expect([again.status, again.body]).toEqual([401, REFUSED]);
});

it('S57 ends at a partial token: a factor that is owed is owed, and no final token is given', async () => {
  const player = await stage.addProtected(`owing-${people}`);
  await stage.makeAdministrator(player.name);
  const code = await issue(player.name);
  const { body } = await expecting(200, activate(code, { username: player.name }));
  expect(body.user.needTwoFactorAuth).toBe(true);
  const partial = stage.appgate().with(body.token);
  await expecting(412, partial.authorize());
  await expecting(403, partial.get('/sallyport/me'));
  await expecting(403, partial.get('/local-users'));
});

it('S57 a code of 24 hours and one second is none', async () => {
  const early = await issue();
  stage.clock.advance(86_399);
  await expecting(200, activate(early));
  // The administrator of a day later signs in anew first.
  admin = await stage.administrator();
  const code = await issue();
  stage.clock.advance(86_401);
  await expecting(401, activate(code, { newPassword: 'another harbour at noon' }));
});

it('S57 of 50 who use it at once, over both replicas, one succeeds', async () => {
  const code = await issue();
  const answers = await together(50, (index) =>
    activate(code, { replica: index % 2, newPassword: `${NEXT} ${index}` }),
  );
  expect(count(answers, 200)).toBe(1);
});

it("S57 a user's code opens nobody else, and an earlier code counts no more", async () => {
  const other = `other-${people}`;
  await stage.addUser(other);
  const [mine, theirs] = [await issue(), await issue(other)];
  await expecting(401, activate(theirs));
  await expecting(401, activate(mine, { username: other }));
  const newer = await issue();
  await expecting(401, activate(mine));
  await expecting(200, activate(newer));
});

it('S57 a password that was changed meanwhile voids the code', async () => {
  const code = await issue();
  const path = `auth/userpass/users/${name}/password`;
  await expecting(204, stage.root.write(path, { password: 'set at the other door' }));
  await expecting(401, activate(code));
  await expecting(200, stage.vault().logIn(name, 'set at the other door'));
});

it('S57 shows nothing about whether the account exists', async () => {
  const code = await issue();
  const answers = [
    await activate(`${code.slice(0, -1)}x`),
    await activate(code, { username: 'nobody at all' }),
    await stage.appgate().post('/sallyport/activations', {
      providerName: 'elsewhere',
      username: name,
      deviceId: DEVICE,
      code,
      newPassword: NEXT,
    }),
  ];
  const shown = answers.map(({ status, text, headers }) => {
    const { date: _, 'x-request-id': __, ...same } = headers as Record<string, unknown>;
    return [status, text, JSON.stringify(same)];
  });
  expect(shown).toEqual([shown[0], shown[0], shown[0]]);
  expect(answers[0]!.body).toEqual(REFUSED);
});

it('S05 S57 one Argon2 run, whoever is meant and whatever the code is', async () => {
  const code = await issue();
  const spies = stage.servers.map(({ app }) => vi.spyOn(app.get(HashQueue, { strict: false }), 'run'));
  const runs = () => spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
  for (const [given, username, status] of [
    ['x'.repeat(43), name, 401],
    [code, 'nobody at all', 401],
    [code, name, 200],
  ] as const) {
    const before = runs();
    await expecting(status, activate(given, { username }));
    expect(runs() - before).toBe(1);
  }
  vi.restoreAllMocks();
});

it('S49 nobody makes a code for whoever holds more, nor without Edit on the user', async () => {
  const helper = `helper-${people}`;
  await stage.addUser(helper);
  await stage.rows(
    `WITH role AS (INSERT INTO administrative_roles (id, name, name_canonical, privileges, created_at, updated_at)
       VALUES (gen_random_uuid(), $1, $1, $2::jsonb, now(), now()) RETURNING id)
     INSERT INTO policies (id, name, name_canonical, type, expression, administrative_roles, created_at, updated_at)
     SELECT gen_random_uuid(), $1, $1, 'Admin', $3, ARRAY[id], now(), now() FROM role`,
    [
      helper,
      JSON.stringify(
        ['View', 'Edit'].map((type) => ({
          type,
          target: 'LocalUser',
          scope: { all: true, ids: [], tags: [] },
        })),
      ),
      `return claims.user.username === "${helper}";`,
    ],
  );
  const client = await stage.appgate().final(helper, PASSWORD);
  await expecting(403, client.post('/sallyport/users/CN=admin,OU=local/activation-code'));
  await expecting(200, client.post(`/sallyport/users/CN=${name},OU=local/activation-code`));
  await expecting(404, client.post('/sallyport/users/CN=nobody,OU=local/activation-code'));
  await stage.makeAdministrator(name);
  await expecting(403, client.post(`/sallyport/users/CN=${name},OU=local/activation-code`));
});

it('S57 S64 the owner is told of the code and of the recovery, with no secret in it', async () => {
  const code = await issue();
  stage.clock.advance(1);
  await expecting(200, activate(code));
  const notices = await stage.rows(
    `SELECT n.kind, n.detail FROM notices n JOIN accounts a ON a.principal_id = n.principal_id WHERE a.name = $1 ORDER BY n.created_at`,
    [name],
  );
  expect(notices.map(({ kind }) => kind)).toEqual(['factor-bind', 'activation-code', 'factor-recovery']);
  expect(JSON.stringify(notices)).not.toContain(code);
  expect(JSON.stringify(notices)).not.toContain(NEXT);
});

it('S13 nobody goes round the present password with a code for oneself', async () => {
  await expecting(403, admin.post('/sallyport/users/CN=admin,OU=local/activation-code'));
});

it("S58 our own routes have no field for another person's password or seed", () => {
  const document = apiDocument(stage.first.app, '0.0.0') as any;
  const own = Object.keys(document.paths).filter((path) => path.startsWith('/admin/sallyport/users'));
  expect(own).toHaveLength(5);
  for (const path of own)
    for (const operation of Object.values<any>(document.paths[path])) {
      const schema = operation.requestBody?.content?.['application/json']?.schema?.$ref?.split('/').at(-1);
      const fields = Object.keys(document.components.schemas[schema]?.properties ?? {});
      expect([path, fields.filter((field) => /password|seed|secret/i.test(field))]).toEqual([path, []]);
    }
});
