import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AppgateClient } from '../support/appgate-client.js';
import { expecting } from '../support/send.js';
import { PASSWORD, Stage } from '../support/stage.js';

const MINUTE = 60;
const HOUR = 3_600;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(2);
});
afterAll(() => stage.close());

const at = (replica: number, client: AppgateClient) => client.at(stage.servers[replica]!.url);

/** Whether a replica serves it. The call counts as a use. */
async function lives(client: AppgateClient, replica = 0): Promise<boolean> {
  const { status } = await at(replica, client).get('/local-users?range=0-1');
  expect([200, 401]).toContain(status);
  return status === 200;
}

it.each([0, 1])(
  'S34 idle for 59 min a token lives, for 60 min and 1 s it is dead, on replica %i',
  async (replica) => {
    const client = await stage.administrator();
    stage.clock.advance(59 * MINUTE);
    expect(await lives(client, replica)).toBe(true);
    stage.clock.advance(60 * MINUTE + 1);
    expect([await lives(client, replica), await lives(client, 1 - replica)]).toEqual([false, false]);
  },
);

it('S34 used every 50 min it dies at 12 h and not a second before, and no question lengthens it', async () => {
  const client = await stage.administrator();
  const issued = stage.now.getTime();
  const { expires } = (await expecting(200, client.authorize())).body;
  expect(Date.parse(expires) - issued).toBe(12 * HOUR * 1_000);
  for (let used = 50 * MINUTE; used < 12 * HOUR; used += 50 * MINUTE) {
    stage.clock.set(new Date(issued + used * 1_000));
    const { body } = await expecting(200, at(used % 2, client).authorize());
    expect([body.token, body.expires]).toEqual([client.token, expires]);
  }
  stage.clock.set(new Date(issued + (12 * HOUR - 1) * 1_000));
  expect([await lives(client, 0), await lives(client, 1)]).toEqual([true, true]);
  stage.clock.set(new Date(issued + (12 * HOUR + 1) * 1_000));
  expect([await lives(client, 0), await lives(client, 1)]).toEqual([false, false]);
});

it('S34 may die up to a minute early, by the stamp of its last use, and never late', async () => {
  const client = await stage.administrator();
  stage.clock.advance(59);
  expect(await lives(client)).toBe(true);
  stage.clock.advance(HOUR - 58);
  expect(await lives(client, 1)).toBe(false);
});

it('S34 1 000 renewals carry no token past its absolute end', async () => {
  await stage.addUser('renewer', { token_ttl: '10m', token_max_ttl: '2h' });
  const { auth } = (await expecting(200, stage.vault().logIn('renewer', PASSWORD))).body;
  const end = stage.now.getTime() + 2 * HOUR * 1_000;
  const own = [0, 1].map((replica) => stage.vault(replica).with(auth.client_token));
  for (let turn = 0; turn < 1_000; turn += 1) {
    stage.clock.advance(7);
    const { body } = await expecting(
      200,
      own[turn % 2]!.write('auth/token/renew-self', { increment: '10m' }),
    );
    expect(stage.now.getTime() + body.auth.lease_duration * 1_000).toBeLessThanOrEqual(end);
  }
  stage.clock.set(new Date(end - 1_000));
  await expecting(200, own[1]!.read('auth/token/lookup-self'));
  stage.clock.set(new Date(end + 1_000));
  for (const client of own) {
    await expecting(403, client.read('auth/token/lookup-self'));
    await expecting(403, client.write('auth/token/renew-self'));
  }
});

it('S34 no setting makes tokens of /admin live longer than 24 h', async () => {
  const admin = await stage.administrator();
  const settings = (await expecting(200, admin.get('/global-settings'))).body;
  const set = (minutes: number) =>
    admin.put('/global-settings', { ...settings, administrationTokenExpiration: minutes });
  for (const minutes of [0, -1, 1_441, 100_000]) await expecting(422, set(minutes));
  await expecting(204, set(1_440));
  const { body } = await expecting(200, stage.appgate().logIn('admin', stage.first.adminPassword));
  expect(Date.parse(body.expires) - stage.now.getTime()).toBe(24 * HOUR * 1_000);
});
