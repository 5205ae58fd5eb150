import { SERVER } from '@sallyport/audit';
import { LockedUsersService } from '@sallyport/auth';
import { HashQueue } from '@sallyport/identity';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { credentials } from '../support/appgate-client.js';
import { type Answer, expecting } from '../support/send.js';
import { count, PASSWORD, Stage, together } from '../support/stage.js';

const DAY = 86_400;
const HOME = '192.0.2.10';
const WRONG = {
  id: 'unauthorized',
  message: 'Invalid username or password.',
  failureType: 'Login',
  reason: 'Invalid username or password.',
};

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(2, { settings: { SALLYPORT_TRUSTED_PROXIES: '127.0.0.1' } });
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => stage.close());

/** The whole sign-in of who owes nothing, from an address behind a proxy. */
function logIn(address: string, name = 'admin', password = stage.first.adminPassword, replica = 0) {
  const body = credentials(name, password);
  return stage.appgate(replica).call('POST', '/login', body, { 'x-forwarded-for': address });
}

function atVault(address: string, name: string, password: string): Promise<Answer> {
  const headers = { 'x-forwarded-for': address };
  return stage.vault(1).call('POST', `auth/userpass/login/${name}`, { headers, body: { password } });
}

/** An outsider's address, of a network of its own. */
const outside = (network: number) => `10.${Math.trunc(network / 250)}.${network % 250}.66`;

async function shared(name = 'admin'): Promise<{ failures: number; wait: number }> {
  const [row] = await stage.rows(
    `SELECT t.failures, coalesce(extract(epoch FROM t.wait_until - $2::timestamptz), 0)::float AS wait
     FROM password_throttles t JOIN accounts a ON a.id::text = t.subject WHERE a.name = $1 AND t.network = '*'`,
    [name, stage.now],
  );
  return { failures: row?.failures ?? 0, wait: Math.max(0, row?.wait ?? 0) };
}

/** Wrong passwords, each from another network, as soon as one may try again. */
async function besiege(times: number, name = 'admin', first = 0): Promise<void> {
  for (let network = first; network < first + times; network += 1) {
    stage.clock.advance((await shared(name)).wait);
    await expecting(401, logIn(outside(network), name, 'wrong', network % 2));
  }
}

/** As if so many more had come, ten from each network. */
async function plant(failures: number, name = 'admin'): Promise<void> {
  await stage.rows(
    `WITH known AS (SELECT id::text AS subject FROM accounts WHERE name = $1), planted AS (
       INSERT INTO password_throttles AS t (subject, network, failures, last_failure_at, updated_at, wait_until)
       SELECT subject, format('10.%s.%s.0/24', n / 250, n % 250), 10, $3, $3, $3::timestamptz + interval '900 s'
       FROM known, generate_series(0, $2::int / 10 - 1) n
       ON CONFLICT (subject, network) DO UPDATE SET failures = 10, wait_until = excluded.wait_until)
     UPDATE password_throttles t SET failures = $2 FROM known WHERE t.subject = known.subject AND t.network = '*'`,
    [name, failures, stage.now],
  );
}

it('S08 5 000 failures from 500 networks do not lock the only administrator out', async () => {
  await expecting(200, logIn(HOME));
  await besiege(105);
  expect(await shared()).toEqual({ failures: 105, wait: 900 });
  await plant(4_999);
  await besiege(1, 'admin', 700);
  expect(await shared()).toEqual({ failures: 5_000, wait: 900 });

  await expecting(200, logIn(HOME));
  await expecting(200, logIn('192.0.2.200', 'admin', undefined, 1));
  const elsewhere = await expecting(429, logIn('198.51.100.1'));
  expect(elsewhere.headers['retry-after']).toBe('900');
  stage.clock.advance(899);
  await expecting(429, logIn('198.51.100.1'));
  await expecting(200, logIn(HOME));
  stage.clock.advance(1);
  await expecting(200, logIn('198.51.100.1', 'admin', undefined, 1));
  expect(await shared()).toEqual({ failures: 0, wait: 0 });
}, 120_000);

