import { link, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, dataFolderProblem } from '@sallyport/platform';

/** The first credentials, where they were made at random (S56). */
export interface FirstCredentials {
  adminPassword?: string;
  rootToken?: string;
}

/** Where the first credentials lie. */
export function bootstrapFile(dataDirectory: string): string {
  return join(dataDirectory, 'bootstrap.json');
}

/**
 * Writes the first credentials once, mode 0600: an existing file is never replaced. Whole or not at all.
 * @throws ConfigError where the folder takes no file.
 */
export async function writeBootstrapFile(
  dataDirectory: string,
  credentials: FirstCredentials,
): Promise<void> {
  try {
    await write(dataDirectory, credentials);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const problem = dataFolderProblem(dataDirectory) ?? `bootstrap.json cannot be written to it (${code})`;
    throw new ConfigError([{ setting: 'SALLYPORT_DATA_DIR', problem }]);
  }
}

async function write(dataDirectory: string, { adminPassword, rootToken }: FirstCredentials): Promise<void> {
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  const file = bootstrapFile(dataDirectory);
  const draft = `${file}.${process.pid}`;
  const admin = adminPassword && {
    admin: { providerName: 'local', username: 'admin', password: adminPassword },
  };
  const text = `${JSON.stringify({ ...admin, ...(rootToken && { rootToken }) }, null, 2)}\n`;
  await rm(draft, { force: true });
  await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, file);
  } finally {
    await rm(draft);
  }
}
