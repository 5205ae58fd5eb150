import { execFile } from 'node:child_process';
import { access, chown, mkdir, mkdtemp, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Account, giveTo } from './account.js';
import type { Binaries } from './binaries.js';

const run = promisify(execFile);

/** The cluster is another user's. */
export class OwnedByAnother extends Error {
  override readonly name = 'OwnedByAnother';
}

/** The superuser of a cluster; the application itself signs in as somebody smaller. */
export const SUPERUSER = 'postgres';

/** What one cluster is made of and runs with. */
export interface Site {
  /** The folder PostgreSQL owns. */
  cluster: string;
  binaries: Binaries;
  /** Set only when we are root. */
  account: Account | undefined;
  durable: boolean;
  settings: Record<string, string>;
}

/**
 * How a PostgreSQL program started inside the folder names it. Root's folders are mostly out of reach of the account PostgreSQL
 * runs under (/root is 0700): it is started inside and calls the place its working directory, which the kernel lets it do.
 */
export function folderName(site: Site, folder: string): string {
  return site.account && process.platform === 'linux' ? '/proc/self/cwd' : folder;
}

/** Only what PostgreSQL needs: our own environment holds secrets, and PG* variables would steer it. */
export const BARE_ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/** Makes the cluster if there is none. initdb works in a folder beside it that is renamed at the end, so a killed one leaves no half cluster. */
export async function ensureCluster(site: Site): Promise<void> {
  if (await isCluster(site.cluster)) return takeOver(site);

  const draft = await mkdtemp(`${site.cluster}.new-`);
  try {
    if (site.account) await chown(draft, site.account.uid, site.account.gid);
    await run(site.binaries.initdb, initdbArguments(site, draft), {
      ...site.account,
      cwd: draft,
      env: BARE_ENVIRONMENT,
    });
    await rename(draft, site.cluster);
    if (site.durable) await syncFolder(dirname(site.cluster));
  } catch (failure) {
    await rm(draft, { recursive: true, force: true });
    // Another start on the same directory was faster; which of the two stays is decided by the owner's lock.
    if (await isCluster(site.cluster)) return;
    const { stderr, message } = failure as Error & { stderr?: string };
    throw new Error(`The embedded database could not be made: ${stderr?.trim() || message}`, {
      cause: failure,
    });
  }
}

/** Removes what initdb runs that were killed have left. Only for the owner of the cluster. */
export async function removeDrafts(cluster: string): Promise<void> {
  const folder = dirname(cluster);
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${basename(cluster)}.new-`)) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

function initdbArguments(site: Site, draft: string): string[] {
  // Trust is safe: the only way in is a socket in a folder nobody else may enter.
  const authentication = ['--auth-local=trust', '--auth-host=reject'];
  // Sorts and folds the same on every machine, whatever locales it has.
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const place = ['-D', folderName(site, draft), '-U', SUPERUSER, '--encoding=UTF8', '--no-instructions'];
  return [...place, ...authentication, ...locale, ...(site.durable ? [] : ['--no-sync'])];
}

/** A restored copy often belongs to root as a whole. */
async function takeOver({ cluster, account }: Site): Promise<void> {
  if (!account) return;
  const { uid } = await stat(cluster);
  if (uid === 0) await giveTo(account, cluster);
}

async function isCluster(folder: string): Promise<boolean> {
  try {
    await access(join(folder, 'PG_VERSION'));
    return true;
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code !== 'EACCES') return false;
    throw new OwnedByAnother(
      `The embedded database in ${folder} belongs to another user: start Sallyport as that user.`,
      {
        cause: failure,
      },
    );
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  await handle.sync().finally(() => handle.close());
}

/** Makes the data directory itself; what we make is for us alone, since it also holds keys. */
export async function ensureDataDirectory(dataDirectory: string): Promise<void> {
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
}
