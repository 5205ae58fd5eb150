import { Injectable } from '@nestjs/common';
import { AuditService, SERVER } from '@sallyport/audit';
import { NoticesService } from '@sallyport/identity';
import { after, Clock, type Sql } from '@sallyport/platform';

/** Wrong codes in a row before a right one that are told. */
export const TOLD_BEFORE_SUCCESS = 5;
/** Wrong codes within so many days that are told, whatever lay between them. */
export const TOLD_IN_ALL = 50;
const DAYS = 30;
const DAY = 86_400;

/** Whoever reaches a second factor knows the password: many failures there are told to the owner, once a day (S24). */
@Injectable()
export class SuspicionService {
  constructor(
    private readonly notices: NoticesService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** A factor was proven after so many failures in a row. */
  async seeSuccess(sql: Sql, principalId: string, failures: number): Promise<void> {
    if (failures >= TOLD_BEFORE_SUCCESS)
      await this.tell(sql, principalId, 'success after failures', failures);
  }

  /** A try to prove a factor was wrong. */
  async seeFailure(sql: Sql, principalId: string): Promise<void> {
    const now = this.clock.now();
    const [row] = await sql.query<{ failures: number }>(COUNT, [principalId, now, after(now, -DAYS * DAY)]);
    const failures = row?.failures ?? 0;
    if (failures >= TOLD_IN_ALL) await this.tell(sql, principalId, `failures within ${DAYS} days`, failures);
  }

  private async tell(sql: Sql, principalId: string, reason: string, failures: number): Promise<void> {
    if (!(await this.notices.postOncePerDay(sql, principalId, 'suspicion', { reason, failures }))) return;
    await this.audit.record(sql, SERVER, {
      action: 'sign-in.suspicious',
      outcome: 'failure',
      object: { type: 'principal', id: principalId },
      detail: { reason, failures },
    });
  }
}

// Of failures at once each counts on from the other: what the upsert returns is today's count as it stands.
const COUNT = `
  WITH today AS (
    INSERT INTO factor_failure_days AS d (principal_id, day, failures) VALUES ($1, ($2::timestamptz AT TIME ZONE 'UTC')::date, 1)
    ON CONFLICT (principal_id, day) DO UPDATE SET failures = d.failures + 1 RETURNING day, failures
  )
  SELECT (today.failures + coalesce(sum(earlier.failures), 0))::int AS failures FROM today
  LEFT JOIN factor_failure_days earlier ON earlier.principal_id = $1 AND earlier.day <> today.day
    AND earlier.day > ($3::timestamptz AT TIME ZONE 'UTC')::date
  GROUP BY today.failures`;
