import { DataSource } from 'typeorm';
import { migrations } from './migrations/index.js';

/** One key for everybody who migrates a database (S96). */
const MIGRATION_LOCK = 0x5a11;

/**
 * Brings the schema of the database at `url` up to date. Several processes may call it at once: one migrates, the rest wait.
 * No statement timeout here: building an index on a large table takes its time.
 */
export async function migrate(url: string): Promise<void> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    entities: [],
    migrations,
    migrationsTableName: 'migrations',
    uuidExtension: 'pgcrypto',
    installExtensions: false,
    extra: { max: 3, connectionTimeoutMillis: 10_000 },
  });
  await dataSource.initialize();
  const guard = dataSource.createQueryRunner();
  try {
    await guard.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await dataSource.runMigrations({ transaction: 'each' });
  } finally {
    await guard.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined);
    await guard.release();
    await dataSource.destroy();
  }
}
