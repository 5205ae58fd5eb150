import { setTimeout as pause } from 'node:timers/promises';
import { ADVISORY_LOCKS, Database } from '@sallyport/platform';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Readiness } from '../../apps/server/src/http/readiness.js';
import { MetricsListener } from '../../apps/server/src/ops/metrics-listener.service.js';
import { startSallyport } from '../support/sallyport.js';
import { sendRaw } from '../support/raw-socket.js';
import { health, metricsUrl, Scrape } from '../support/scrape.js';
import { expecting, send } from '../support/send.js';
import { PASSWORD, Stage } from '../support/stage.js';

const WRONG = 'plum-orbit-velvet-00';
/** Whoever holds it seals. */

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(2, { settings: { METRICS_PORT: '0', SALLYPORT_DATABASE_POOL: '4' } });
});
afterAll(() => stage.close());

/** By how much the samples of these metrics grew meanwhile; what did not change is left out. */
async function growth(metrics: string[], act: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await Scrape.of(stage.first);
  await act();
  // A request is counted when its answer is out.
  await pause(20);
  const now = await Scrape.of(stage.first);
  return Object.fromEntries(
    metrics.flatMap((metric) =>
      Object.entries(now.of(metric)).flatMap(([labels, value]) => {
        const grown = value - (before.of(metric)[labels] ?? 0);
        return grown === 0 ? [] : [[labels, grown] as const];
      }),
    ),
  );
}

const SIGN_INS = ['sallyport_sign_in_steps_total', 'sallyport_sign_ins_finished_total'];
const step = (dialect: string, method: string, outcome: string) =>
  `dialect="${dialect}",method="${method}",outcome="${outcome}"`;
const finished = (dialect: string, method: string) => `dialect="${dialect}",method="${method}"`;

it('sign-ins at /v1 are counted by method and outcome, each once', async () => {
  const player = await stage.addProtected('vera');
  await stage.addUser('paul');
  const grown = await growth(SIGN_INS, async () => {
    await expecting(400, stage.vault().logIn('vera', WRONG));
    await expecting(400, stage.vault().logIn('nobody-there', WRONG));
    await expecting(200, stage.vault().logIn('paul', PASSWORD));
    stage.clock.advance(30);
    const requestId = await stage.request('vera');
    await expecting(403, stage.vault().validate(requestId, stage.wrong(player)));
    await expecting(200, stage.vault().validate(requestId, stage.code(player)));
  });
  expect(grown).toEqual({
    [step('vault', 'password', 'wrong')]: 2,
    [step('vault', 'password', 'accepted')]: 2,
    [step('vault', 'totp', 'wrong')]: 1,
    [step('vault', 'totp', 'accepted')]: 1,
    [finished('vault', 'password')]: 1,
    [finished('vault', 'totp')]: 1,
  });
});

it('sign-ins at /admin are counted by method and outcome, each once', async () => {
  const player = await stage.addProtected('anna');
  await stage.makeAdministrator('anna');
  stage.clock.advance(30);
  const grown = await growth(SIGN_INS, async () => {
    await expecting(401, stage.appgate().authenticate('anna', WRONG));
    const partial = await stage.partial('anna');
    await expecting(401, partial.submit(stage.wrong(player)));
    const proven = partial.with((await expecting(200, partial.submit(stage.code(player)))).body.token);
    await expecting(200, proven.authorize());
    await stage.administrator();
  });
  expect(grown).toEqual({
    [step('appgate', 'password', 'wrong')]: 1,
    [step('appgate', 'password', 'accepted')]: 2,
    [step('appgate', 'totp', 'wrong')]: 1,
    [step('appgate', 'totp', 'accepted')]: 1,
    [finished('appgate', 'totp')]: 1,
    [finished('appgate', 'password')]: 1,
  });
});

it('tries that are turned away are counted, of passwords and of factors', async () => {
  const player = await stage.addProtected('theo');
  const grown = await growth(['sallyport_throttles_total'], async () => {
    const requestId = await stage.request('theo');
    for (let tries = 0; tries < 6; tries += 1) await stage.vault().validate(requestId, stage.wrong(player));
    for (let tries = 0; tries < 7; tries += 1) await stage.vault().logIn('theo', WRONG);
  });
  expect(grown).toEqual({ 'kind="factor"': 1, 'kind="password"': 2 });
  stage.clock.advance(3_600);
});

