import type pg from 'pg';

/** The role that owns the application's database, and the database. */
export const APPLICATION = 'sallyport';
/** The role the server serves as, which owns nothing. */
export const SERVER = 'sallyport_server';

/** @param socketDirectory where the cluster listens. */
export function applicationUrl(socketDirectory: string, role: typeof APPLICATION | typeof SERVER): string {
  return `postgres://${role}@/${APPLICATION}?host=${encodeURIComponent(socketDirectory)}`;
}

/** The application signs in as a role without powers over the server: a flaw in a query must not become a shell. */
export async function ensureApplicationDatabase(superuser: pg.Client): Promise<void> {
  for (const name of [APPLICATION, SERVER]) {
    const role = await superuser.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
    if (role.rowCount === 0) await superuser.query(`CREATE ROLE ${name} LOGIN`);
  }
  const database = await superuser.query('SELECT FROM pg_database WHERE datname = $1', [APPLICATION]);
  if (database.rowCount === 0) await superuser.query(`CREATE DATABASE ${APPLICATION} OWNER ${APPLICATION}`);
}
