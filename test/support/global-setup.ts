import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate, startEmbeddedPostgres } from '@sallyport/platform';
import type { TestProject } from 'vitest/node';
import { databaseUrl, OWNER, sendStatement, SERVER_ROLE, TEMPLATE } from './test-server.js';

/** Followed by the id of the run's process. */
const FOLDER = 'sallyport-test-';

/**
 * One throwaway PostgreSQL for the whole run, with one migrated database that the files' own are copied from. `TEST_POSTGRES` may name the socket
 * folder of another version's, just made, that trusts everybody.
 */
export default async function startTestServer(project: TestProject): Promise<() => Promise<void>> {
  removeLeftovers();
  const given = process.env['TEST_POSTGRES'];
  if (given !== undefined) {
    for (const role of [OWNER, SERVER_ROLE]) await sendStatement(given, `CREATE ROLE ${role} LOGIN`);
    await prepare(given);
    project.provide('socketDirectory', given);
    return async () => undefined;
  }
  const dataDirectory = await mkdtemp(join(tmpdir(), `${FOLDER}${process.pid}-`));
  const cutShort = () => removeServer(dataDirectory);
  process.once('exit', cutShort);

  const server = await startEmbeddedPostgres({
    dataDirectory,
    durable: false,
    settings: { max_connections: '300', shared_buffers: '64MB', autovacuum: 'off', max_wal_size: '256MB' },
  });
  const teardown = async () => {
    await server.stop();
    await rm(dataDirectory, { recursive: true, force: true });
    process.off('exit', cutShort);
  };
  try {
    await prepare(server.socketDirectory);
  } catch (failure) {
    await teardown();
    throw failure;
  }
  project.provide('socketDirectory', server.socketDirectory);
  return teardown;
}

async function prepare(socketDirectory: string): Promise<void> {
  await sendStatement(socketDirectory, `CREATE DATABASE ${TEMPLATE} OWNER ${OWNER}`);
  // Before PostgreSQL 15 it is the superuser's.
  await sendStatement(socketDirectory, `ALTER SCHEMA public OWNER TO ${OWNER}`, TEMPLATE);
  // The tests see what the sessions of the server's role wait for.
  await sendStatement(socketDirectory, `GRANT pg_read_all_stats TO ${OWNER}`);
  await migrate(databaseUrl(socketDirectory, TEMPLATE), { serverRole: SERVER_ROLE });
}

/** Ctrl-C leaves no time for an orderly end. The files go first: a server about to end would still write some. */
function removeServer(dataDirectory: string): void {
  const lock = join(dataDirectory, 'postgres/postmaster.pid');
  const pid = existsSync(lock) ? Number.parseInt(readFileSync(lock, 'utf8'), 10) : Number.NaN;
  rmSync(dataDirectory, { recursive: true, force: true, maxRetries: 5 });
  if (pid > 0 && isRunning(pid)) process.kill(pid, 'SIGQUIT');
}

/** Runs that were killed had no chance to tidy up; their PostgreSQL ends by itself within a minute when its files are gone. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(FOLDER) ? Number.parseInt(name.slice(FOLDER.length), 10) : Number.NaN;
    const path = join(tmpdir(), name);
    if (!(pid > 0) || isRunning(pid) || statSync(path).uid !== process.getuid?.()) continue;
    rmSync(path, { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (failure) {
    return (failure as NodeJS.ErrnoException).code === 'EPERM';
  }
}

declare module 'vitest' {
  export interface ProvidedContext {
    socketDirectory: string;
  }
}
