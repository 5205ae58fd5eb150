import { ConfigError } from '../config/config-error.js';
import type { MasterKey } from '../keyring/master-key.js';
import { mustOpenDataKeys } from '../keyring/must-open-data-keys.js';
import { Database } from './database.js';
import { migrate } from './migrate.js';
import { limitPooledSessions, openToLook } from './pooled-sessions.js';
import { type DatabaseRoles, type DatabaseUrls, settleRoles } from './roles/database-roles.js';
import { type SchemaStanding, schemaStanding } from './schema-standing.js';

export interface BroughtUp extends DatabaseRoles {
  /** The migrations this one was meant to run. */
  ran: string[];
}

/**
 * Makes a database ready to be served: its schema is of this version or of a newer one that lets this one work, and the server's role may do
 * what it must. Where the master key is wrong or the schema unknown, nothing is changed (S67, S96).
 * @throws ConfigError for these; DomainError `unavailable`.
 */
export async function bringUp(urls: DatabaseUrls, masterKey: MasterKey): Promise<BroughtUp> {
  const { pending, unknown, servable } = await look(urls, masterKey);
  if (!servable) throw refusal('schema', `a newer version has changed this database (${unknown.join(', ')})`);
  const roles = await settleRoles(urls);
  if (urls.pooled === true) {
    if (roles.shortcoming !== null)
      throw refusal(
        'SALLYPORT_MIGRATION_DATABASE_URL',
        `behind a pooler the server works as a role of its own (${roles.shortcoming}): name that in DATABASE_URL, and the owner here, past the pooler`,
      );
    await limitPooledSessions(roles.server);
  }
  if (roles.owner !== null) await migrate(roles.owner, { serverRole: roles.serverRole });
  else if (pending.length > 0)
    throw refusal(
      'SALLYPORT_MIGRATION_DATABASE_URL',
      `${pending.length} migrations have not run, and the role in DATABASE_URL may not run them: run \`sallyport migrate\` as the owner first, or name the owner here`,
    );
  return { ...roles, ran: pending };
}

async function look(
  { databaseUrl, migrationUrl, pooled = false }: DatabaseUrls,
  masterKey: MasterKey,
): Promise<SchemaStanding> {
  const dataSource =
    migrationUrl === null
      ? await openToLook(databaseUrl, 'DATABASE_URL', pooled)
      : await openToLook(migrationUrl, 'SALLYPORT_MIGRATION_DATABASE_URL', false);
  try {
    const sql = new Database(dataSource);
    const standing = await schemaStanding(sql);
    await mustOpenDataKeys(sql, masterKey);
    return standing;
  } finally {
    await dataSource.destroy();
  }
}

function refusal(setting: string, problem: string): ConfigError {
  return new ConfigError([{ setting, problem }]);
}
