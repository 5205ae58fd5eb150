import { chown, lchown, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** An account of the operating system. */
export interface Account {
  uid: number;
  gid: number;
}

/**
 * The account PostgreSQL runs under: nothing to choose unless we are root, whom PostgreSQL refuses.
 * A cluster that has an unprivileged owner keeps it; a new one gets `postgres`, else `nobody` (initdb wants an account with a name).
 *
 * @throws Error when root finds no account to use
 */
export async function findAccount(cluster: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(cluster).catch(() => undefined);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };

  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  for (const name of ['postgres', '_postgres', 'nobody']) {
    const entry = passwd.split('\n').find((line) => line.startsWith(`${name}:`));
    const [, , uid, gid] = entry?.split(':') ?? [];
    if (Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(
    'PostgreSQL does not run as root and there is no account `postgres` or `nobody` to run it under: ' +
      'start Sallyport as another user or set DATABASE_URL.',
  );
}

/** Gives a folder and all it holds to an account; links are changed, never followed. */
export async function giveTo(account: Account, folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await giveTo(account, path);
    else await lchown(path, account.uid, account.gid);
  }
  await chown(folder, account.uid, account.gid);
}
