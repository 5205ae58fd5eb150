import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { SUPERUSER } from './cluster.js';

/** Any number will do, as long as it stays the same between versions. */
const OWNER_LOCK = '6002197264010031';
const PATIENCE_MS = 2_000;
/** Passing: starting or stopping (SQLSTATE 57P03), full (53300), and a socket in between. pg's own errors have no code. */
const PASSING = ['57P03', '53300', 'ECONNRESET', 'EPIPE', 'EAGAIN', undefined];

/** The data directory is another process's. */
export class AlreadyOwned extends Error {
  override readonly name = 'AlreadyOwned';
}

export type Answer = { session: pg.Client } | 'not yet' | 'nobody';

/** Tries the socket: a superuser's session, a server that is starting or stopping, or nobody there. */
export async function knock(socketDirectory: string): Promise<Answer> {
  const session = new pg.Client({
    host: socketDirectory,
    port: 5432,
    user: SUPERUSER,
    database: 'postgres',
    ssl: false,
    connectionTimeoutMillis: 10_000,
    application_name: `sallyport owner ${process.pid}`,
  });
  // A lost connection also shows as 'end', which is what the holder listens to.
  session.on('error', () => {});
  try {
    await session.connect();
    return { session };
  } catch (failure) {
    const { code } = failure as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return 'nobody';
    if (PASSING.includes(code)) return 'not yet';
    throw failure;
  }
}

/**
 * One process owns a data directory: the one whose session holds this lock. PostgreSQL frees it when that process is gone, however
 * it went, and sees through containers that share the directory, where process ids mean nothing.
 *
 * @throws AlreadyOwned naming the owner's process when the lock is not free within two seconds
 */
export async function claim(session: pg.Client, dataDirectory: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const { rows } = await session.query<{ free: boolean }>('SELECT pg_try_advisory_lock($1) AS free', [
      OWNER_LOCK,
    ]);
    if (rows[0]?.free) return;
    if (performance.now() > deadline) break;
    await pause(100);
  }
  const { rows } = await session.query<{ owner: string }>(
    `SELECT a.application_name AS owner FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted AND a.application_name LIKE 'sallyport owner %'`,
  );
  const owner = rows[0]?.owner.replace('sallyport owner', 'process') ?? 'another process';
  throw new AlreadyOwned(
    `The data directory ${dataDirectory} is in use by a running Sallyport (${owner}). ` +
      'Stop it first, give this one a directory of its own, or let both use one PostgreSQL through DATABASE_URL.',
  );
}