it('S08 the wait of unknown networks looks alike in both dialects, for names nobody has too, and runs no hash', async () => {
  await stage.addUser('besieged');
  for (const name of ['besieged', 'nobody']) {
    const calls = [];
    for (let network = 0; network < 20; network += 1)
      calls.push(await logIn(outside(network), name, 'wrong', network % 2));
    expect(count(calls, 401)).toBe(20);
    const runs = stage.servers.map(({ app }) => vi.spyOn(app.get(HashQueue, { strict: false }), 'run'));
    const waiting = await logIn(outside(300), name, PASSWORD);
    expect([waiting.status, waiting.headers['retry-after'], waiting.body]).toEqual([
      429,
      '1',
      { id: 'too many requests', message: 'Too many failed attempts. Try again later.' },
    ]);
    const { status, text } = await atVault(outside(300), name, PASSWORD);
    expect([status, text]).toEqual([403, '{"errors":["permission denied"]}']);
    expect(runs.map((run) => run.mock.calls.length)).toEqual([0, 0]);
    vi.restoreAllMocks();
  }
});

it('S08 Terraform-like sign-ins from a known network feel nothing and clear nothing', async () => {
  await stage.addUser('robot');
  await expecting(200, atVault(HOME, 'robot', PASSWORD));
  await besiege(25, 'robot');
  const before = await shared('robot');
  expect(before).toEqual({ failures: 25, wait: 32 });
  const answers = await together(20, () => atVault(HOME, 'robot', PASSWORD));
  expect(count(answers, 200)).toBe(20);
  await expecting(400, atVault(HOME, 'robot', 'wrong'));
  await expecting(200, atVault(HOME, 'robot', PASSWORD));
  expect(await shared('robot')).toEqual(before);
  await expecting(403, atVault('198.51.100.9', 'robot', PASSWORD));
});

it('S08 a network is known for 30 days after a sign-in with all factors, and not after the password alone', async () => {
  const player = await stage.addProtected('traveller');
  await stage.rows('DELETE FROM known_networks');
  const from = { 'x-forwarded-for': '203.0.113.7' };
  const partial = (await expecting(200, stage.appgate().authenticate('traveller', PASSWORD, from))).body
    .token;
  const known = () => stage.rows('SELECT network, last_sign_in_at FROM known_networks');
  expect(await known()).toEqual([]);
  await stage.makeAdministrator('traveller');
  stage.clock.advance(30);
  const call = (method: string, path: string, body?: object) =>
    stage.appgate().with(partial).call(method, path, body, from);
  const proven = await expecting(200, call('POST', '/authentication/otp', { otp: stage.code(player) }));
  expect(await known()).toEqual([]);
  await expecting(
    200,
    stage.appgate().with(proven.body.token).call('GET', '/authorization', undefined, from),
  );
  expect(await known()).toEqual([{ network: '203.0.113.0/24', last_sign_in_at: stage.now }]);
});

const CLEARING: Record<string, () => Promise<unknown>> = {
  'the console': () =>
    stage.first.app.get(LockedUsersService, { strict: false }).clearThrottle('local', 'BELEAGUERED', SERVER),
  'an unlock at /v1': () =>
    expecting(204, stage.root.write(`sys/locked-users/${stage.accessor}/unlock/beleaguered`)),
  'an administrator at /admin': async () => {
    const admin = await stage.administrator();
    const [user] = (await expecting(200, admin.get('/local-users?query=beleaguered'))).body.data;
    await expecting(200, admin.put(`/local-users/${user.id}`, { ...user, failedLoginAttempts: 0 }));
  },
  '24 h of peace': async () => stage.clock.advance(DAY + 1),
};

it('S08 is ended by the console, an administrator, 24 h of peace, and nothing of it by half', async () => {
  await stage.addUser('beleaguered');
  for (const [act, clear] of Object.entries(CLEARING)) {
    await besiege(1, 'beleaguered');
    await plant(120, 'beleaguered');
    await besiege(1, 'beleaguered', 400);
    await expecting(429, logIn('198.51.100.1', 'beleaguered', PASSWORD));
    await clear();
    const { status } = await stage
      .appgate()
      .authenticate('beleaguered', PASSWORD, { 'x-forwarded-for': outside(3) });
    expect([act, status]).toEqual([act, 200]);
  }
});

it('S08 the console says where nobody has the name', async () => {
  const locked = stage.first.app.get(LockedUsersService, { strict: false });
  expect(await locked.clearThrottle('local', 'nobody at all', SERVER)).toBe(false);
  expect(await locked.clearThrottle('elsewhere', 'admin', SERVER)).toBe(false);
});

