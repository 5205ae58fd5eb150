import { HashQueue } from '@sallyport/identity';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { type Answer, expecting } from '../support/send.js';
import { count, PASSWORD, Stage, together } from '../support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(2, { settings: { SALLYPORT_TRUSTED_PROXIES: '127.0.0.1' } });
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => stage.close());

/** Counts the Argon2 runs of both replicas from now on. */
function hashRuns(): () => number {
  const spies = stage.servers.map(({ app }) => vi.spyOn(app.get(HashQueue, { strict: false }), 'run'));
  const counted = () => spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
  const before = counted();
  return () => counted() - before;
}

/** From an address behind a proxy. */
function signIn(name: string, password: string, address = '198.51.100.7', replica = 0): Promise<Answer> {
  return stage.appgate(replica).authenticate(name, password, { 'x-forwarded-for': address });
}

async function failuresOf(name: string): Promise<number[]> {
  const rows = await stage.rows(
    `SELECT t.failures FROM password_throttles t JOIN accounts a ON a.id::text = t.subject WHERE a.name = $1 AND network <> '*' ORDER BY network`,
    [name],
  );
  return rows.map(({ failures }) => failures);
}

it('S06 of 200 parallel wrong passwords over two replicas at most 25 are evaluated', async () => {
  await stage.addUser('besieged');
  const runs = hashRuns();
  const answers = await together(200, (index) =>
    signIn('besieged', `guess ${index}`, '203.0.113.9', index % 2),
  );
  expect(runs()).toBeLessThanOrEqual(25);
  expect(count(answers, 401)).toBeLessThanOrEqual(25);
  // On a busy machine some are told to come again before anything is booked (S12).
  expect(count(answers, 401) + count(answers, 429) + count(answers, 503)).toBe(200);
  const [row] = await stage.rows(
    `SELECT failures, booked FROM password_throttles WHERE network = '203.0.113.0/24' AND subject <> '*'`,
  );
  expect(row).toEqual({ failures: count(answers, 401), booked: 0 });
});

it('S06 20 parallel right passwords all succeed', async () => {
  await stage.addUser('busy');
  const answers = await together(20, (index) => signIn('busy', PASSWORD, '203.0.114.9', index % 2));
  expect(count(answers, 200)).toBe(20);
});

it('S06 a try whose replica dies during the check stays counted', async () => {
  await stage.addUser('interrupted');
  const queue = stage.servers[1]!.app.get(HashQueue, { strict: false });
  let started!: () => void;
  const running = new Promise<void>((resolve) => (started = resolve));
  let revive!: (reason: Error) => void;
  const dead = new Promise<never>((_, reject) => (revive = reject));
  vi.spyOn(queue, 'run').mockImplementation(() => {
    started();
    return dead;
  });
  const lost = signIn('interrupted', 'wrong', '203.0.115.9', 1);
  await running;
  stage.clock.advance(61);
  await expecting(401, signIn('interrupted', 'wrong', '203.0.115.9', 0));
  expect(await failuresOf('interrupted')).toEqual([2]);
  revive(new Error('the replica is gone'));
  await lost;
});

it('S06 a database error in the check counts at most once', async () => {
  await stage.addUser('unlucky');
  await stage.rows('ALTER TABLE audit_events RENAME TO audit_events_away');
  const answer = await signIn('unlucky', 'wrong', '203.0.116.9');
  await stage.rows('ALTER TABLE audit_events_away RENAME TO audit_events');
  expect(answer.status).toBeGreaterThanOrEqual(500);
  stage.clock.advance(61);
  await expecting(200, signIn('unlucky', PASSWORD, '203.0.116.9'));
  expect((await failuresOf('unlucky'))[0]).toBeLessThanOrEqual(1);
});

it('S07 waits 30 s after five failures, doubling to 15 minutes, and evaluates nothing meanwhile', async () => {
  await stage.addUser('walked');
  const waits: number[] = [];
  for (let failure = 1; failure <= 12; failure += 1) {
    await expecting(401, signIn('walked', 'wrong'));
    const runs = hashRuns();
    const right = await signIn('walked', PASSWORD);
    if (right.status === 200) continue;
    expect(right.status).toBe(429);
    expect(right.body).toEqual({
      id: 'too many requests',
      message: 'Too many failed attempts. Try again later.',
    });
    expect(runs()).toBe(0);
    const wait = Number(right.headers['retry-after']);
    waits.push(wait);
    stage.clock.advance(wait - 1);
    await expecting(429, signIn('walked', PASSWORD));
    await expecting(
      403,
      stage.vault(1).call('POST', 'auth/userpass/login/walked', {
        headers: { 'x-forwarded-for': '198.51.100.250' },
        body: { password: PASSWORD },
      }),
    );
    stage.clock.advance(1);
    vi.restoreAllMocks();
  }
  expect(waits).toEqual([30, 60, 120, 240, 480, 900, 900, 900]);
});

it('S07 leaves another network of the same account alone', async () => {
  await expecting(401, signIn('walked', 'wrong'));
  await expecting(429, signIn('walked', PASSWORD));
  await expecting(200, signIn('walked', PASSWORD, '198.51.101.7'));
});

it('S07 forgets after 24 hours of peace', async () => {
  stage.clock.advance(86_399);
  await expecting(401, signIn('walked', 'wrong'));
  await expecting(429, signIn('walked', PASSWORD));
  stage.clock.advance(86_401);
  for (let failure = 1; failure <= 4; failure += 1) await expecting(401, signIn('walked', 'wrong'));
  await expecting(200, signIn('walked', PASSWORD));
});

it('S07 a right password alone does not clear the count, a full sign-in does', async () => {
  const player = await stage.addProtected('careful');
  const address = '127.0.0.1';
  for (let failure = 1; failure <= 3; failure += 1) await expecting(401, signIn('careful', 'wrong', address));
  const partial = stage.appgate().with((await signIn('careful', PASSWORD, address)).body.token);
  await expecting(401, partial.submit(stage.wrong(player)));
  expect(await failuresOf('careful')).toEqual([3]);
  await stage.makeAdministrator('careful');
  stage.clock.advance(30);
  const proven = partial.with((await expecting(200, partial.submit(stage.code(player)))).body.token);
  expect(await failuresOf('careful')).toEqual([3]);
  await expecting(200, proven.authorize());
  expect(await failuresOf('careful')).toEqual([0]);
});
