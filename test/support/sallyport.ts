import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Clock, readConfig } from '@sallyport/platform';
import pg from 'pg';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startServer } from '../../apps/server/src/start/start-server.js';
import { ShuffledReplicas } from './shuffled-replicas.js';
import { createTestDatabase } from './test-database.js';
import { databaseSettings } from './test-server.js';

/** Stands still unless moved, and may be moved back: what the process clock says is the only thing a test fakes. */
export class TestClock extends Clock {
  private instant = new Date();

  override now(): Date {
    return new Date(this.instant);
  }

  set(instant: Date): void {
    this.instant = instant;
  }

  advance(seconds: number): void {
    this.instant = new Date(this.instant.getTime() + seconds * 1000);
  }
}

export interface SallyportOptions {
  /** Another replica's: both then serve one database under one master key. */
  replicaOf?: Sallyport;
  clock?: TestClock;
  /** Environment variables beside those the support sets. */
  settings?: Record<string, string>;
}

/** A whole server on free ports of 127.0.0.1, over a database of its own. */
export interface Sallyport {
  url: string;
  tlsUrl: string;
  adminPassword: string;
  rootToken: string;
  clock: TestClock;
  app: NestFastifyApplication;
  /** For looking at rows, and for planting them: as the role that owns the tables. */
  database: pg.Pool;
  /** Of that role; `databaseSettings` makes of it what another process is told. */
  databaseUrl: string;
  dataDirectory: string;
  masterKeyFile: string;
  stop(): Promise<void>;
}

export const ADMIN_PASSWORD = 'correct horse battery staple';
export const ROOT_TOKEN = 'root-token-of-the-tests-0123456789';

/** How many replicas, restarting in turn, answer in the place of each server (S89); the long faults set it. */
const SHUFFLED = Number(process.env['SALLYPORT_TEST_REPLICAS'] ?? 0);

/** Starts a server whose clock is the test's and whose failures are answered at once. */
export async function startSallyport(options: SallyportOptions = {}): Promise<Sallyport> {
  const server = await startOne(options);
  if (SHUFFLED === 0 || options.replicaOf !== undefined) return server;
  const replicas = await ShuffledReplicas.open(server.url, SHUFFLED, () =>
    startOne({ ...options, replicaOf: server }),
  );
  return { ...server, stop: () => replicas.close().then(() => server.stop()) };
}

async function startOne({ replicaOf, clock, settings }: SallyportOptions): Promise<Sallyport> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'sallyport-data-'));
  const masterKeyFile = replicaOf?.masterKeyFile ?? newMasterKey(dataDirectory);
  const database =
    replicaOf === undefined
      ? await createTestDatabase()
      : { url: replicaOf.databaseUrl, drop: async () => undefined };
  const time = clock ?? replicaOf?.clock ?? new TestClock();
  const config = readConfig({
    PORT: '0',
    TLS_PORT: '0',
    ...(settings?.['DATABASE_URL'] === undefined ? databaseSettings(database.url) : {}),
    SALLYPORT_MASTER_KEY_FILE: masterKeyFile,
    SALLYPORT_DATA_DIR: dataDirectory,
    SALLYPORT_ADMIN_PASSWORD: ADMIN_PASSWORD,
    SALLYPORT_ROOT_TOKEN: ROOT_TOKEN,
    SALLYPORT_FAILURE_FLOOR_MS: '0',
    // Two workers of the tests and what else runs would leave the hashes nothing.
    SALLYPORT_HASH_NICENESS: '0',
    // The tests' own PostgreSQL gives up durability.
    SALLYPORT_ACCEPT_UNSAFE_DATABASE: 'fsync,full_page_writes,synchronous_commit',
    ...settings,
  });
  const server = await startServer(config, {
    clock: time,
    logger: process.env['SALLYPORT_TEST_LOGS'] ? undefined : false,
  });
  const pool = new pg.Pool({ connectionString: database.url, max: 4 });
  // Its sessions are ended by force when the database is dropped.
  pool.on('connect', (client) => client.on('error', () => undefined));
  // The database is dropped under connections that are still ending.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  const portOf = (scheme: string) =>
    server.listeners.addresses.find((address) => address.scheme === scheme)?.port;
  return {
    url: `http://127.0.0.1:${portOf('http')}`,
    tlsUrl: `https://localhost:${portOf('https')}`,
    adminPassword: config.adminPassword ?? '',
    rootToken: config.rootToken ?? '',
    clock: time,
    app: server.app,
    database: pool,
    databaseUrl: database.url,
    dataDirectory,
    masterKeyFile,
    stop: async () => {
      await server.stop(0, 1_000);
      await pool.end();
      await database.drop();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

function newMasterKey(folder: string): string {
  const file = join(folder, 'test-master.key');
  writeFileSync(file, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  return file;
}
