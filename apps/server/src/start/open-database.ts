import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import {
  type Config,
  ConfigError,
  dataFolderProblem,
  type DatabaseUrls,
  makeMasterKeyFile,
  type MasterKey,
  readMasterKey,
  startEmbeddedPostgres,
} from '@sallyport/platform';

export interface OpenDatabase {
  urls: DatabaseUrls;
  masterKey: MasterKey;
  /** Ends what this process started; an outside database is left alone. */
  close(): Promise<void>;
}

/**
 * The database and the master key that goes with it. A key is made only at the very first start with the embedded database (S67).
 * @throws ConfigError where the master key is missing or unfit, or the data folder cannot be used.
 */
export async function openDatabase(config: Config): Promise<OpenDatabase> {
  if (config.databaseUrl !== null)
    return {
      urls: {
        databaseUrl: config.databaseUrl,
        migrationUrl: config.migrationDatabaseUrl,
        pooled: config.databasePooled,
      },
      masterKey: readMasterKey(config.masterKeyFile ?? ''),
      close: async () => undefined,
    };
  const keyFile = config.masterKeyFile ?? join(config.dataDirectory, 'master.key');
  const problem = dataFolderProblem(config.dataDirectory);
  if (problem !== null) throw new ConfigError([{ setting: 'SALLYPORT_DATA_DIR', problem }]);
  mkdirSync(config.dataDirectory, { recursive: true, mode: 0o700 });
  const isNew = !existsSync(join(config.dataDirectory, 'postgres'));
  if (isNew && config.masterKeyFile === null && !existsSync(keyFile)) {
    makeMasterKeyFile(keyFile);
    new Logger('Start').log(`master key made: ${keyFile} (back it up apart from the database)`);
  }
  const masterKey = readMasterKey(keyFile);
  const logger = new Logger('Postgres');
  const embedded = await startEmbeddedPostgres({
    dataDirectory: config.dataDirectory,
    durable: true,
    log: (line) => logger.debug(line),
  });
  return {
    urls: { databaseUrl: embedded.serverUrl, migrationUrl: embedded.url },
    masterKey,
    close: () => embedded.stop(),
  };
}
