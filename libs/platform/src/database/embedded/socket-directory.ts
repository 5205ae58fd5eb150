import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** macOS takes 104 bytes with the final zero, Linux 108. */
const LONGEST_ADDRESS = 103;

export interface SocketDirectory {
  path: string;
  remove(): Promise<void>;
}

/**
 * Where clients find the server's socket. It always lies in the cluster, so whoever looks there sees that a server is running;
 * when that path is too long for a socket address, clients are led there by a link in a private folder.
 */
export async function openSocketDirectory(cluster: string): Promise<SocketDirectory> {
  if (fits(cluster)) return { path: cluster, remove: async () => {} };
  const place = fits(join(tmpdir(), 'sallyport-123456', 'db')) ? tmpdir() : '/tmp';
  const folder = await mkdtemp(join(place, 'sallyport-'));
  const path = join(folder, 'db');
  await symlink(cluster, path);
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}

function fits(directory: string): boolean {
  return Buffer.byteLength(join(directory, '.s.PGSQL.5432')) <= LONGEST_ADDRESS;
}
