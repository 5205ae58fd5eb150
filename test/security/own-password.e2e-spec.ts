import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AppgateClient } from '../support/appgate-client.js';
import { dumpOfActs, failOn } from '../support/faults.js';
import { expecting } from '../support/send.js';
import { PASSWORD, type Player, Stage } from '../support/stage.js';

const NEXT = 'seven quiet harbours at dusk';
const WRONG_PASSWORD = {
  id: 'unauthorized',
  message: 'Invalid username or password.',
  failureType: 'Login',
  reason: 'Invalid username or password.',
};

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(2);
});
afterAll(() => stage.close());

async function signedIn(name: string): Promise<AppgateClient> {
  await stage.addUser(name);
  await stage.makeAdministrator(name);
  return stage.appgate().final(name, PASSWORD);
}

const change = (client: AppgateClient, currentPassword: string, newPassword = NEXT) =>
  client.put('/sallyport/me/password', { currentPassword, newPassword });

/** A final token of somebody with a bound authenticator nothing demands: the password alone has earned it. */
async function protectedBy(name: string): Promise<{ client: AppgateClient; player: Player }> {
  const player = await stage.addPlayer(name);
  await stage.makeAdministrator(name);
  return { client: await stage.appgate().final(name, PASSWORD), player };
}

it('S13 without, with a wrong and with the right present password', async () => {
  const client = await signedIn('changer');
  const missing = await client.put('/sallyport/me/password', { newPassword: NEXT });
  expect([missing.status, missing.body.errors]).toEqual([
    422,
    [{ field: 'currentPassword', message: 'may not be null' }],
  ]);
  const wrong = await change(client, 'not the password');
  expect([wrong.status, wrong.body]).toEqual([401, WRONG_PASSWORD]);
  await expecting(200, stage.appgate().logIn('changer', PASSWORD));
  await expecting(204, change(client, PASSWORD));
  await expecting(401, stage.appgate().logIn('changer', PASSWORD));
  await expecting(200, stage.appgate(1).logIn('changer', NEXT));
});

it('S13 ends every other token and partial token on both replicas, and keeps the one that asked', async () => {
  const client = await signedIn('many');
  const other = await stage.appgate(1).final('many', PASSWORD);
  const partial = await stage.partial('many');
  const { auth } = (await expecting(200, stage.vault(1).logIn('many', PASSWORD))).body;
  await expecting(204, change(client, PASSWORD));
  for (const replica of [0, 1]) {
    const origin = stage.servers[replica]!.url;
    await expecting(401, other.at(origin).get('/sallyport/me'));
    await expecting(401, partial.at(origin).authorize());
    await expecting(403, stage.vault(replica).with(auth.client_token).read('auth/token/lookup-self'));
    await expecting(200, client.at(origin).get('/sallyport/me'));
  }
});

it('S13 where an authenticator is bound, one of its codes too', async () => {
  const { client, player } = await protectedBy('bound');
  const owed = await change(client, PASSWORD);
  expect([owed.status, owed.body]).toEqual([
    412,
    {
      id: 'precondition failed',
      message: 'Administrative authorization requires two-factor authentication.',
      otpRequired: true,
      username: 'bound',
    },
  ]);
  const fresh = (await expecting(200, client.post('/sallyport/me/step-up', { code: stage.code(player) })))
    .body;
  const proven = client.with(fresh.token);
  await expecting(401, change(proven, 'not the password'));
  await expecting(204, change(proven, PASSWORD));
  await expecting(401, client.get('/sallyport/me'));
});

it('S13 a factor proven six minutes ago is no factor, one of four minutes is', async () => {
  const { client, player } = await protectedBy('late');
  const token = (await expecting(200, client.post('/sallyport/me/step-up', { code: stage.code(player) })))
    .body.token;
  stage.clock.advance(240);
  await expecting(401, change(client.with(token), 'not the password'));
  stage.clock.advance(120);
  await expecting(412, change(client.with(token), PASSWORD));
});

it('S13 a fault before COMMIT leaves the old password and the old tokens', async () => {
  const client = await signedIn('faulty');
  const other = await stage.appgate(1).final('faulty', PASSWORD);
  const counted = /^(audit_.*|password_throttles|login_counts|tokens|known_networks|sign_ins)$/;
  const state = async () =>
    [...(await dumpOfActs(stage.first.database))].filter(([table]) => !counted.test(table));
  const before = await state();
  const mend = await failOn(stage.first.database, 'factor_history', ['INSERT'], true);
  const refused = await change(client, PASSWORD).finally(mend);
  expect(refused.status).toBeGreaterThanOrEqual(500);
  expect(await state()).toEqual(before);
  await expecting(200, other.get('/sallyport/me'));
  await expecting(200, stage.appgate(1).logIn('faulty', PASSWORD));
  await expecting(204, change(client, PASSWORD));
});

it('S11 a new password that is refused books no try', async () => {
  const client = await signedIn('hasty');
  for (let tries = 0; tries < 10; tries += 1) {
    const refused = await change(client, 'not the password', 'short');
    expect([refused.status, refused.body.errors]).toEqual([
      422,
      [{ field: 'newPassword', message: 'must be at least 8 characters' }],
    ]);
  }
  await expecting(204, change(client, PASSWORD));
});

it('S03 refuses a common password and the name of the user', async () => {
  const client = await signedIn('guessable');
  for (const guess of ['password123', 'guessable1']) {
    const refused = await change(client, PASSWORD, guess);
    expect([refused.status, refused.body.errors]).toEqual([
      422,
      [{ field: 'newPassword', message: 'is too common' }],
    ]);
  }
});

it('S64 is written down and told, and marked as of the owner', async () => {
  const client = await signedIn('told');
  stage.clock.advance(1);
  await expecting(204, change(client, PASSWORD));
  const { data } = (await expecting(200, client.get('/sallyport/me/notices'))).body;
  expect(data[0]).toMatchObject({
    kind: 'factor-change',
    detail: { factor: { type: 'password' }, setByAnother: false, by: 'told' },
  });
  expect(JSON.stringify(data)).not.toContain(NEXT);
});
