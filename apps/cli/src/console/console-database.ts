import { join } from 'node:path';
import { type Config, ConfigError, joinEmbeddedPostgres } from '@sallyport/platform';

export interface ConsoleDatabase {
  url: string;
  masterKeyFile: string;
  leave(): Promise<void>;
}

/**
 * The database the server of this configuration has, and where its master key lies. Nothing is made here (S67).
 * @throws ConfigError where there is no database yet.
 */
export async function openConsoleDatabase(config: Config): Promise<ConsoleDatabase> {
  const masterKeyFile = masterKeyFileOf(config);
  if (config.databaseUrl !== null)
    return { url: config.databaseUrl, masterKeyFile, leave: async () => undefined };
  const joined = await joinEmbeddedPostgres(config.dataDirectory);
  if (joined === null)
    throw new ConfigError([
      {
        setting: 'SALLYPORT_DATA_DIR',
        problem: 'there is no database in this folder; name the one of the server, or set DATABASE_URL',
      },
    ]);
  return { ...joined, masterKeyFile };
}

export function masterKeyFileOf({ masterKeyFile, dataDirectory }: Config): string {
  return masterKeyFile ?? join(dataDirectory, 'master.key');
}
