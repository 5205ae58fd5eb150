import { Injectable } from '@nestjs/common';
import { after, Clock, Database, Metrics, type Sql } from '@sallyport/platform';
import { FAILURE_CAP, waitAfter } from './factor-waits.js';
import { SuspicionService } from './suspicion.service.js';

/** A booking older than this was never settled: its replica died. It counts as a failure (S06). */
const LOST_AFTER_SECONDS = 60;

export interface CountedFactor {
  principalId: string;
  methodId: string;
  freeTries: number;
  /** Seconds: the first wait. */
  period: number;
  /** Seconds one try may take at most, where somebody outside judges it. */
  takes?: number;
}

export type Booking =
  { booked: true } | { booked: false; waitSeconds: number; retryAfter: number; capped: boolean };

/**
 * Counts tries per (principal, method), over both dialects, aliases and replicas (S19, S20, S22). A try is booked by one conditional
 * statement before it is evaluated and settled after; what is never settled stays counted (S06).
 */
@Injectable()
export class FactorThrottleService {
  constructor(
    private readonly database: Database,
    private readonly suspicion: SuspicionService,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  async book({ principalId, methodId, freeTries, period, takes = 0 }: CountedFactor): Promise<Booking> {
    const now = this.clock.now();
    const lost = after(now, -LOST_AFTER_SECONDS - takes);
    const bookOne = () => this.database.execute(BOOK, [principalId, methodId, now, freeTries, FAILURE_CAP]);
    if ((await bookOne()) === 1) return { booked: true };
    const found = await this.database.execute(COUNT_LOST, [
      principalId,
      methodId,
      now,
      lost,
      freeTries,
      period,
    ]);
    if (found === 1 && (await bookOne()) === 1) return { booked: true };
    const [row] = await this.database.query<{ failures: number; booked: number; wait_until: Date | null }>(
      'SELECT failures, booked, wait_until FROM factor_throttles WHERE principal_id = $1 AND method_id = $2',
      [principalId, methodId],
    );
    const capped = (row?.failures ?? 0) >= FAILURE_CAP;
    const waitSeconds = waitAfter(Math.max(row?.failures ?? 0, freeTries), freeTries, period);
    const left = row?.wait_until ? Math.ceil((row.wait_until.getTime() - now.getTime()) / 1000) : 0;
    this.metrics.throttles.inc({ kind: capped ? 'factor_stopped' : 'factor' });
    return { booked: false, waitSeconds, retryAfter: Math.max(left, 1), capped };
  }

  /** A booked try was wrong. @returns the failures in a row so far. */
  async fail(sql: Sql, { principalId, methodId, freeTries, period }: CountedFactor): Promise<number> {
    const [row] = await sql.query<{ failures: number }>(FAIL, [
      principalId,
      methodId,
      this.clock.now(),
      freeTries,
      period,
    ]);
    await this.suspicion.seeFailure(sql, principalId);
    return row?.failures ?? 0;
  }

  /** A booked try was right and is spent: the count starts anew. */
  async succeed(sql: Sql, principalId: string, methodId: string): Promise<void> {
    const [row] = await sql.query<{ failures: number }>(
      `WITH before AS (SELECT failures FROM factor_throttles WHERE principal_id = $1 AND method_id = $2 FOR UPDATE)
       UPDATE factor_throttles SET failures = 0, booked = greatest(booked - 1, 0), wait_until = NULL, updated_at = $3 FROM before
       WHERE principal_id = $1 AND method_id = $2 RETURNING before.failures`,
      [principalId, methodId, this.clock.now()],
    );
    await this.suspicion.seeSuccess(sql, principalId, row?.failures ?? 0);
  }

  /** A booked try counts neither way: it was a replay, or the step it belonged to failed elsewhere. */
  async release(principalId: string, methodId: string): Promise<void> {
    await this.database.execute(
      'UPDATE factor_throttles SET booked = greatest(booked - 1, 0) WHERE principal_id = $1 AND method_id = $2',
      [principalId, methodId],
    );
  }

  /** The count goes with the authenticator: reset by an administrator, or a fresh rebind (S20). */
  async forget(sql: Sql, principalId: string, methodId: string): Promise<void> {
    await sql.execute('DELETE FROM factor_throttles WHERE principal_id = $1 AND method_id = $2', [
      principalId,
      methodId,
    ]);
  }

  async failuresOf(sql: Sql, principalId: string, methodId: string): Promise<number> {
    const [row] = await sql.query<{ failures: number }>(
      'SELECT failures FROM factor_throttles WHERE principal_id = $1 AND method_id = $2',
      [principalId, methodId],
    );
    return row?.failures ?? 0;
  }
}

/** Seconds to wait in SQL: the twin of `waitAfter`, for the statements that decide. */
function waitSql(failures: string, freeTries: string, period: string): string {
  return `CASE WHEN ${failures} < ${freeTries}::int THEN NULL
    ELSE $3::timestamptz + make_interval(secs => least(${period}::int * 2 ^ least(${failures} - ${freeTries}::int, 20), 900)) END`;
}

const COUNT_LOST = `
  UPDATE factor_throttles SET failures = failures + booked, booked = 0, updated_at = $3,
    wait_until = ${waitSql('failures + booked', '$5', '$6')}
  WHERE principal_id = $1 AND method_id = $2 AND booked > 0 AND booked_at < $4`;

// While free tries are left, as many run at once as are left; afterwards one at a time, and only outside a wait.
const BOOK = `
  INSERT INTO factor_throttles AS t (principal_id, method_id, booked, booked_at, updated_at) VALUES ($1, $2, 1, $3, $3)
  ON CONFLICT (principal_id, method_id) DO UPDATE SET booked = t.booked + 1, booked_at = $3, updated_at = $3
  WHERE (t.wait_until IS NULL OR t.wait_until <= $3)
    AND t.failures + t.booked < $5::int
    AND (t.failures + t.booked < $4::int OR (t.failures >= $4::int AND t.booked = 0))`;

const FAIL = `
  UPDATE factor_throttles SET failures = failures + 1, booked = greatest(booked - 1, 0), updated_at = $3,
    wait_until = ${waitSql('failures + 1', '$4', '$5')}
  WHERE principal_id = $1 AND method_id = $2 RETURNING failures`;
