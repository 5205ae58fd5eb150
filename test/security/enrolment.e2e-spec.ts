import { afterAll, beforeAll, expect, it } from 'vitest';
import { Authenticator } from '../support/authenticator.js';
import { expecting } from '../support/send.js';
import { count, DEFAULT_METHOD, PASSWORD, Stage, together } from '../support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(2);
});
afterAll(() => stage.close());

it('S59 an unconfirmed seed counts only in the sign-in that made it', async () => {
  await stage.addUser('newcomer');
  const { auth } = (await stage.vault().logIn('newcomer', PASSWORD)).body;
  await stage.enforce('for-newcomer', [auth.entity_id]);
  const one = await stage.partial('newcomer');
  const shown = await together(5, (index) =>
    one.at(stage.servers[index % 2]!.url).post('/authentication/otp/initialize', {}),
  );
  const secrets = new Set(shown.map(({ body }) => body.secret));
  expect(secrets.size).toBe(1);
  const first = new Authenticator(shown[0]!.body.secret);

  const other = await stage.partial('newcomer', 1);
  await expecting(401, other.submit(first.codeAt(stage.now)));
  const second = new Authenticator((await other.post('/authentication/otp/initialize', {})).body.secret);
  expect(second.secret).not.toBe(first.secret);
  await expecting(401, one.submit(first.codeAt(stage.now)));
  await expecting(401, other.submit(first.codeAt(stage.now)));
  const requestId = await stage.request('newcomer');
  await expecting(403, stage.vault().validate(requestId, second.codeAt(stage.now)));

  const confirms = await together(6, (index) =>
    other.at(stage.servers[index % 2]!.url).submit(second.codeAt(stage.now)),
  );
  expect(count(confirms, 200)).toBe(1);
  stage.clock.advance(30);
  await expecting(200, stage.vault().validate(requestId, second.codeAt(stage.now)));
});

it('S59 a confirmed seed is shown by no route to anybody', async () => {
  const [{ principal_id: entityId }] = (await stage.rows(
    `SELECT principal_id FROM accounts WHERE name = 'newcomer'`,
  )) as [{ principal_id: string }];
  const again = await stage.partial('newcomer');
  expect((await again.post('/authentication/otp/initialize', {})).body).toEqual({
    type: 'AlreadySeeded',
    inputType: 'Numeric',
  });
  const made = await stage.root.write('identity/mfa/method/totp/admin-generate', {
    method_id: DEFAULT_METHOD,
    entity_id: entityId,
  });
  expect([made.status, made.body.data, made.body.warnings]).toEqual([
    200,
    null,
    ['Entity already has a secret for MFA method "default"'],
  ]);
  const admin = await stage.administrator();
  const answers = [
    await admin.get('/otp/seeds'),
    await admin.get('/local-users?query=newcomer'),
    await stage.root.read(`identity/entity/id/${entityId}`),
    await stage.root.read(`identity/mfa/method/totp/${DEFAULT_METHOD}`),
  ];
  for (const { status, text } of answers) {
    expect(status).toBe(200);
    expect(text).not.toMatch(/[A-Z2-7]{32}|otpauth|sealed/);
  }
});

it("S59 a seed an administrator made is confirmed by the person's first right code", async () => {
  const player = await stage.addProtected('given');
  const admin = await stage.administrator();
  const verified = async () => (await admin.get('/otp/seeds?query=given')).body.data[0].verified;
  expect(await verified()).toBe(false);
  await expecting(401, (await stage.partial('given')).submit(stage.wrong(player)));
  expect(await verified()).toBe(false);
  await expecting(200, (await stage.partial('given')).submit(stage.code(player)));
  expect(await verified()).toBe(true);
});
