import type { Pool } from 'pg';

type Moment = 'INSERT' | 'UPDATE' | 'DELETE';

/** From now on Postgres refuses such a change, at once or only at COMMIT. @returns what ends it. */
export async function failOn(
  database: Pool,
  table: string,
  moments: Moment[],
  atCommit = false,
): Promise<() => Promise<void>> {
  await database.query(
    `CREATE OR REPLACE FUNCTION planted_fault() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN RAISE EXCEPTION 'planted fault of secret-looking text'; END $$`,
  );
  const events = moments.join(' OR ');
  await database.query(
    atCommit
      ? `CREATE CONSTRAINT TRIGGER planted_fault AFTER ${events} ON ${table} DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION planted_fault()`
      : `CREATE TRIGGER planted_fault BEFORE ${events} ON ${table} FOR EACH ROW EXECUTE FUNCTION planted_fault()`,
  );
  return async () => void (await database.query(`DROP TRIGGER planted_fault ON ${table}`));
}

/** What the audit does with its rows by itself, in the background. */
const AUDIT_BOOKKEEPING = [
  'audit_unsealed',
  'audit_seals',
  'audit_checkpoints',
  'audit_sinks',
  'audit_folds',
];

/** The same without what goes on whether anybody acts or not: for comparing before with after. */
export async function dumpOfActs(database: Pool): Promise<Map<string, string>> {
  const dumped = await dump(database);
  for (const table of AUDIT_BOOKKEEPING) dumped.delete(table);
  return dumped;
}

/** Every row of every table as text, bytes in hex: what a dump would show. */
export async function dump(database: Pool): Promise<Map<string, string>> {
  const { rows: tables } = await database.query<{ tablename: string }>(
    `SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename`,
  );
  const dumped = new Map<string, string>();
  for (const { tablename } of tables) {
    const { rows } = await database.query<{ row: string }>(
      `SELECT t::text AS row FROM "${tablename}" t ORDER BY t::text COLLATE "C"`,
    );
    dumped.set(tablename, rows.map(({ row }) => row).join('\n'));
  }
  return dumped;
}
