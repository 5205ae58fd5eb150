import pg from 'pg';

/** The migrated database nobody writes to. */
export const TEMPLATE = 'sallyport_template';

/** The roles of the embedded PostgreSQL. */
export const OWNER = 'sallyport';
export const SERVER_ROLE = 'sallyport_server';

/** A database of the test server as its owner sees it, who is no superuser. */
export function databaseUrl(socketDirectory: string, database: string): string {
  return `postgres://${OWNER}@/${database}?host=${encodeURIComponent(socketDirectory)}`;
}

/** The same as the server sees it, by its own role (S96). */
export function serverUrlOf(ownerUrl: string): string {
  return ownerUrl.replace(`://${OWNER}@`, `://${SERVER_ROLE}@`);
}

/** What a server is told: to serve as its own role, and who migrates. */
export function databaseSettings(ownerUrl: string): Record<string, string> {
  return { DATABASE_URL: serverUrlOf(ownerUrl), SALLYPORT_MIGRATION_DATABASE_URL: ownerUrl };
}

/** One statement of a superuser, in a database no test uses unless it is named. */
export async function sendStatement(
  socketDirectory: string,
  statement: string,
  database = 'postgres',
): Promise<void> {
  const client = new pg.Client({ host: socketDirectory, user: 'postgres', database });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
