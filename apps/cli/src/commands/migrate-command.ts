import { AuditService, OPERATOR } from '@sallyport/audit';
import { bringUp, type Config, createDataSource, Database, readMasterKey } from '@sallyport/platform';
import { openConsoleDatabase } from '../console/console-database.js';
import { inSession } from '../console/session.js';
import type { Answer } from '../console/terminal.js';

/**
 * Brings the schema to this version, and the role of the server to what it may do; a database that is there already stays as it is.
 * @throws ConfigError where the master key does not open the database's keys (S67) or a newer version has changed it: then nothing is changed.
 *   DomainError `unavailable`.
 */
export async function migrateDatabase(config: Config): Promise<Answer> {
  const { pending, installed, shortcoming } = await migrateFor(config);
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
    lines: [
      ...(pending.length === 0
        ? ['The database is of this version already.']
        : ['Ran:', ...pending.map((name) => `  ${name}`)]),
      ...(shortcoming === null
        ? []
        : [
            `The server has no role of its own (${shortcoming}): \`sallyport doctor\` says how to give it one.`,
          ]),
    ],
  };
}

async function migrateFor(
  config: Config,
): Promise<{ pending: string[]; installed: boolean; shortcoming: string | null }> {
  const database = await openConsoleDatabase(config);
  const { url, pooled } = database;
  const dataSource = createDataSource({ url, pooled, poolSize: 1, entities: [] });
  try {
    const { ran: pending, shortcoming } = await bringUp(database.urls, readMasterKey(database.masterKeyFile));
    await dataSource.initialize();
    const installed = (await new Database(dataSource).query('SELECT 1 FROM installation')).length > 0;
    return { pending, installed, shortcoming };
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
    await database.leave();
  }
}
