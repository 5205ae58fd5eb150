import { setTimeout as pause } from 'node:timers/promises';
import { AuditSealerService, AuditVerifier } from '@sallyport/audit';
import { bringUp, Database, MasterKey } from '@sallyport/platform';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diagnose } from '../../apps/cli/src/doctor/diagnose.js';
import { AcknowledgedLoad } from '../support/acknowledged-load.js';
import { AppgateClient } from '../support/appgate-client.js';
import { LiveClock } from '../support/live-clock.js';
import { NO_PGBOUNCER, PgBouncer, POOLERS } from '../support/pgbouncer.js';
import { PostgresCluster } from '../support/postgres-cluster.js';
import { actsEqualAudit, recordEqualsTables } from '../support/record-and-tables.js';
import { type Sallyport, startSallyport } from '../support/sallyport.js';
import { expecting, send } from '../support/send.js';
import { count, PASSWORD, Stage, together } from '../support/stage.js';
import { serverUrlOf } from '../support/test-server.js';
import { isUnavailable } from '../support/unavailable.js';

/** Fewer sessions than two replicas have connections. */
const SESSIONS = 5;
const LIMITS = 'statement_timeout lock_timeout idle_in_transaction_session_timeout'.split(' ');
const BACK_MS = 5_000;
const KEY = new MasterKey([Buffer.alloc(32, 1)]);

if (NO_PGBOUNCER !== null) process.stderr.write(`test/operations/pooler: ${NO_PGBOUNCER}\n`);