it('checks of tokens and refusals are counted; a refusal that is folded says so', async () => {
  const metrics = ['sallyport_token_checks_total', 'sallyport_audit_refusals_total'];
  const grown = await growth(metrics, async () => {
    await expecting(200, stage.root.read('auth/token/lookup-self'));
    for (let times = 0; times < 3; times += 1)
      await expecting(403, stage.vault().with('hvs.nobody-has-this-one').read('auth/token/lookup-self'));
  });
  expect(grown).toEqual({
    'outcome="live"': 1,
    'outcome="dead"': 3,
    'action="access.denied",folded="no"': 1,
    'action="access.denied",folded="yes"': 2,
  });
});

it('requests are counted by the template of their route, and by their time', async () => {
  const admin = await stage.administrator();
  const metrics = ['sallyport_http_requests_total', 'sallyport_http_request_seconds_count'];
  const grown = await growth(metrics, async () => {
    await expecting(404, admin.get('/local-users/7c0a53a2-94d2-4a4d-8f3c-0d9dfb4f6a10'));
    await expecting(404, send({ method: 'GET', url: `${stage.first.url}/nowhere/planted-in-a-path` }));
    await expecting(404, send({ method: 'GET', url: `${stage.first.url}/%zz-planted` }));
    await expecting(200, stage.root.list('sys/policies/acl'));
  });
  expect(grown).toEqual({
    'dialect="appgate",method="GET",route="/admin/local-users/:id",status="404"': 1,
    'dialect="appgate",method="GET",route="/admin/local-users/:id"': 1,
    'dialect="ops",method="GET",route="(no route)",status="404"': 2,
    'dialect="ops",method="GET",route="(no route)"': 2,
    'dialect="vault",method="LIST",route="/v1/sys/policies/acl",status="200"': 1,
    'dialect="vault",method="LIST",route="/v1/sys/policies/acl"': 1,
  });
});

it('each replica counts for itself, in one process too', async () => {
  const elsewhere = await Scrape.of(stage.servers[1]!);
  expect(elsewhere.of('sallyport_sign_ins_finished_total')).toEqual({});
  expect(elsewhere.of('sallyport_build_info')).toEqual({
    [`version="0.1.0",node="${process.version}"`]: 1,
  });
});

