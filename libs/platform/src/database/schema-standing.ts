import type { Sql } from './sql.js';
import { migrations as ours } from './migrations/index.js';

/** How a database stands to this version. */
export interface SchemaStanding {
  /** Migrations that have not run there. */
  pending: string[];
  /** Migrations of another, newer version. */
  unknown: string[];
  /** Whether this version may start on it: nothing newer has run there, or only what says that it leaves this version working (S96). */
  servable: boolean;
}

interface Ran {
  [column: string]: unknown;
  name: string;
  serves_from: string | null;
}

/** Compares what ran with what this version has; a database without tables has run nothing. */
export async function schemaStanding(
  sql: Sql,
  migrations: readonly { name: string }[] = ours,
): Promise<SchemaStanding> {
  const known = migrations.map(({ name }) => name);
  const rows = await ranOn(sql);
  const done = new Set(rows.map(({ name }) => name));
  const unknown = rows.filter(({ name }) => !known.includes(name));
  const last = Math.max(...known.map(numberOf));
  return {
    pending: known.filter((name) => !done.has(name)),
    unknown: unknown.map(({ name }) => name),
    servable: unknown.every((row) => row.serves_from !== null && Number(row.serves_from) <= last),
  };
}

async function ranOn(sql: Sql): Promise<Ran[]> {
  const [table] = await sql.query<{ there: boolean; notes: boolean }>(
    `SELECT to_regclass('migrations') IS NOT NULL AS there, EXISTS (SELECT FROM pg_attribute
       WHERE attrelid = to_regclass('migrations') AND attname = 'serves_from' AND NOT attisdropped) AS notes`,
  );
  if (table?.there !== true) return [];
  return sql.query<Ran>(
    `SELECT name, ${table.notes ? 'serves_from' : 'NULL AS serves_from'} FROM migrations ORDER BY id`,
  );
}

/** The number every migration's name ends in. */
function numberOf(name: string): number {
  return Number(/(?<!\d)\d+$/.exec(name)?.[0] ?? 0);
}
