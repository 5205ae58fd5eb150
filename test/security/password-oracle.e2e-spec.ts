import { HashQueue } from '@sallyport/identity';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { type Answer, expecting } from '../support/send.js';
import { PASSWORD, Stage } from '../support/stage.js';

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

/** What an outsider can compare of an answer: everything but the time and the request's own id. */
function visible({ status, headers, text }: Answer): object {
  const { date: _, 'x-request-id': __, ...rest } = headers;
  return { status, text: text.replace(/"request_id":"[^"]*"/, ''), headers: rest };
}

it('S05 unknown user, wrong password, disabled account and closed provider look alike in everything at /admin', async () => {
  await stage.addUser('known');
  await stage.addUser('disabled');
  await stage.rows(`UPDATE local_users SET disabled = true WHERE name = 'disabled'`);
  const barred = await stage.addPlayer('barred');
  await expecting(204, stage.root.write(`identity/entity/id/${barred.entityId}`, { disabled: true }));
  await stage.rows(
    `INSERT INTO identity_providers (id, name, name_canonical, type, admin_provider, created_at, updated_at)
     VALUES (gen_random_uuid(), 'federated', 'federated', 'Oidc', true, now(), now())`,
  );
  const body = {
    providerName: 'local',
    username: 'known',
    password: 'wrong',
    deviceId: '4c07bc67-57ea-42dd-b702-c2d6c45419fc',
  };
  const attempts = [
    body,
    { ...body, username: 'nobody at all' },
    { ...body, username: 'disabled', password: PASSWORD },
    { ...body, username: 'barred', password: PASSWORD },
    { ...body, providerName: 'service' },
    { ...body, providerName: 'no such provider' },
    { ...body, password: ''.padEnd(1_000, 'long') },
    { providerName: 'federated', deviceId: body.deviceId, idToken: 'x', accessToken: 'y' },
  ];
  const runs = hashRuns();
  const seen: object[] = [];
  for (const attempt of attempts) {
    const before = runs();
    seen.push(
      visible(
        await stage.appgate().call('POST', '/authentication', attempt, { 'x-forwarded-for': '192.0.2.5' }),
      ),
    );
    expect(runs() - before, JSON.stringify([attempt, seen.at(-1)])).toBe(1);
  }
  expect(seen[0]).toMatchObject({
    status: 401,
    text: expect.stringContaining('Invalid username or password.'),
  });
  for (const answer of seen) expect(answer).toEqual(seen[0]);
  const counted = await stage.rows(
    `SELECT failures, booked FROM password_throttles WHERE network = '192.0.2.0/24' AND subject <> '*'`,
  );
  expect(counted.toSorted((one, other) => one.failures - other.failures)).toEqual([
    { failures: 1, booked: 0 },
    { failures: 1, booked: 0 },
    { failures: 1, booked: 0 },
    { failures: 1, booked: 0 },
    { failures: 1, booked: 0 },
    { failures: 1, booked: 0 },
    { failures: 2, booked: 0 },
  ]);
});

it('S05 the same at /v1', async () => {
  const from = { 'x-forwarded-for': '192.0.3.5' };
  const attempts: [string, string][] = [
    ['known', 'wrong'],
    ['nobody', 'wrong'],
    ['disabled', PASSWORD],
  ];
  const runs = hashRuns();
  const seen: object[] = [];
  for (const [name, password] of attempts) {
    const before = runs();
    const path = `auth/userpass/login/${name}`;
    seen.push(visible(await stage.vault().call('POST', path, { headers: from, body: { password } })));
    expect(runs() - before).toBe(1);
  }
  expect(seen[0]).toMatchObject({ status: 400, text: '{"errors":["invalid username or password"]}' });
  for (const answer of seen) expect(answer).toEqual(seen[0]);
});

it('S05 failures leave no sooner than the floor, successes at once', async () => {
  const strict = await Stage.open(1, { settings: { SALLYPORT_FAILURE_FLOOR_MS: '1000' } });
  try {
    await strict.addUser('quick');
    const barred = await strict.addPlayer('barred');
    await expecting(204, strict.root.write(`identity/entity/id/${barred.entityId}`, { disabled: true }));
    const timed = async (name: string, password: string) => {
      const started = performance.now();
      await strict.appgate().authenticate(name, password);
      return performance.now() - started;
    };
    await timed('quick', PASSWORD);
    expect(await timed('quick', 'wrong')).toBeGreaterThanOrEqual(999);
    expect(await timed('nobody', 'wrong')).toBeGreaterThanOrEqual(999);
    expect(await timed('barred', PASSWORD)).toBeGreaterThanOrEqual(999);
    expect(await timed('quick', PASSWORD)).toBeLessThan(950);
  } finally {
    await strict.close();
  }
});