it('S70 S97 no name, password, code, token or id stands in a scrape or in the detail of health', async () => {
  const player = await stage.addProtected('planted-name-of-somebody');
  const token = await stage.vaultToken(player);
  await stage.vault().logIn('planted-name-of-nobody', 'planted-password');
  await stage.appgate().authenticate('planted-name-of-nobody', 'planted-password');
  await stage.root.write('auth/token/roles/planted-role', {});
  await send({
    method: 'PROPFIND',
    url: `${stage.first.url}/admin/planted-path?planted-query=1`,
    headers: { 'x-planted': 'planted-header', host: 'planted-host' },
  });
  const { text } = await Scrape.of(stage.first);
  const shown = `${text}\n${(await health(stage.first)).text}`;
  expect(shown.match(/planted[^"]*/g)).toBe(null);
  const { rows } = await stage.first.database.query('SELECT id::text FROM principals');
  const ids = rows.map(({ id }) => id as string);
  for (const secret of [token, PASSWORD, stage.first.rootToken, player.authenticator.secret, ...ids])
    expect(shown).not.toContain(secret);
});

it('S97 nothing of it is on the public ports, and nothing else on its own', async () => {
  stage.clock.set(new Date());
  for (const path of ['/metrics', '/health', '/metrics/', '/Metrics']) {
    await expecting(404, send({ method: 'GET', url: `${stage.first.url}${path}` }));
    const own = path === '/metrics' || path === '/health' ? 200 : 404;
    await expecting(own, send({ method: 'GET', url: `${metricsUrl(stage.first)}${path}` }));
  }
  for (const path of ['/', '/healthz', '/v1/sys/health', '/admin/version', '/docs'])
    await expecting(404, send({ method: 'GET', url: `${metricsUrl(stage.first)}${path}` }));
  for (const method of ['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'])
    await expecting(405, send({ method, url: `${metricsUrl(stage.first)}/metrics` }));
});

it('S85 S97 on loopback nothing is told under a name of somebody else’s, to which a browser may be led', async () => {
  const url = metricsUrl(stage.first);
  const asked = async (host: string, path: string) =>
    (await sendRaw(url, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).statuses;
  const { host, port } = new URL(url);
  for (const path of ['/metrics', '/health'])
    for (const name of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1.evil.example',
      'localhost.evil',
      '',
    ])
      expect([name, await asked(name, path)]).toEqual([name, [421]]);
  for (const name of [host, '127.0.0.1', `localhost:${port}`, `[::1]:${port}`])
    expect([name, await asked(name, '/metrics')]).toEqual([name, [200]]);
});

it('S97 nobody keeps a connection by saying nothing', { timeout: 20_000 }, async () => {
  const url = metricsUrl(stage.first);
  const began = performance.now();
  const held = await Promise.all(
    Array.from({ length: 16 }, () => sendRaw(url, 'GET /metrics HTTP/1.1\r\nHost: ', 12_000)),
  );
  expect(held.every(({ closed }) => closed)).toBe(true);
  expect(performance.now() - began).toBeLessThan(9_000);
  expect((await Scrape.of(stage.first)).of('sallyport_build_info')).not.toEqual({});
  stage.clock.set(new Date());
});

it('S97 without METRICS_PORT nothing listens', async () => {
  const plain = await startSallyport({ replicaOf: stage.first });
  expect(plain.app.get(MetricsListener, { strict: false }).address).toBe(null);
  await plain.stop();
});

it('a port that is taken stops the start, and nothing is left running', async () => {
  const taken = new URL(metricsUrl(stage.first)).port;
  const settings = { METRICS_PORT: taken };
  await expect(startSallyport({ replicaOf: stage.first, settings })).rejects.toThrow('EADDRINUSE');
});

it('S71 a key that is overdue raises its metric, and its age is told', async () => {
  expect((await Scrape.of(stage.first)).of('sallyport_keys_overdue')).toEqual({
    'kind="data key"': 0,
    'kind="master key"': 0,
  });
  await age(455);
  const old = await Scrape.of(stage.first);
  expect(old.of('sallyport_keys_overdue')).toEqual({ 'kind="data key"': 1, 'kind="master key"': 0 });
  expect(old.of('sallyport_key_age_seconds')).toEqual({
    'kind="data key"': 455 * 86_400,
    'kind="master key"': 455 * 86_400,
  });
  await age(730);
  expect((await Scrape.of(stage.first)).of('sallyport_keys_overdue')).toEqual({
    'kind="data key"': 1,
    'kind="master key"': 1,
  });
  await age(0);
});

async function age(days: number): Promise<void> {
  await stage.rows(`UPDATE data_keys SET created_at = $1::timestamptz - make_interval(days => $2)`, [
    stage.now,
    days,
  ]);
}

it('S75 the lag of the seals is told, in seconds and in rows', async () => {
  const sealer = await stage.first.database.connect();
  await sealer.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCKS.auditSeal]);
  await sealer.query('DELETE FROM audit_unsealed');
  const before = await events();
  await stage.root.write('auth/token/roles/late', {});
  const added = (await events()) - before;
  stage.clock.advance(61);
  const behind = await Scrape.of(stage.first);
  expect(behind.of('sallyport_audit_seal_lag_seconds')).toEqual({ '': 61 });
  expect(behind.of('sallyport_audit_unsealed_rows')).toEqual({ '': added });
  expect((await health(stage.first)).body.audit).toMatchObject({ sealLagSeconds: 61, sinks: [] });
  await sealer.query('SELECT pg_advisory_unlock_all()');
  sealer.release();
  await until(async () => (await Scrape.of(stage.first)).of('sallyport_audit_unsealed_rows')[''] === 0);
  expect((await Scrape.of(stage.first)).of('sallyport_audit_seal_lag_seconds')).toEqual({ '': 0 });
});

it('S93 the difference of the clocks is told, and why the replica is not ready', async () => {
  stage.clock.set(new Date());
  expect((await Scrape.of(stage.first)).of('sallyport_ready')).toEqual({ '': 1 });
  expect((await expecting(200, health(stage.first))).body).toMatchObject({
    version: '0.1.0',
    ready: true,
    checks: ['draining', 'database', 'schema', 'clock and primary', 'audit'].map((name) => ({
      name,
      ok: true,
    })),
    keys: [
      { kind: 'data key', overdue: false },
      { kind: 'master key', overdue: false },
    ],
  });
  stage.clock.advance(60);
  const { body } = await expecting(503, health(stage.first));
  expect(body.ready).toBe(false);
  expect(body.checks[3]).toEqual({
    name: 'clock and primary',
    ok: false,
    // The test's clock stands still.
    problem: expect.stringMatching(/^this host and the database differ by (60\.0|5\d\.\d) s$/),
  });
  const scrape = await Scrape.of(stage.first);
  expect(scrape.of('sallyport_ready')).toEqual({ '': 0 });
  const drift = scrape.of('sallyport_clock_drift_seconds')['']!;
  expect([drift > -60.5, drift < -50]).toEqual([true, true]);
  stage.clock.set(new Date());
});

it('S96 a schema with migrations that have not run is not ready', async () => {
  stage.clock.set(new Date());
  const [last] = await stage.rows('SELECT * FROM migrations ORDER BY id DESC LIMIT 1');
  await stage.rows('DELETE FROM migrations WHERE id = $1', [last!['id']]);
  await expecting(503, send({ method: 'GET', url: `${stage.first.url}/readyz` }));
  expect((await health(stage.first)).body.checks[2]).toEqual({
    name: 'schema',
    ok: false,
    problem: '1 migrations have not run',
  });
  const columns = Object.keys(last!);
  await stage.rows(
    `INSERT INTO migrations (${columns.join(', ')}) VALUES (${columns.map((_, index) => `$${index + 1}`).join(', ')})`,
    Object.values(last!),
  );
  await expecting(200, send({ method: 'GET', url: `${stage.first.url}/readyz` }));
});

it('S92 a scrape is answered while no connection is free, and leaves out what it cannot know', async () => {
  const database = stage.first.app.get(Database, { strict: false });
  let free!: () => void;
  const freed = new Promise<void>((resolve) => (free = resolve));
  const holders = Array.from({ length: 4 }, () => database.transaction(() => freed));
  await pause(50);
  const began = performance.now();
  const scrape = await Scrape.of(stage.first);
  expect(performance.now() - began).toBeLessThan(3_500);
  free();
  await Promise.all(holders);
  expect(scrape.of('sallyport_database_pool_connections')).toEqual({ 'state="idle"': 0, 'state="busy"': 4 });
  expect(scrape.of('sallyport_database_pool_limit')).toEqual({ '': 4 });
  expect(scrape.of('sallyport_audit_seal_lag_seconds')).toEqual({});
  expect(scrape.of('sallyport_keys_overdue')).toEqual({});
  expect(scrape.of('sallyport_ready')).toEqual({ '': 0 });
  expect(scrape.of('sallyport_scrape_failures_total')).toMatchObject({
    'reading="audit"': 1,
    'reading="keys"': 1,
  });
  expect(scrape.of('sallyport_sign_ins_finished_total')).not.toEqual({});
});

it('S90 metrics are told until the end of the drain, with the reason', async () => {
  const replica = await startSallyport({ replicaOf: stage.first, settings: { METRICS_PORT: '0' } });
  replica.app.get(Readiness, { strict: false }).end();
  expect((await Scrape.of(replica)).of('sallyport_ready')).toEqual({ '': 0 });
  expect((await health(replica)).body.checks[0]).toEqual({
    name: 'draining',
    ok: false,
    problem: 'it is stopping',
  });
  const url = metricsUrl(replica);
  await replica.stop();
  await expect(send({ method: 'GET', url: `${url}/metrics` })).rejects.toThrow();
});

async function events(): Promise<number> {
  const [row] = await stage.rows<{ count: string }>('SELECT count(*) FROM audit_events');
  return Number(row?.count);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error('it never came');
    await pause(200);
  }
}