describe.skipIf(NO_PGBOUNCER !== null).each(POOLERS)(
  'behind PgBouncer, $pooler',
  ({ pooler, settings: mode }) => {
    let cluster: PostgresCluster;
    let bouncer: PgBouncer;
    let stage: Stage;
    let settings: Record<string, string>;

    beforeAll(async () => {
      cluster = await PostgresCluster.start();
      bouncer = await PgBouncer.start(cluster.directory, SESSIONS, mode);
      settings = settingsOf(cluster, bouncer, pooler);
      // The sessions a first start finds may be older than the limits of the role.
      await askThrough('SELECT 1');
      stage = await Stage.open(2, { clock: new LiveClock(), settings });
    }, 120_000);
    afterAll(async () => {
      await stage?.close();
      await bouncer?.remove();
      await cluster?.remove();
    });

    async function askThrough(text: string): Promise<Record<string, unknown>[]> {
      const client = new pg.Client({ connectionString: settings['DATABASE_URL'] });
      await client.connect();
      const { rows } = await client.query(text);
      await client.end();
      return rows;
    }

    const readiness = (): Promise<number[]> => statusesOf(stage.servers, '/readyz');

    it('S92 every session it gives out has the limits, the ones of before the first start as well', async () => {
      const seen = await together(40, () =>
        askThrough(
          `SELECT ${LIMITS.map((name) => `current_setting('${name}') AS ${name}`).join(', ')}, pg_sleep(0.05)::text`,
        ),
      );
      for (const [row] of seen) expect(LIMITS.map((name) => row![name])).toEqual(['5s', '2s', '15s']);
      expect(await readiness()).toEqual([200, 200]);
      // Migrations are no business of a session with limits.
      const [owner] = await cluster.rows(
        `SELECT count(*)::int AS settings FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole WHERE r.rolname = 'sallyport'`,
      );
      expect(owner).toEqual({ settings: 0 });
    });

    it('both dialects sign people in, and roles, lists and revocation work, over two replicas', async () => {
      const player = await stage.addProtected('ada');
      const admin = await stage.administrator(1);
      const made = await expecting(
        200,
        admin.post('/administrative-roles', { name: 'pooled', notes: 'one', privileges: [] }),
      );
      for (let round = 0; round < 20; round += 1) {
        const at = stage.servers[round % 2]!.url;
        const edit = { name: 'pooled', notes: `round ${round}`, privileges: [] };
        await expecting(200, admin.at(at).put(`/administrative-roles/${made.body.id}`, edit));
        const other = admin.at(stage.servers[(round + 1) % 2]!.url);
        const read = await expecting(200, other.get(`/administrative-roles/${made.body.id}`));
        expect(read.body.notes).toBe(edit.notes);
      }
      expect((await expecting(200, admin.get('/local-users?range=0-49'))).body.data.length).toBeGreaterThan(
        0,
      );

      const requestId = await stage.request('ada');
      const code = stage.code(player);
      const { auth } = (await expecting(200, stage.vault(1).validate(requestId, code))).body;
      const self = stage.vault().with(auth.client_token);
      await expecting(200, self.read('auth/token/lookup-self'));
      await expecting(401, (await stage.partial('ada', 1)).submit(code));
      await expecting(
        204,
        stage.root.at(stage.servers[1]!.url).write('auth/token/revoke', { token: auth.client_token }),
      );
      await expecting(403, self.read('auth/token/lookup-self'));
    });

    it('S17 200 parallel tries with one code over two replicas and both dialects give one token', async () => {
      const player = await stage.addProtected('raced');
      const { answers } = await stage.race(player);
      expect(count(answers, 200)).toBe(1);
      for (const answer of answers)
        expect([200, 400, 401, 403, 429].includes(answer.status) || isUnavailable(answer)).toBe(true);
      const [row] = await cluster.rows(
        `SELECT count(*)::int AS spent FROM tokens WHERE principal_id = $1 AND jsonb_array_length(factors) > 0`,
        [player.entityId],
      );
      expect(row!['spent']).toBeLessThanOrEqual(1);
    }, 120_000);

    it('S75 S76 the audit is sealed by either replica, and verifies', async () => {
      const sealing = stage.servers.map(({ app }) => app.get(AuditSealerService, { strict: false }));
      await expect
        .poll(
          async () => {
            await Promise.all(sealing.map((sealer) => sealer.seal()));
            return (await cluster.rows('SELECT FROM audit_unsealed')).length;
          },
          { timeout: 20_000 },
        )
        .toBe(0);
      const verdict = await stage.servers[1]!.app.get(AuditVerifier, { strict: false }).verify();
      expect(verdict).toMatchObject({ intact: true });
      expect(verdict.last).toBeGreaterThan(50);
    });

    it('S92 who waits for a lock gets 503 in time, and waits no more', async () => {
      await stage.addUser('patient');
      await cluster.asSuperuser(async (holder) => {
        await holder.query('BEGIN');
        await holder.query('LOCK TABLE tokens IN ACCESS EXCLUSIVE MODE');
        const begun = performance.now();
        const answer = await stage.vault().logIn('patient', PASSWORD);
        const took = performance.now() - begun;
        expect(isUnavailable(answer)).toBe(true);
        expect(took).toBeGreaterThan(1_500);
        // The lock's two seconds, not the six after which the client gives up.
        expect(took).toBeLessThan(5_500);
        const { rowCount } = await holder.query(
          `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND now() - query_start > interval '3 seconds'`,
        );
        expect(rowCount).toBe(0);
        // More than there are sessions: who waits for one is told in time as well.
        const crowded = performance.now();
        const answers = await together(24, (index) =>
          stage.root.at(stage.servers[index % 2]!.url).read('auth/token/lookup-self'),
        );
        expect(answers.filter((refused) => !isUnavailable(refused))).toEqual([]);
        expect(performance.now() - crowded).toBeLessThan(8_000);
        await holder.query('ROLLBACK');
      }, 'sallyport');
      await expecting(200, stage.vault(1).logIn('patient', PASSWORD));
    });

    it('S92 a replica whose sessions lost their limits is not ready; doctor says so, and the next start mends it', async () => {
      const environment = { ...settings, SALLYPORT_MASTER_KEY_FILE: stage.first.masterKeyFile };
      const doctor = async () =>
        ((await diagnose(environment)).data as { findings: { check: string; state: string }[] }).findings;
      const pooler = async () => (await doctor()).find(({ check }) => check === 'pooler');
      expect((await doctor()).filter(({ state }) => state === 'wrong')).toEqual([]);
      expect(await pooler()).toMatchObject({ state: 'ok' });
      await cluster.rows('ALTER ROLE sallyport_server IN DATABASE sallyport RESET ALL');
      await bouncer.kill();
      await bouncer.resume();
      await expect.poll(readiness, { timeout: 15_000 }).toEqual([503, 503]);
      expect(await pooler()).toMatchObject({
        state: 'wrong',
        message: `a session it gave out has no ${LIMITS.join(', no ')}`,
      });
      await stage.restart(1);
      await expect.poll(readiness, { timeout: 5_000 }).toEqual([200, 200]);
      expect(await pooler()).toMatchObject({ state: 'ok' });
    }, 60_000);

    it('does not start where nobody told of the pooler, nor as the owner through it', async () => {
      const through = bouncer.url(cluster.url);
      const served = settings['DATABASE_URL']!;
      await expect(bringUp({ databaseUrl: served, migrationUrl: null }, KEY)).rejects.toThrow(
        'DATABASE_URL: leads to a pooler, which keeps no sessions: set SALLYPORT_DATABASE_POOLER=transaction',
      );
      await expect(
        bringUp({ databaseUrl: served, migrationUrl: through, pooled: true }, KEY),
      ).rejects.toThrow('SALLYPORT_MIGRATION_DATABASE_URL: leads to a pooler: name the database itself here');
    });
  },
);

