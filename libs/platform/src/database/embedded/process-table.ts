import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Whether a process (or a thread) has this id; a dead one not yet reaped counts. */
export function isInUse(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (failure) {
    return (failure as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether the process is a living PostgreSQL of this cluster. True in doubt. */
export async function isPostgresOf(pid: number, cluster: string): Promise<boolean> {
  if (!isInUse(pid)) return false;
  if (process.platform !== 'linux') return isPostgres(pid);
  try {
    // A PostgreSQL works in its data directory; a dead one not yet reaped has no working directory any more.
    const [place, home, name] = await Promise.all([
      stat(`/proc/${pid}/cwd`),
      stat(cluster),
      readFile(`/proc/${pid}/comm`, 'utf8'),
    ]);
    return name.trim() === 'postgres' && place.dev === home.dev && place.ino === home.ino;
  } catch (failure) {
    return !['ENOENT', 'ESRCH'].includes((failure as NodeJS.ErrnoException).code ?? '');
  }
}

async function isPostgres(pid: number): Promise<boolean> {
  const { stdout } = await run('ps', ['-o', 'stat=,comm=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  const [state, name] = stdout.trim().split(/\s+/, 2);
  return name !== undefined && !state?.startsWith('Z') && name.endsWith('postgres');
}
