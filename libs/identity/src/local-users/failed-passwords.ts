import type { Sql } from '@sallyport/platform';

/**
 * Wrong passwords are forgotten, from wherever they came (S07).
 * @param subject an account's id, or what stands for a name nobody has.
 */
export async function forgetFailures(sql: Sql, subject: string): Promise<void> {
  // In the order tries are booked in.
  await sql.execute(
    `WITH held AS (SELECT subject, network FROM password_throttles WHERE subject = $1 ORDER BY subject, network FOR UPDATE)
     UPDATE password_throttles t SET failures = 0, wait_until = NULL FROM held
     WHERE t.subject = held.subject AND t.network = held.network`,
    [subject],
  );
}

/** A password that failures stopped opens from everywhere again (S08). */
export async function resumePassword(sql: Sql, accountId: string): Promise<void> {
  await sql.execute(
    'UPDATE local_users SET password_stopped_at = NULL WHERE account_id = $1 AND password_stopped_at IS NOT NULL',
    [accountId],
  );
}
