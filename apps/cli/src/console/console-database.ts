import { join } from 'node:path';
import {
  type Config,
  ConfigError,
  dataFolderProblem,
  type DatabaseUrls,
  joinEmbeddedPostgres,
} from '@sallyport/platform';

export interface ConsoleDatabase {
  /** Of the role that owns the tables, where it is known: what the operator does is more than the server may (S96). */
  url: string;
  /** Whether that leads to a pooler. */
  pooled: boolean;
  urls: DatabaseUrls;
  masterKeyFile: string;
  leave(): Promise<void>;
}

/**
 * The database the server of this configuration has, and where its master key lies. Nothing is made here (S67).
 * @throws ConfigError where there is no database yet.
 */
export async function openConsoleDatabase(config: Config): Promise<ConsoleDatabase> {
  const masterKeyFile = masterKeyFileOf(config);
  if (config.databaseUrl !== null) {
    const pooled = config.databasePooled;
    const urls = { databaseUrl: config.databaseUrl, migrationUrl: config.migrationDatabaseUrl, pooled };
    return {
      url: urls.migrationUrl ?? urls.databaseUrl,
      pooled: pooled && urls.migrationUrl === null,
      urls,
      masterKeyFile,
      leave: async () => undefined,
    };
  }
  const problem = dataFolderProblem(config.dataDirectory);
  if (problem !== null) throw new ConfigError([{ setting: 'SALLYPORT_DATA_DIR', problem }]);
  const joined = await joinEmbeddedPostgres(config.dataDirectory);
  if (joined === null)
    throw new ConfigError([
      {
        setting: 'SALLYPORT_DATA_DIR',
        problem: 'there is no database in this folder; name the one of the server, or set DATABASE_URL',
      },
    ]);
  const urls = { databaseUrl: joined.serverUrl, migrationUrl: joined.url };
  return { url: joined.url, pooled: false, urls, masterKeyFile, leave: () => joined.leave() };
}

export function masterKeyFileOf({ masterKeyFile, dataDirectory }: Config): string {
  return masterKeyFile ?? join(dataDirectory, 'master.key');
}
