import pg from 'pg';

/** The migrated database nobody writes to. */
export const TEMPLATE = 'sallyport_template';

/** A database of the test server as the application sees it: its owner, no superuser. */
export function databaseUrl(socketDirectory: string, database: string): string {
  return `postgres://sallyport@/${database}?host=${encodeURIComponent(socketDirectory)}`;
}

/** One statement of a superuser, in a database no test uses. */
export async function sendStatement(socketDirectory: string, statement: string): Promise<void> {
  const client = new pg.Client({ host: socketDirectory, user: 'postgres', database: 'postgres' });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
