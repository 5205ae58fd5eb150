import type { Core } from './core.js';

/** A statement that shall fail: what it does to which table and, for a row's own, which rows. */
export interface Fault {
  table: string;
  event: 'INSERT' | 'UPDATE' | 'DELETE';
  /** A condition over NEW and OLD, where the table is written by other statements too. */
  rows?: string;
}

/** Does the work while Postgres refuses one statement. */
export async function withFault<T>(
  { database }: Core,
  { table, event, rows }: Fault,
  work: () => Promise<T>,
): Promise<T> {
  await database.query(
    `CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'planted'; END $$`,
  );
  const when = rows === undefined ? 'FOR EACH STATEMENT' : `FOR EACH ROW WHEN (${rows})`;
  await database.query(
    `CREATE TRIGGER planted BEFORE ${event} ON ${table} ${when} EXECUTE FUNCTION refuse()`,
  );
  try {
    return await work();
  } finally {
    await database.query(`DROP TRIGGER planted ON ${table}`);
  }
}

/** Every row of every table, as text: two are equal where nothing happened in between. */
export async function everything({ database }: Core, ...except: string[]): Promise<Record<string, string[]>> {
  const { rows } = await database.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY name`,
  );
  const contents: Record<string, string[]> = {};
  for (const { name } of rows.filter((row) => !except.includes(row.name)))
    contents[name] = (
      await database.query<{ line: string }>(`SELECT t::text AS line FROM "${name}" t ORDER BY line`)
    ).rows.map(({ line }) => line);
  return contents;
}
