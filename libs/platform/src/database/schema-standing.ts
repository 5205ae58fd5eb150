import type { Sql } from './database.js';
import { migrations } from './migrations/index.js';

/** How a database stands to this version. */
export interface SchemaStanding {
  /** Migrations that have not run there. */
  pending: string[];
  /** Migrations of another, newer version. */
  unknown: string[];
}

/** Compares what ran with what this version has; a database without tables has run nothing. */
export async function schemaStanding(sql: Sql): Promise<SchemaStanding> {
  const known = migrations.map(({ name }) => name);
  const [table] = await sql.query<{ there: boolean }>(
    `SELECT to_regclass('migrations') IS NOT NULL AS there`,
  );
  const rows =
    table?.there === true ? await sql.query<{ name: string }>('SELECT name FROM migrations ORDER BY id') : [];
  const done = new Set(rows.map(({ name }) => name));
  return {
    pending: known.filter((name) => !done.has(name)),
    unknown: [...done].filter((name) => !known.includes(name)),
  };
}
