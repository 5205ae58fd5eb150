import { readFileSync } from 'node:fs';
import { chown, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { findAccount, giveTo } from '../../libs/platform/src/database/embedded/account.js';
import {
  APPLICATION,
  ensureApplicationDatabase,
} from '../../libs/platform/src/database/embedded/application-database.js';
import { findBinaries } from '../../libs/platform/src/database/embedded/binaries.js';
import { ensureCluster, type Site, SUPERUSER } from '../../libs/platform/src/database/embedded/cluster.js';
import { launchPostmaster, type Postmaster } from '../../libs/platform/src/database/embedded/postmaster.js';
import { databaseUrl } from './test-server.js';

const READY_MS = 60_000;

/** `fast` ends the sessions in order, `immediate` ends at once as a crash does, `kill` is the crash. */
type Stop = 'fast' | 'immediate' | 'kill';
const SIGNALS: Record<Stop, NodeJS.Signals> = { fast: 'SIGINT', immediate: 'SIGQUIT', kill: 'SIGKILL' };

/** A PostgreSQL of the test's own that is durable, and which nobody but the test starts and stops. */
export class PostgresCluster {
  private postmaster: Postmaster | null = null;
  private frozen: number[] = [];

  private constructor(
    private readonly folder: string,
    private readonly site: Site,
  ) {}

  /** Makes and starts it, with the application's database. @param place where it lies; else among the temporary files. */
  static async start(settings: Record<string, string> = {}, place = tmpdir()): Promise<PostgresCluster> {
    const cluster = await PostgresCluster.at(place, settings);
    await ensureCluster(cluster.site);
    await cluster.resume();
    await cluster.asSuperuser((client) => ensureApplicationDatabase(client));
    return cluster;
  }

  private static async at(place: string, settings: Record<string, string>): Promise<PostgresCluster> {
    const folder = await mkdtemp(join(place, 'sallyport-cluster-'));
    const path = join(folder, 'postgres');
    const account = await findAccount(path);
    if (account !== undefined) await chown(folder, account.uid, account.gid);
    const binaries = await findBinaries(account, folder);
    return new PostgresCluster(folder, { cluster: path, binaries, account, durable: true, settings });
  }

  /** Where its socket lies, and its files. */
  get directory(): string {
    return this.site.cluster;
  }

  /** Straight to it, as the server signs in. */
  get url(): string {
    return databaseUrl(this.directory, APPLICATION);
  }

  get running(): boolean {
    return this.postmaster?.running() ?? false;
  }

  /** Starts it again and waits until it answers. @param settings from now on, beside those there are. */
  async resume(settings: Record<string, string> = {}): Promise<void> {
    Object.assign(this.site.settings, settings);
    const launched = await launchPostmaster(this.site, () => undefined);
    this.postmaster = launched;
    const deadline = performance.now() + READY_MS;
    while (!(await this.answers())) {
      if (!launched.running() || performance.now() > deadline)
        throw new Error(`PostgreSQL does not start:\n${launched.lastLines().join('\n')}`);
      await pause(20);
    }
  }

  async stop(how: Stop): Promise<void> {
    if (!this.running) return;
    process.kill(this.postmaster!.pid, SIGNALS[how]);
    await this.postmaster!.ended;
  }

  /** Stops all its processes where they are: connections stay, nothing is answered. */
  freeze(): void {
    const { pid } = this.postmaster!;
    process.kill(pid, 'SIGSTOP');
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/);
    this.frozen = [...children.filter((text) => text !== '').map(Number), pid];
    for (const child of this.frozen) process.kill(child, 'SIGSTOP');
  }

  thaw(): void {
    for (const pid of this.frozen.splice(0).toReversed()) process.kill(pid, 'SIGCONT');
  }

  async asSuperuser<T>(work: (client: pg.Client) => Promise<T>, database = 'postgres'): Promise<T> {
    const client = new pg.Client({ host: this.directory, user: SUPERUSER, database });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** Rows of the application's database, as its superuser sees them. */
  rows<Row extends object = Record<string, any>>(text: string, values: unknown[] = []): Promise<Row[]> {
    return this.asSuperuser(async (client) => (await client.query(text, values)).rows as Row[], APPLICATION);
  }

  /** Changes settings of the running server. */
  async reconfigure(settings: Record<string, string>): Promise<void> {
    await this.asSuperuser(async (client) => {
      for (const [name, value] of Object.entries(settings))
        await client.query(`ALTER SYSTEM SET ${name} = ${client.escapeLiteral(value)}`);
      await client.query('SELECT pg_reload_conf()');
    });
  }

  /** A standby that this one waits for at every COMMIT, made by the low-level backup interface. */
  async addSynchronousStandby(name = 'second'): Promise<PostgresCluster> {
    const standby = await PostgresCluster.at(tmpdir(), {
      ...this.site.settings,
      primary_conninfo: `host=${this.directory} user=${SUPERUSER} application_name=${name}`,
    });
    await this.asSuperuser(async (client) => {
      await client.query(`SELECT pg_backup_start('standby', true)`);
      await copyCluster(this.directory, standby.directory);
      const { rows } = await client.query<{ labelfile: string }>(
        'SELECT labelfile FROM pg_backup_stop(false)',
      );
      await writeFile(join(standby.directory, 'backup_label'), rows[0]!.labelfile);
    });
    await writeFile(join(standby.directory, 'standby.signal'), '');
    if (standby.site.account !== undefined) await giveTo(standby.site.account, standby.directory);
    await standby.resume();
    await this.reconfigure({ synchronous_standby_names: name });
    await this.until(
      `SELECT FROM pg_stat_replication WHERE application_name = '${name}' AND sync_state = 'sync'`,
    );
    return standby;
  }

  /** From now on this standby is a primary, which waits for nobody. */
  async promote(): Promise<void> {
    await this.asSuperuser((client) => client.query('SELECT pg_promote(true, 60)'));
    await this.reconfigure({ synchronous_standby_names: '' });
  }

  async remove(): Promise<void> {
    this.thaw();
    await this.stop('immediate');
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  private async answers(): Promise<boolean> {
    return this.asSuperuser((client) => client.query('SELECT 1')).then(
      () => true,
      () => false,
    );
  }

  private async until(statement: string): Promise<void> {
    const deadline = performance.now() + READY_MS;
    while ((await this.rows(statement)).length === 0) {
      if (performance.now() > deadline) throw new Error(`in vain: ${statement}`);
      await pause(50);
    }
  }
}

/** The files of a running cluster without what belongs to its process; the log comes by streaming. */
async function copyCluster(from: string, to: string): Promise<void> {
  const own = /^(postmaster\.(pid|opts)|\.s\.PGSQL\..*|pgsql_tmp.*)$/;
  const emptied =
    /\/(pg_wal|pg_replslot|pg_dynshmem|pg_notify|pg_serial|pg_snapshots|pg_stat_tmp|pg_subtrans)\//;
  await cp(from, to, {
    recursive: true,
    filter: (path) => !own.test(basename(path)) && !emptied.test(path),
  });
  await mkdir(join(to, 'pg_wal/archive_status'), { recursive: true });
}
