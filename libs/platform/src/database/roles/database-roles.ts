import { Database } from '../database.js';
import { openToLook } from '../pooled-sessions.js';
import { currentRole, mayMigrate } from './role-standing.js';
import { ensureServerRole, findServerRole } from './server-role.js';

const MIGRATION_URL = 'SALLYPORT_MIGRATION_DATABASE_URL';

/** Under whose name a deployment's database is signed in to. */
export interface DatabaseRoles {
  /** Of the role that owns the schema and migrates; null: somebody else migrates, and nobody here may. */
  owner: string | null;
  /** What the server serves with. */
  server: string;
  /** The role to be granted what the server needs; null: it serves as the owner. */
  serverRole: string | null;
  /** Why the server serves as the owner, in a few words; null: it does not. */
  shortcoming: string | null;
}

export interface DatabaseUrls {
  /** `DATABASE_URL`, or the embedded database's for the server. */
  databaseUrl: string;
  /** `SALLYPORT_MIGRATION_DATABASE_URL`, or the embedded database's for its owner. */
  migrationUrl: string | null;
  /** Whether the first one leads to a pooler (`SALLYPORT_DATABASE_POOLER`); the other never does. */
  pooled?: boolean;
}

/**
 * Decides who migrates and who serves. With two URLs they say so. With the owner's alone a server role is made and signed in to; with another
 * role's alone nothing is migrated here, and through a pooler nothing is ever.
 * @param change false: nothing is made, only looked for.
 * @throws DomainError `unavailable` where the database does not answer; ConfigError where there is a pooler nobody told of.
 */
export async function settleRoles(
  { databaseUrl, migrationUrl, pooled = false }: DatabaseUrls,
  change = true,
): Promise<DatabaseRoles> {
  const asked = await ask(databaseUrl, 'DATABASE_URL', pooled);
  if (migrationUrl !== null) {
    const { role: owner } = await ask(migrationUrl, MIGRATION_URL, false);
    const same = asked.role === owner;
    return {
      owner: migrationUrl,
      server: databaseUrl,
      serverRole: same ? null : asked.role,
      shortcoming: same ? 'both URLs name the same role' : null,
    };
  }
  if (!asked.mayMigrate) return { owner: null, server: databaseUrl, serverRole: null, shortcoming: null };
  if (pooled)
    return { owner: null, server: databaseUrl, serverRole: null, shortcoming: 'it names the owner' };
  const role = change ? await ensureServerRole(databaseUrl) : await findServerRole(databaseUrl);
  if (role === null || 'refused' in role)
    return {
      owner: databaseUrl,
      server: databaseUrl,
      serverRole: null,
      shortcoming: role?.refused ?? 'no role was made for the server',
    };
  return { owner: databaseUrl, server: role.url, serverRole: role.name, shortcoming: null };
}

async function ask(
  url: string,
  setting: string,
  pooled: boolean,
): Promise<{ role: string; mayMigrate: boolean }> {
  const dataSource = await openToLook(url, setting, pooled);
  try {
    const sql = new Database(dataSource);
    return { role: await currentRole(sql), mayMigrate: await mayMigrate(sql) };
  } finally {
    await dataSource.destroy();
  }
}
