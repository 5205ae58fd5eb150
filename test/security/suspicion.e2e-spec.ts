import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { expecting } from '../support/send.js';
import { type Player, Stage, together } from '../support/stage.js';

const DAY = 86_400;

let stage: Stage;
let player: Player;
let people = 0;
beforeAll(async () => {
  stage = await Stage.open(2);
});
afterAll(() => stage.close());
beforeEach(async () => {
  player = await stage.addProtected(`owner-${++people}`);
});

async function fail(times: number): Promise<void> {
  const requestId = await stage.request(player.name);
  for (let failure = 0; failure < times; failure += 1)
    await expecting(403, stage.vault(failure % 2).validate(requestId, stage.wrong(player)));
}

const succeed = (): Promise<string> => stage.vaultToken(player);

const told = () =>
  stage.rows(
    `SELECT detail FROM notices WHERE principal_id = $1 AND kind = 'suspicion' ORDER BY created_at`,
    [player.entityId],
  );

const events = () =>
  stage.rows(
    `SELECT detail FROM audit_events WHERE object_id = $1 AND action = 'sign-in.suspicious' ORDER BY at`,
    [player.entityId],
  );

const SUCCESS = { detail: { reason: 'success after failures', failures: 5 } };
const MANY = { detail: { reason: 'failures within 30 days', failures: 50 } };

it('S24 a success after 4 failures is nothing, after 5 it is an event and a notice, and once a day', async () => {
  await fail(4);
  await succeed();
  expect([await told(), await events()]).toEqual([[], []]);
  await fail(5);
  await succeed();
  expect([await told(), await events()]).toEqual([[SUCCESS], [SUCCESS]]);
  await fail(5);
  await succeed();
  expect(await told()).toHaveLength(1);
  stage.clock.advance(DAY);
  await fail(5);
  await succeed();
  expect([await told(), await events()]).toEqual([
    [SUCCESS, SUCCESS],
    [SUCCESS, SUCCESS],
  ]);
});

it('S24 50 failures within 30 days are an event and a notice, whatever lay between, 49 are nothing', async () => {
  for (let round = 0; round < 12; round += 1) {
    await fail(4);
    await succeed();
    stage.clock.advance(2 * DAY);
  }
  await fail(1);
  await succeed();
  expect([await told(), await events()]).toEqual([[], []]);
  await fail(1);
  expect([await told(), await events()]).toEqual([[MANY], [MANY]]);
  await fail(1);
  expect(await told()).toHaveLength(1);
});

it('S24 failures of more than 30 days ago count no more', async () => {
  await stage.rows(
    `INSERT INTO factor_failure_days (principal_id, day, failures) VALUES ($1, ($2::timestamptz AT TIME ZONE 'UTC')::date, 49)`,
    [player.entityId, stage.now],
  );
  stage.clock.advance(30 * DAY);
  await fail(1);
  expect(await told()).toEqual([]);
});

it('S24 of many failures at once one is told', async () => {
  await stage.rows(
    `INSERT INTO factor_failure_days (principal_id, day, failures) VALUES ($1, ($2::timestamptz AT TIME ZONE 'UTC')::date, 49)`,
    [player.entityId, stage.now],
  );
  const requestId = await stage.request(player.name);
  await together(5, (index) => stage.vault(index % 2).validate(requestId, stage.wrong(player)));
  expect(await told()).toHaveLength(1);
});