it('S07 the wait an administrator made longer than 15 minutes is for known networks only', async () => {
  await stage.addUser('patient');
  await expecting(200, atVault(HOME, 'patient', PASSWORD));
  await stage.rows(`UPDATE identity_providers SET user_lockout_duration_minutes = 60 WHERE name = 'local'`);
  await stage.rows(
    `INSERT INTO password_throttles (subject, network, failures, last_failure_at, updated_at)
     SELECT id::text, network, 15, $1, $1 FROM accounts, unnest(ARRAY['192.0.2.0/24', '10.0.1.0/24']) AS network
     WHERE name = 'patient' ON CONFLICT (subject, network) DO UPDATE SET failures = 15`,
    [stage.now],
  );
  const waits = [];
  for (const address of [HOME, outside(1)]) {
    await expecting(401, logIn(address, 'patient', 'wrong'));
    waits.push((await expecting(429, logIn(address, 'patient', PASSWORD))).headers['retry-after']);
  }
  expect(waits).toEqual(['3600', '900']);
  await stage.rows(`UPDATE identity_providers SET user_lockout_duration_minutes = 1 WHERE name = 'local'`);
});

it('S08 with password_failure_cap a hundred failures stop the password for unknown networks, until an act ends it', async () => {
  const capped = await Stage.open(1, {
    settings: { SALLYPORT_TRUSTED_PROXIES: '127.0.0.1', SALLYPORT_PASSWORD_FAILURE_CAP: '100' },
  });
  const away = { 'x-forwarded-for': '198.51.100.1' };
  const home = { 'x-forwarded-for': HOME };
  const fail = (network: number) =>
    capped.appgate().authenticate('capped', 'wrong', { 'x-forwarded-for': outside(network) });
  /** The failures up to the last one before the cap are planted; that one is driven. */
  const stop = async () => {
    capped.clock.advance(DAY + 1);
    await expecting(401, fail(0));
    await capped.rows(`UPDATE password_throttles SET failures = 98, wait_until = NULL WHERE network = '*'`);
    await expecting(401, fail(1));
    expect(await stoppedAt()).toBe(null);
    capped.clock.advance(60);
    await expecting(401, fail(2));
    expect(await stoppedAt()).toEqual(capped.now);
    capped.clock.advance(900);
  };
  const stoppedAt = async () =>
    (await capped.rows(`SELECT password_stopped_at AS at FROM local_users WHERE name = 'capped'`))[0]!.at;
  const signIn = (from: Record<string, string>, password = PASSWORD) =>
    capped.appgate().authenticate('capped', password, from);
  try {
    await capped.addUser('capped');
    const body = { password: PASSWORD };
    await expecting(200, capped.vault().call('POST', 'auth/userpass/login/capped', { headers: home, body }));
    await stop();

    const runs = vi.spyOn(capped.first.app.get(HashQueue, { strict: false }), 'run');
    const right = await expecting(401, signIn(away));
    expect([right.body, runs.mock.calls.length]).toEqual([WRONG, 1]);
    await expecting(200, signIn(home));
    capped.clock.advance(27 * DAY);
    expect((await expecting(401, signIn(away))).body).toEqual(WRONG);
    await expecting(200, capped.vault().call('POST', 'auth/userpass/login/capped', { headers: home, body }));
    expect((await expecting(401, signIn(away))).body).toEqual(WRONG);
    await expecting(204, capped.root.write(`sys/locked-users/${capped.accessor}/unlock/capped`));
    expect((await expecting(401, signIn(away))).body).toEqual(WRONG);
    const told = await capped.rows(
      `SELECT n.kind, n.detail->'factor' AS factor, n.detail->>'reason' AS reason FROM notices n JOIN accounts a USING (principal_id)
       WHERE a.name = 'capped' AND n.kind = 'factor-disable'`,
    );
    expect(told).toEqual([
      {
        kind: 'factor-disable',
        factor: { type: 'password' },
        reason: '100 wrong passwords from networks not known to the account',
      },
    ]);
    const events = await capped.rows(
      `SELECT detail FROM audit_events WHERE action = 'account.password-stopped'`,
    );
    expect(events).toEqual([{ detail: { failures: 100 } }]);

    const locked = capped.first.app.get(LockedUsersService, { strict: false });
    expect(await locked.clearThrottle('local', 'capped', SERVER)).toBe(true);
    await expecting(200, signIn(away));

    await stop();
    await expecting(401, signIn(away));
    const next = 'walnut-harbour-sextant-58';
    await expecting(204, capped.root.write('auth/userpass/users/capped/password', { password: next }));
    capped.clock.advance(900);
    await expecting(200, signIn(away, next));
  } finally {
    await capped.close();
  }
}, 60_000);