describe.skipIf(NO_PGBOUNCER !== null).each(POOLERS)(
  'behind PgBouncer, $pooler, under load',
  ({ pooler, settings: mode }) => {
    let cluster: PostgresCluster;
    let bouncer: PgBouncer;
    let servers: Sallyport[] = [];
    let load: AcknowledgedLoad;

    beforeAll(async () => {
      cluster = await PostgresCluster.start();
      bouncer = await PgBouncer.start(cluster.directory, SESSIONS, mode);
      const options = { clock: new LiveClock(), settings: settingsOf(cluster, bouncer, pooler) };
      const first = await startSallyport(options);
      servers = [first, await startSallyport({ ...options, replicaOf: first })];
      let asked = 0;
      const { rootToken, adminPassword } = first;
      load = await AcknowledgedLoad.prepare(
        { url: () => servers[(asked += 1) % 2]!.url, rootToken, adminPassword },
        { plain: 2, players: 3, roles: 4, workers: 1 },
      );
      load.begin(1);
    }, 120_000);
    afterAll(async () => {
      await load?.end();
      for (const server of servers.toReversed()) await server.stop();
      await bouncer?.remove();
      await cluster?.remove();
    });

    it.each([
      ['PgBouncer', () => bouncer.kill(), () => bouncer.resume()],
      ['the PostgreSQL behind it', () => cluster.stop('immediate'), () => cluster.resume()],
    ])(
      'S91 %s crashes: only right answers and 503, and all is back without a restart',
      async (_, begin, end) => {
        await load.progress(20);
        load.expect('unavailable');
        await begin();
        await expect.poll(() => statusesOf(servers, '/readyz'), { timeout: 15_000 }).toEqual([503, 503]);
        await pause(1_000);
        expect(await statusesOf(servers, '/healthz')).toEqual([200, 200]);
        await end();
        await expect.poll(() => statusesOf(servers, '/readyz'), { timeout: BACK_MS }).toEqual([200, 200]);
        await pause(BACK_MS);
        load.expect();
        await load.progress(20);
        expect(load.surprises).toEqual([]);
      },
      90_000,
    );

    it('S90 S72 everything that was acknowledged is there, once, with its audit row', async () => {
      await load.end();
      expect(load.counts.unavailable).toBeGreaterThan(0);
      await recordEqualsTables(load, cluster);
      await actsEqualAudit(load, cluster);
    });
  },
);

describe.skipIf(NO_PGBOUNCER !== null)('behind a pooler that keeps what is prepared', () => {
  it('S92 prepares statements once, and has the limits of the role', async () => {
    const cluster = await PostgresCluster.start();
    // 1.18 keeps statements by keeping sessions; from 1.21 on `max_prepared_statements` does it in transaction mode too.
    const bouncer = await PgBouncer.start(cluster.directory, 20, { pool_mode: 'session' });
    const ignored = { ignore_startup_parameters: LIMITS.join(',') };
    const hidden = await PgBouncer.start(cluster.directory, 5, ignored);
    const unseen = { databaseUrl: hidden.url(serverUrlOf(cluster.url)), migrationUrl: null };
    await expect(bringUp(unseen, KEY)).rejects.toThrow('DATABASE_URL: leads to a pooler');
    await hidden.remove();
    const settings = settingsOf(cluster, bouncer, 'prepared');
    const server = await startSallyport({ clock: new LiveClock(), settings });
    try {
      const admin = await new AppgateClient(server.url).final('admin', server.adminPassword);
      for (let round = 0; round < 5; round += 1) await expecting(200, admin.get('/local-users'));
      expect(await statusesOf([server], '/readyz')).toEqual([200]);
      const database = server.app.get(Database, { strict: false });
      const [row] = await database.query<{ named: number; patience: string }>(
        `SELECT count(*)::int AS named, current_setting('lock_timeout') AS patience FROM pg_prepared_statements`,
      );
      expect(row!.named).toBeGreaterThan(0);
      expect(row!.patience).toBe('2s');
    } finally {
      await server.stop();
      await bouncer.remove();
      await cluster.remove();
    }
  }, 60_000);
});

/** What a replica is told: its own role through the pooler, the owner past it. */
function settingsOf(cluster: PostgresCluster, bouncer: PgBouncer, pooler: string): Record<string, string> {
  return {
    DATABASE_URL: bouncer.url(serverUrlOf(cluster.url)),
    SALLYPORT_MIGRATION_DATABASE_URL: cluster.url,
    SALLYPORT_DATABASE_POOLER: pooler,
    SALLYPORT_ACCEPT_UNSAFE_DATABASE: '',
  };
}

async function statusesOf(servers: Sallyport[], path: string): Promise<number[]> {
  const answers = servers.map(({ url }) => send({ method: 'GET', url: `${url}${path}` }));
  return (await Promise.all(answers)).map(({ status }) => status);
}
