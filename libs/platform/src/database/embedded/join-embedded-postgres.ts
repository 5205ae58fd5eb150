import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { APPLICATION, applicationUrl, SERVER } from './application-database.js';
import { startEmbeddedPostgres } from './embedded-postgres.js';
import { knock } from './owner.js';
import { openSocketDirectory } from './socket-directory.js';

export interface JoinedPostgres {
  /** Of the role that owns the database. */
  url: string;
  /** Of the role the server serves as. */
  serverUrl: string;
  /** Ends what was started for this; one that a server runs is left alone. */
  leave(): Promise<void>;
}

/**
 * The way to the embedded database for the operator's console: beside the server that runs it, or, where none does, started for as long.
 * @returns null where there is no database in the data directory; none is made.
 */
export async function joinEmbeddedPostgres(dataDirectory: string): Promise<JoinedPostgres | null> {
  const cluster = join(resolve(dataDirectory), 'postgres');
  if (!existsSync(cluster)) return null;
  const socket = await openSocketDirectory(cluster);
  if (await isOwned(socket.path))
    return {
      url: applicationUrl(socket.path, APPLICATION),
      serverUrl: applicationUrl(socket.path, SERVER),
      leave: () => socket.remove(),
    };
  await socket.remove();
  const started = await startEmbeddedPostgres({ dataDirectory, durable: true });
  return { url: started.url, serverUrl: started.serverUrl, leave: () => started.stop() };
}

/** Whether a running server holds it. */
async function isOwned(socketDirectory: string): Promise<boolean> {
  const answer = await knock(socketDirectory);
  if (typeof answer !== 'object') return false;
  try {
    const { rowCount } = await answer.session.query(
      `SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
       WHERE l.locktype = 'advisory' AND l.granted AND a.application_name LIKE 'sallyport owner %'`,
    );
    return rowCount !== 0;
  } finally {
    await answer.session.end();
  }
}
