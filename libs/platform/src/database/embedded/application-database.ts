import type pg from 'pg';

/** The role that owns the application's database, and the database. */
export const APPLICATION = 'sallyport';

/** The application signs in as a role without powers over the server: a flaw in a query must not become a shell. */
export async function ensureApplicationDatabase(superuser: pg.Client): Promise<void> {
  const role = await superuser.query('SELECT FROM pg_roles WHERE rolname = $1', [APPLICATION]);
  if (role.rowCount === 0) await superuser.query(`CREATE ROLE ${APPLICATION} LOGIN`);
  const database = await superuser.query('SELECT FROM pg_database WHERE datname = $1', [APPLICATION]);
  if (database.rowCount === 0) await superuser.query(`CREATE DATABASE ${APPLICATION} OWNER ${APPLICATION}`);
}
