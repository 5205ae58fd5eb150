import { setTimeout as pause } from 'node:timers/promises';
import { DataSource, type DataSourceOptions, type MigrationInterface } from 'typeorm';
import { ADVISORY_LOCKS } from './advisory-locks.js';
import { Database } from './database.js';
import { isInTheWay } from './database-errors.js';
import { migrations as ours } from './migrations/index.js';
import { applyGrants } from './roles/apply-grants.js';
import { schemaStanding } from './schema-standing.js';

/** How long a migration waits for a table that is in use, and how often. */
const PATIENCE_MS = 500;
const ATTEMPTS = 120;
const PAUSE_MS = 250;

/** A step of the schema. */
export interface Migration extends MigrationInterface {
  /**
   * The last migration of the version before, by its number, where that version may go on and start anew beside this one: with everything
   * this step changes it must get on. Absent: only this version may start from here on (S96).
   */
  readonly servesFrom?: number;
}

export interface MigrateOptions {
  /** The role the server signs in as, which is granted what it needs; null: it is the owner's own. */
  serverRole: string | null;
  /** All migrations of the version; another one's in tests. */
  migrations?: readonly (new () => Migration)[];
}

/**
 * Brings the schema of the database at `url` up to date, and the grants of the server's role. Several processes may call it at once: one
 * migrates, the rest wait. No statement timeout here: building an index on a large table takes its time.
 * @param url of the role that owns the schema.
 */
export async function migrate(url: string, { serverRole, migrations = ours }: MigrateOptions): Promise<void> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    entities: [],
    migrations: [...migrations] as NonNullable<DataSourceOptions['migrations']>,
    migrationsTableName: 'migrations',
    uuidExtension: 'pgcrypto',
    installExtensions: false,
    // Whoever waits for a table holds up everybody behind: better a short wait, and another (S96).
    extra: { max: 3, connectionTimeoutMillis: 10_000, lock_timeout: PATIENCE_MS },
  });
  await dataSource.initialize();
  const guard = dataSource.createQueryRunner();
  try {
    await guard.query('SET lock_timeout = 0');
    await guard.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCKS.migration]);
    await patiently(() => dataSource.runMigrations({ transaction: 'each' }));
    const database = new Database(dataSource);
    await noteWhoMayServe(database, migrations);
    // The newer version's grants stand where it has migrated: this one's list knows less.
    const { unknown } = await schemaStanding(database, migrations);
    if (serverRole !== null && unknown.length === 0)
      await database.transaction((tx) => applyGrants(tx, serverRole));
  } finally {
    await guard.query('SELECT pg_advisory_unlock($1)', [ADVISORY_LOCKS.migration]).catch(() => undefined);
    await guard.release();
    await dataSource.destroy();
  }
}

/** Runs it again where servers at work were in its way: a lock it did not get, or a deadlock. What had run before stays. */
async function patiently(work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (attempt === ATTEMPTS || !isInTheWay(error)) throw error;
      await pause(PAUSE_MS);
    }
  }
}

/** Writes nothing where all is noted: a standby that is started on takes no writes (S94). */
async function noteWhoMayServe(
  database: Database,
  migrations: readonly (new () => Migration)[],
): Promise<void> {
  const rows = await database.query<{ name: string }>(
    'SELECT name FROM migrations WHERE serves_from IS NULL',
  );
  for (const migration of migrations.filter((known) => rows.some(({ name }) => name === known.name))) {
    const { servesFrom } = new migration();
    if (servesFrom !== undefined)
      await database.execute('UPDATE migrations SET serves_from = $2 WHERE name = $1', [
        migration.name,
        servesFrom,
      ]);
  }
}
