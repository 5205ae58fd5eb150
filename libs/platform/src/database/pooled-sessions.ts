import pg from 'pg';
import type { DataSource } from 'typeorm';
import { ConfigError } from '../config/config-error.js';
import { Database, single } from './database.js';
import type { Sql } from './sql.js';
import { openDataSource } from './unreached.js';
import { createDataSource } from './data-source.js';
import { translateDatabaseError } from './database-errors.js';
import { ADVISORY_LOCKS } from './advisory-locks.js';
import { LIMIT_COLUMNS, LIMITED, limitsLacking, SESSION_LIMITS } from './session-limits.js';

const PATIENCE_MS = 5_000;
const ATTEMPTS = 5;

/**
 * Sees to it that the sessions a pooler gives out have the limits of S92: a pooler passes on no settings of its clients', so they are made the
 * role's own, as every role may do for itself. Sessions that are older than that, and idle, are ended; the pooler opens new ones.
 * @param url of the server's role, through the pooler.
 * @throws ConfigError where they cannot be had; DomainError `unavailable`.
 */
export async function limitPooledSessions(url: string): Promise<void> {
  let reason = 'sessions without limits remain';
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: PATIENCE_MS,
      query_timeout: PATIENCE_MS,
      application_name: 'sallyport',
    });
    // Ending its own session may end it.
    client.on('error', () => undefined);
    try {
      await client.connect();
      if (await isLimited(client)) return;
      reason = await limit(client);
    } catch (error) {
      throw translateDatabaseError(error);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  const wanted = LIMITED.map((name) => `${name} = ${SESSION_LIMITS[name]}`).join(', ');
  throw new ConfigError([
    {
      setting: 'SALLYPORT_DATABASE_POOLER',
      problem: `the role in DATABASE_URL needs ${wanted} (ALTER ROLE … SET, or connect_query of PgBouncer): ${reason}`,
    },
  ]);
}

/**
 * Opens a few connections to look at a database by. One that asked for the limits and has not got them, or was refused for asking, is not
 * ours: a pooler gives it out, and locks and statements that are kept on it would be lost.
 * @param setting where the URL stands.
 * @throws ConfigError where there is a pooler nobody told of; DomainError `unavailable`; what the driver throws. Nothing is left open then.
 */
export async function openToLook(url: string, setting: string, pooled: boolean): Promise<DataSource> {
  const dataSource = createDataSource({ url, poolSize: 2, entities: [], pooled });
  try {
    await openDataSource(dataSource, setting);
    if (!pooled) await mustBeOurSession(new Database(dataSource), setting);
    return dataSource;
  } catch (error) {
    if (dataSource.isInitialized) await dataSource.destroy();
    throw isPoolerRefusal(error) ? undeclared(setting) : error;
  }
}

/** PgBouncer turns away who sends settings it does not know. */
export function isPoolerRefusal(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('unsupported startup parameter');
}

async function mustBeOurSession(sql: Sql, setting: string): Promise<void> {
  if (limitsLacking(single(await sql.query(`SELECT ${LIMIT_COLUMNS}`))).length > 0) throw undeclared(setting);
}

function undeclared(setting: string): ConfigError {
  const problem =
    setting === 'DATABASE_URL'
      ? 'leads to a pooler, which keeps no sessions: set SALLYPORT_DATABASE_POOLER=transaction'
      : 'leads to a pooler: name the database itself here';
  return new ConfigError([{ setting, problem }]);
}

async function isLimited(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query(`SELECT ${LIMIT_COLUMNS}`);
  return limitsLacking(rows[0]).length === 0;
}

/** @returns what kept it from being done, for the operator. */
async function limit(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ database: string }>('SELECT current_database() AS database');
  const place = pg.escapeIdentifier(rows[0]!.database);
  const settings = LIMITED.map(
    (name) => `ALTER ROLE CURRENT_USER IN DATABASE ${place} SET ${name} = ${SESSION_LIMITS[name]}`,
  );
  try {
    // Several statements in one message are one transaction, and go to one session.
    await client.query([`SELECT pg_advisory_xact_lock(${ADVISORY_LOCKS.migration})`, ...settings].join('; '));
    await client.query(END_OLDER_SESSIONS);
  } catch (error) {
    return (error as Error).message;
  }
  await client.query('SELECT pg_terminate_backend(pg_backend_pid())').catch(() => undefined);
  return 'sessions without limits remain';
}

const END_OLDER_SESSIONS = `
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid() AND state = 'idle'`;
