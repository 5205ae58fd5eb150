/** What PostgreSQL itself ends (S92), in milliseconds, by the names of its settings. */
export const SESSION_LIMITS = {
  statement_timeout: 5_000,
  lock_timeout: 2_000,
  idle_in_transaction_session_timeout: 15_000,
} as const;

export type SessionLimit = keyof typeof SESSION_LIMITS;
export const LIMITED = Object.keys(SESSION_LIMITS) as SessionLimit[];

/** Columns that say, in milliseconds, where a session is limited; 0: nowhere. */
export const LIMIT_COLUMNS = LIMITED.map(
  (name) => `(extract(epoch FROM current_setting('${name}')::interval) * 1000)::float8 AS ${name}`,
).join(', ');

/** The limits that a session lacks, or that lie higher than ours. @param row holds `LIMIT_COLUMNS`. */
export function limitsLacking(row: Record<string, unknown>): SessionLimit[] {
  return LIMITED.filter((name) => !(Number(row[name]) > 0 && Number(row[name]) <= SESSION_LIMITS[name]));
}
