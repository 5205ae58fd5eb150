import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AppgateClient } from '../support/appgate-client.js';
import { type Answer, expecting } from '../support/send.js';
import { PASSWORD, together } from '../support/stage.js';
import { isUnavailable } from '../support/unavailable.js';
import { FaultScene } from './fault-scene.js';
import { Victim } from './statements.js';
import { TestClock } from '../support/sallyport.js';

/** Two seconds for a connection, six for a statement that is not answered; a sign-in ends with the first that is too long. */
const BOUND_MS = 2_000 + 6_000;
/** For a machine that is busy with other things. */
const SLACK_MS = 4_000;

let scene: FaultScene;
let victim: Victim;
let admin: AppgateClient;
let holder: pg.Client;
beforeAll(async () => {
  scene = await FaultScene.open({ clock: new TestClock() });
  victim = await Victim.make(scene, 'victim');
  await expecting(204, scene.root.write('auth/userpass/users/plain', { password: PASSWORD }));
  admin = await scene.appgate.final('admin', scene.server.adminPassword);
  holder = new pg.Client({ host: scene.cluster.directory, user: 'postgres', database: 'sallyport' });
  await holder.connect();
});
afterAll(async () => {
  await holder.end();
  await scene.close();
});

interface Timed {
  answer: Answer;
  milliseconds: number;
}

async function timed(call: Promise<Answer>): Promise<Timed> {
  const begun = performance.now();
  const answer = await call;
  return { answer, milliseconds: performance.now() - begun };
}

/** Holds what the statement locks while the work is done. */
async function holding<T>(statement: string, work: () => Promise<T>): Promise<T> {
  await holder.query('BEGIN');
  await holder.query(statement);
  try {
    return await work();
  } finally {
    await holder.query('ROLLBACK');
  }
}

function logIn(): Promise<Answer> {
  return scene.vault.logIn('plain', PASSWORD);
}

it('S92 administration that waits fills its share of the pool; sign-ins go on as fast as before', async () => {
  await together(5, logIn);
  const calm = Math.max(
    ...(await together(10, () => timed(logIn()))).map(({ milliseconds }) => milliseconds),
  );
  await holding('LOCK TABLE administrative_roles IN ACCESS EXCLUSIVE MODE', async () => {
    const over = new AbortController();
    const lists: Answer[] = [];
    const waiting = together(60, async () => {
      while (!over.signal.aborted) lists.push(await admin.get('/administrative-roles'));
    });
    await pause(500);
    const signIns: Timed[] = [];
    for (let count = 0; count < 40; count += 1) signIns.push(await timed(logIn()));
    over.abort();
    await waiting;
    expect(signIns.map(({ answer }) => answer.status)).toEqual(signIns.map(() => 200));
    const times = signIns.map(({ milliseconds }) => milliseconds).toSorted((a, b) => a - b);
    // One that had found no connection would have waited two seconds for it.
    expect(times[Math.floor(times.length * 0.95)]).toBeLessThan(Math.max(1_500, 3 * calm));
    expect(lists.length).toBeGreaterThanOrEqual(60);
    for (const list of lists) expect([list.status, isUnavailable(list)]).toEqual([503, true]);
  });
  await expecting(200, admin.get('/administrative-roles'));
}, 90_000);

it('S92 a lock that a sign-in needs is waited for 2 s, then 503; who needs another is not held up', async () => {
  const code = victim.freshCode();
  const { auth } = (await expecting(200, scene.vault.logIn('victim', PASSWORD))).body;
  const validate = () => scene.vault.validate(auth.mfa_requirement.mfa_request_id, code);
  await holding(`SELECT FROM totp_enrollments FOR UPDATE`, async () => {
    const waiting = timed(validate());
    await expecting(200, logIn());
    const { answer, milliseconds } = await waiting;
    expect([answer.status, isUnavailable(answer)]).toEqual([503, true]);
    expect(milliseconds).toBeLessThan(2_000 + SLACK_MS);
  });
  await expecting(200, validate());
}, 60_000);

it('S92 a statement that takes longer than 5 s ends the request with 503, and what it began is undone', async () => {
  await scene.cluster.rows(
    `CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(30); RETURN NEW; END $$`,
  );
  await scene.cluster.rows(
    'CREATE TRIGGER dawdle BEFORE INSERT ON tokens FOR EACH ROW EXECUTE FUNCTION dawdle()',
  );
  const count = async () => (await scene.cluster.rows('SELECT count(*)::int FROM tokens'))[0];
  const before = await count();
  const { answer, milliseconds } = await timed(logIn());
  expect([answer.status, isUnavailable(answer)]).toEqual([503, true]);
  expect(milliseconds).toBeLessThan(5_000 + SLACK_MS);
  expect(await count()).toEqual(before);
  await scene.cluster.rows('DROP TRIGGER dawdle ON tokens');
  await expecting(200, logIn());
}, 60_000);

it('S92 a deadlock is resolved inside: the sign-in is done again, and the caller does not notice', async () => {
  const code = victim.freshCode();
  const { auth } = (await expecting(200, scene.vault.logIn('victim', PASSWORD))).body;
  const id: string = auth.mfa_requirement.mfa_request_id;
  // Postgres shall choose the server's transaction: this one does not look for deadlocks in time.
  await holder.query(`SET deadlock_timeout = '60s'`);
  const deadlocks = async () =>
    (await scene.cluster.rows(`SELECT deadlocks::int FROM pg_stat_database WHERE datname = 'sallyport'`))[0]![
      'deadlocks'
    ] as number;
  const before = await deadlocks();
  await holder.query('BEGIN');
  // The first the server takes is the code's row; the audit comes later.
  await holder.query('LOCK TABLE audit_events IN SHARE MODE');
  const validating = scene.vault.validate(id, code);
  await scene.cluster
    .rows(`SELECT pg_sleep(0.5)`)
    .then(() => holder.query('UPDATE totp_enrollments SET skew = skew'));
  await holder.query('COMMIT');
  await holder.query('RESET deadlock_timeout');
  await expecting(200, validating);
  await expect.poll(deadlocks, { timeout: 15_000 }).toBeGreaterThan(before);
}, 60_000);

it('S92 ten seconds on the way to Postgres: a sign-in ends within the time of a connection and a statement', async () => {
  scene.proxy.slowDown(10_000);
  const answers = await together(30, () => timed(logIn()));
  for (const { answer } of answers) expect([answer.status, isUnavailable(answer)]).toEqual([503, true]);
  expect(Math.max(...answers.map(({ milliseconds }) => milliseconds))).toBeLessThan(BOUND_MS + SLACK_MS);
  scene.proxy.slowDown(0);
  await expect.poll(async () => (await logIn()).status, { timeout: 5_000 }).toBe(200);
}, 60_000);
