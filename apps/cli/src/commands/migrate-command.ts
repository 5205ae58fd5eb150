import { AuditService, OPERATOR } from '@sallyport/audit';
import {
  type Config,
  createDataSource,
  Database,
  DomainError,
  migrate,
  mustOpenDataKeys,
  readMasterKey,
  schemaStanding,
} from '@sallyport/platform';
import { openConsoleDatabase } from '../console/console-database.js';
import { inSession } from '../console/session.js';
import type { Answer } from '../console/terminal.js';

/**
 * Brings the schema to this version; a database that is there already stays as it is.
 * @throws ConfigError where the master key does not open the database's keys (S67): then nothing is changed. DomainError `conflict` code
 *   `schema-ahead`; `unavailable`.
 */
export async function migrateDatabase(config: Config): Promise<Answer> {
  const { pending, installed } = await bringUp(config);
  if (pending.length > 0 && installed)
    await inSession(config, async (core) => {
      await core.get(AuditService).record(core.get(Database), OPERATOR, {
        action: 'schema.migrated',
        outcome: 'success',
        object: { type: 'installation', id: 'schema' },
        detail: { migrations: pending },
      });
    });
  return {
    data: { migrated: pending },
    lines:
      pending.length === 0
        ? ['The database is of this version already.']
        : ['Ran:', ...pending.map((name) => `  ${name}`)],
  };
}

async function bringUp(config: Config): Promise<{ pending: string[]; installed: boolean }> {
  const database = await openConsoleDatabase(config);
  const dataSource = createDataSource({ url: database.url, poolSize: 2, entities: [] });
  try {
    const masterKey = readMasterKey(database.masterKeyFile);
    await dataSource.initialize();
    const sql = new Database(dataSource);
    const { pending, unknown } = await schemaStanding(sql);
    if (unknown.length > 0)
      throw new DomainError(
        'conflict',
        'schema-ahead',
        'A newer version has changed this database: use its command line.',
      );
    await mustOpenDataKeys(sql, masterKey);
    if (pending.length > 0) await migrate(database.url);
    return { pending, installed: (await sql.query('SELECT 1 FROM installation')).length > 0 };
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
    await database.leave();
  }
}
