import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

/** The built libs: the runner is plain Node and reads no decorators. */
export async function builtPlatform(): Promise<typeof import('@sallyport/platform')> {
  const built = new URL('../../../dist/libs/platform/src/index.js', import.meta.url).href;
  return (await import(built)) as typeof import('@sallyport/platform');
}

/** Without these a crash forgets what was acknowledged; a run on such a server is refused. */
const DURABLE = { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' };
/** Of a small server: the data of all sides fit, and a checkpoint in the middle of a round is rare. */
const SETTINGS = {
  shared_buffers: '512MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
  max_connections: '200',
};

/** The one PostgreSQL every side works on. */
export interface BenchPostgres {
  pid: number;
  version: string;
  folder: string;
  /** The URL of a database as the role that owns it, who is nobody in the rest of the cluster. */
  url(database: string): string;
  create(database: string): Promise<void>;
  /** A superuser's connections, for planting and for looking at rows. */
  rows<Row extends object>(database: string, text: string, values?: unknown[]): Promise<Row[]>;
  /** @throws Error where a crash could forget what was acknowledged in this database. */
  mustBeDurable(database: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startPostgres(): Promise<BenchPostgres> {
  const { startEmbeddedPostgres } = await builtPlatform();
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  const server = await startEmbeddedPostgres({ dataDirectory: folder, durable: true, settings: SETTINGS });
  const pid = Number.parseInt(await readFile(join(folder, 'postgres/postmaster.pid'), 'utf8'), 10);
  // Ctrl-C leaves no time for an orderly end.
  const cutShort = (): void => {
    process.kill(pid, 'SIGQUIT');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once('exit', cutShort);
  const pools = new Map<string, pg.Pool>();
  const poolOf = (database: string): pg.Pool => {
    const known = pools.get(database);
    if (known !== undefined) return known;
    const made = new pg.Pool({ host: server.socketDirectory, user: 'postgres', database, max: 2 });
    // What is lost with a connection nobody uses is told by whoever asks next.
    made.on('error', () => undefined);
    pools.set(database, made);
    return made;
  };
  const rows = async <Row extends object>(
    database: string,
    text: string,
    values: unknown[] = [],
  ): Promise<Row[]> => (await poolOf(database).query(text, values)).rows as Row[];
  const [{ version }] = (await rows<{ version: string }>(
    'postgres',
    `SELECT current_setting('server_version') AS version`,
  )) as [{ version: string }];
  return {
    pid,
    version,
    folder,
    url: (database) =>
      `postgres://${server.user}@/${database}?host=${encodeURIComponent(server.socketDirectory)}`,
    create: async (database) => {
      await rows('postgres', `CREATE DATABASE ${database} OWNER ${server.user}`);
    },
    rows,
    mustBeDurable: async (database) => {
      for (const [name, wanted] of Object.entries(DURABLE)) {
        const [row] = await rows<{ value: string }>(
          database,
          `SELECT coalesce((SELECT split_part(setting, '=', 2) FROM pg_db_role_setting, unnest(setconfig) setting
             WHERE setting LIKE $1 || '=%' LIMIT 1), current_setting($1)) AS value`,
          [name],
        );
        if (row?.value !== wanted)
          throw new Error(`${name} is ${row?.value} for ${database}: nothing durable was measured`);
      }
    },
    stop: async () => {
      for (const pool of pools.values()) await pool.end();
      await server.stop();
      process.off('exit', cutShort);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
