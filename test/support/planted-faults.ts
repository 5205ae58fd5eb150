import { expect } from 'vitest';
import type { Core } from './core.js';

/** A statement that shall fail: what it does to which table and, for a row's own, which rows. */
export interface Fault {
  table: string;
  event: 'INSERT' | 'UPDATE' | 'DELETE';
  /** A condition over NEW and OLD, where the table is written by other statements too. */
  rows?: string;
}

/** Does the work while Postgres refuses one statement. */
export function withFault<T>(core: Core, fault: Fault, work: () => Promise<T>): Promise<T> {
  return withTrigger(core, fault, `RAISE EXCEPTION 'planted'`, work);
}

/** Does the work while Postgres takes its time over one statement. */
export function withPause<T>(core: Core, place: Fault, work: () => Promise<T>): Promise<T> {
  return withTrigger(core, place, 'PERFORM pg_sleep(0.3); RETURN NEW', work);
}

async function withTrigger<T>(
  { database }: Core,
  { table, event, rows }: Fault,
  body: string,
  work: () => Promise<T>,
): Promise<T> {
  await database.query(
    `CREATE OR REPLACE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body}; END $$`,
  );
  const when = rows === undefined ? 'FOR EACH STATEMENT' : `FOR EACH ROW WHEN (${rows})`;
  await database.query(
    `CREATE TRIGGER planted BEFORE ${event} ON ${table} ${when} EXECUTE FUNCTION planted()`,
  );
  try {
    return await work();
  } finally {
    await database.query(`DROP TRIGGER planted ON ${table}`);
  }
}

/** How many statements wait for this now: `Lock`, or `Timeout` for a pause. */
export async function waiting(
  { database }: Pick<Core, 'database'>,
  what: 'Lock' | 'Timeout',
): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = $1`,
    [what],
  );
  return rows[0]!.count;
}

/** Does the work while its user is being deleted: what still saw the user is stopped by that, and goes on when it has happened. */
export async function whileDeleting<T>(
  { database }: Pick<Core, 'database'>,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  const deletion = await database.connect();
  try {
    await deletion.query('BEGIN');
    const { rows } = await deletion.query<{ principal_id: string }>(
      `DELETE FROM local_users u USING accounts a WHERE a.id = u.account_id AND u.name = $1 RETURNING a.principal_id`,
      [name],
    );
    await deletion.query('DELETE FROM principals WHERE id = $1', [rows[0]!.principal_id]);
    const done = work();
    await expect.poll(() => waiting({ database }, 'Lock'), { interval: 5, timeout: 5_000 }).toBe(1);
    await deletion.query('COMMIT');
    return await done;
  } finally {
    await deletion.query('ROLLBACK');
    deletion.release();
  }
}
