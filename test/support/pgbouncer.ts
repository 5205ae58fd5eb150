import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { findAccount } from '../../libs/platform/src/database/embedded/account.js';
import { freePort } from './tcp-port.js';

const PLACES = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/opt/homebrew/bin/pgbouncer'];
/** `PGBOUNCER` names another one than the system's. */
const PROGRAM = [process.env['PGBOUNCER'] ?? '', ...PLACES].find((path) => existsSync(path));

/** Why there is no PgBouncer to test against; null where there is one. */
export const NO_PGBOUNCER = PROGRAM
  ? null
  : 'skipped: pgbouncer is not installed (Debian: apt-get install pgbouncer)';

/** How PgBouncer can be used, by the value of `SALLYPORT_DATABASE_POOLER`: from 1.21 on it keeps prepared statements in transaction mode too. */
export const POOLERS: { pooler: string; settings: Record<string, string> }[] = [
  { pooler: 'transaction', settings: {} },
  ...(keepsStatements() ? [{ pooler: 'prepared', settings: { max_prepared_statements: '500' } }] : []),
];

function keepsStatements(): boolean {
  if (PROGRAM === undefined) return false;
  const [, major, minor] = /(\d+)\.(\d+)/.exec(execFileSync(PROGRAM, ['--version'], { encoding: 'utf8' }))!;
  return Number(major) > 1 || Number(minor) >= 21;
}

const READY_MS = 10_000;

/** PgBouncer in transaction mode on loopback, set as docs/operations.md says, before a PostgreSQL of the tests. */
export class PgBouncer {
  private child: ChildProcess | null = null;
  private said = '';

  private constructor(
    private readonly folder: string,
    private readonly port: number,
    private readonly account: { uid: number; gid: number } | undefined,
  ) {}

  /**
   * @param directory where PostgreSQL's socket lies.
   * @param sessions of PostgreSQL it opens for one role of one database.
   * @param settings of PgBouncer, over those of the docs.
   */
  static async start(
    directory: string,
    sessions: number,
    settings: Record<string, string> = {},
  ): Promise<PgBouncer> {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-pgbouncer-'));
    const account = await findAccount(directory);
    const port = await freePort();
    const all = {
      listen_addr: '127.0.0.1',
      listen_port: String(port),
      unix_socket_dir: '',
      auth_type: 'trust',
      auth_file: join(folder, 'users.txt'),
      pool_mode: 'transaction',
      default_pool_size: String(sessions),
      max_client_conn: '500',
      query_wait_timeout: '2',
      server_login_retry: '1',
      server_connect_timeout: '2',
      ...settings,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
    await writeFile(
      join(folder, 'pgbouncer.ini'),
      ['[databases]', `* = host=${directory}`, '[pgbouncer]', ...lines, ''].join('\n'),
    );
    await writeFile(all.auth_file, '"sallyport" ""\n"sallyport_server" ""\n');
    if (account !== undefined)
      for (const path of [folder, join(folder, 'pgbouncer.ini'), all.auth_file])
        await chown(path, account.uid, account.gid);
    const bouncer = new PgBouncer(folder, port, account);
    await bouncer.resume();
    return bouncer;
  }

  /** The same database through here. */
  url(direct: string): string {
    const { username, pathname } = new URL(direct.replace('@/', '@localhost/'));
    return `postgres://${username}@127.0.0.1:${this.port}${pathname}`;
  }

  async resume(): Promise<void> {
    const child = spawn(PROGRAM!, [join(this.folder, 'pgbouncer.ini')], {
      ...this.account,
      cwd: this.folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.child = child;
    child.stderr.on('data', (chunk) => (this.said += String(chunk)));
    const deadline = performance.now() + READY_MS;
    while (!(await this.answers())) {
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error(`PgBouncer did not start: ${this.said.slice(-2000)}`);
      await pause(20);
    }
  }

  /** As a crash would. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async answers(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.url('postgres://sallyport@/pgbouncer') });
    client.on('error', () => undefined);
    // Its own console lets nobody in who is not named for it, and says so: that is an answer.
    return client.connect().then(
      () => client.end().then(() => true),
      (error: { code?: string }) => error.code !== 'ECONNREFUSED',
    );
  }
}
