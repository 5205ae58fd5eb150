import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { BARE_ENVIRONMENT, folderName, type Site } from './cluster.js';
import { isInUse, isPostgresOf } from './process-table.js';

const KEPT_LINES = 20;
const FAST_SHUTDOWN_MS = 60_000;
const IMMEDIATE_SHUTDOWN_MS = 15_000;

/** The server process we started. */
export interface Postmaster {
  pid: number;
  running(): boolean;
  ended: Promise<void>;
  /** The last lines it wrote, for the message of a failed start. */
  lastLines(): string[];
}

/** Starts the server. It has a process group of its own: Ctrl-C in a terminal is for us, who then stop it in order. */
export async function launchPostmaster(site: Site, log: (line: string) => void): Promise<Postmaster> {
  await replaceRecycledPid(site.cluster);
  const child = spawn(site.binaries.postgres, postgresArguments(site), {
    ...site.account,
    cwd: site.cluster,
    env: BARE_ENVIRONMENT,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const kept: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    kept.push(line);
    if (kept.length > KEPT_LINES) kept.shift();
    log(line);
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await spawned(child);
  return {
    pid: child.pid!,
    running: () => child.exitCode === null && child.signalCode === null,
    ended,
    lastLines: () => kept,
  };
}

/** Whether a running server was started exactly as we would start it now. */
export async function runsAsWanted(site: Site): Promise<boolean> {
  const wanted = [site.binaries.postgres, ...postgresArguments(site).map((word) => `"${word}"`)].join(' ');
  const found = await readFile(join(site.cluster, 'postmaster.opts'), 'utf8').catch(() => '');
  return found.trim() === wanted;
}

/** The process the cluster's pid file names, if it is a PostgreSQL of this cluster on this machine. */
export async function findPostmaster(cluster: string): Promise<number | undefined> {
  const pid = await recordedPid(cluster);
  return pid !== undefined && (await isPostgresOf(pid, cluster)) ? pid : undefined;
}

/**
 * Fast shutdown: sessions end, everything is written. One that takes longer than a minute is told to stop at once, and
 * recovers from its log at the next start.
 */
export async function shutDown(pid: number, cluster: string): Promise<void> {
  signal(pid, 'SIGINT');
  if (await hasEnded(pid, cluster, FAST_SHUTDOWN_MS)) return;
  signal(pid, 'SIGQUIT');
  if (await hasEnded(pid, cluster, IMMEDIATE_SHUTDOWN_MS)) return;
  throw new Error(`The embedded PostgreSQL (process ${pid}) does not stop.`);
}

function postgresArguments(site: Site): string[] {
  const settings: Record<string, string> = {
    listen_addresses: '',
    port: '5432',
    unix_socket_directories: '.',
    unix_socket_permissions: '0700',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(site.durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...site.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', folderName(site, site.cluster), ...flags];
}

/**
 * After a crash the lock files may name a process that is something else by now: small ids come back soon in a container, and a
 * thread's counts. PostgreSQL would refuse to start, but it overlooks the id of its parent, so ours is written there. The files
 * stay: by the rest of `postmaster.pid` PostgreSQL sees whether sessions of the dead server are still at work.
 */
async function replaceRecycledPid(cluster: string): Promise<void> {
  const pid = await recordedPid(cluster);
  if (pid === undefined || !isInUse(pid) || (await isPostgresOf(pid, cluster))) return;
  for (const name of ['postmaster.pid', '.s.PGSQL.5432.lock']) {
    const text = await readFile(join(cluster, name), 'utf8').catch(() => undefined);
    if (text !== undefined) await writeFile(join(cluster, name), text.replace(/^\d+/, String(process.pid)));
  }
}

async function recordedPid(cluster: string): Promise<number | undefined> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  return pid > 0 ? pid : undefined;
}

async function hasEnded(pid: number, cluster: string, patience: number): Promise<boolean> {
  const deadline = performance.now() + patience;
  while (await isPostgresOf(pid, cluster)) {
    if (performance.now() > deadline) return false;
    await pause(20);
  }
  return true;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code !== 'ESRCH') throw failure;
  }
}

async function spawned(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
}
