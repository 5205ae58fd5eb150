import pg from 'pg';
import { DataSource, type MixedList } from 'typeorm';
import { ConnectionPool } from './connection-pool.js';
import { migrations } from './migrations/index.js';
import { SESSION_LIMITS } from './session-limits.js';

export interface DataSourceSettings {
  url: string;
  poolSize: number;
  entities: MixedList<Function>;
  /** Behind a pooler that gives out sessions for one transaction at a time (`SALLYPORT_DATABASE_POOLER`). */
  pooled?: boolean;
  /** Whether statements may be prepared under a name; a pooler keeps them where it says so only. */
  prepares?: boolean;
}

/**
 * TypeORM's DataSource with the limits of S92: 2 s for a connection or a lock, 5 s for a statement; where Postgres itself does not
 * answer any more, a second later (S91). A pooler takes no settings for a session; there they are the role's (`limitPooledSessions`).
 */
export function createDataSource({
  url,
  poolSize,
  entities,
  pooled = false,
  prepares = !pooled,
}: DataSourceSettings): DataSource {
  return new DataSource({
    type: 'postgres',
    driver: { Pool: ConnectionPool, defaults: pg.defaults },
    url,
    entities,
    migrations,
    synchronize: false,
    migrationsRun: false,
    migrationsTableName: 'migrations',
    uuidExtension: 'pgcrypto',
    installExtensions: false,
    applicationName: 'sallyport',
    extra: {
      max: poolSize,
      connectionTimeoutMillis: 2_000,
      query_timeout: 6_000,
      keepAlive: true,
      pipeline: true,
      pooled,
      prepares,
      ...(pooled ? {} : SESSION_LIMITS),
    },
  });
}

/** Whether statements of this one may meet a different session each time. */
export function isPooled({ options }: DataSource): boolean {
  return (options as Settings).extra?.pooled === true;
}

/** Whether a statement that is prepared under a name is there the next time. */
export function keepsStatements({ options }: DataSource): boolean {
  return (options as Settings).extra?.prepares !== false;
}

interface Settings {
  extra?: { pooled?: boolean; prepares?: boolean };
}
