import { join, resolve } from 'node:path';
import { findAccount } from './account.js';
import { findBinaries } from './binaries.js';
import { ensureCluster, ensureDataDirectory, removeDrafts, type Site } from './cluster.js';
import { Server } from './server.js';
import { openSocketDirectory } from './socket-directory.js';

export interface EmbeddedPostgresOptions {
  /** Our data directory; the database takes a subfolder of it. */
  dataDirectory: string;
  /** False gives up every guarantee after a crash, for tests. */
  durable: boolean;
  /** Gets each line PostgreSQL and its supervision have to say. */
  log?: (line: string) => void;
  /** PostgreSQL settings by name, over ours. */
  settings?: Record<string, string>;
}

export interface EmbeddedPostgres {
  /** The `host` for a client: the folder of the Unix socket. There is no TCP port. */
  socketDirectory: string;
  /** Owns the database and is nobody in the rest of the cluster. */
  user: string;
  database: string;
  /** The same as a URL. */
  url: string;
  /** Of the role that owns nothing and serves: what DATABASE_URL would say (S96). */
  serverUrl: string;
  /** Ends the server in order, one we adopted as well. Calling it again waits for the same end. */
  stop(): Promise<void>;
}

/**
 * Starts the PostgreSQL of our own that lives in the data directory, or adopts the one a killed process has left running.
 * The first start makes the cluster. While it is owned, a server that dies is started again.
 *
 * @throws AlreadyOwned when another process owns the data directory
 * @throws Error naming DATABASE_URL when no PostgreSQL runs on this machine, or with PostgreSQL's own words when it does not start
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => {});
  const dataDirectory = resolve(options.dataDirectory);
  const cluster = join(dataDirectory, 'postgres');

  await ensureDataDirectory(dataDirectory);
  const account = await findAccount(cluster);
  const binaries = await findBinaries(account, dataDirectory);
  const site: Site = {
    cluster,
    binaries,
    account,
    durable: options.durable,
    settings: options.settings ?? {},
  };
  await ensureCluster(site);

  const socket = await openSocketDirectory(cluster);
  const server = new Server(site, socket, log);
  try {
    await server.bringUp();
    await removeDrafts(cluster);
  } catch (failure) {
    await server.stop();
    throw failure;
  }
  return server;
}
