import { Injectable } from '@nestjs/common';
import { after, Clock, Database, type Sql } from '@sallyport/platform';
import { PARALLEL_TRIES, type PasswordRule, passwordWaitAfter } from './password-waits.js';

/** A booking older than this was never settled: its replica died. It counts as a failure (S06). */
const LOST_AFTER_SECONDS = 60;

/** Whose tries are counted, and from where. */
export interface PasswordSubject extends PasswordRule {
  /** The account's id, or a keyed hash of a name nobody has (S10). */
  subject: string;
  network: string;
}

/** Counts password tries per (account, network) in Postgres: booked before evaluation, settled after (S06, S07, S10). */
@Injectable()
export class PasswordThrottleService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Books one try. @returns null when it may be evaluated, else the seconds to wait. */
  async book({ subject, network, freeTries, longestWait, peace }: PasswordSubject): Promise<number | null> {
    const now = this.clock.now();
    const bookOne = () =>
      this.database.execute(BOOK, [subject, network, now, PARALLEL_TRIES, after(now, -peace)]);
    await this.database.execute(COUNT_LOST, [
      subject,
      network,
      now,
      after(now, -LOST_AFTER_SECONDS),
      freeTries,
      longestWait,
    ]);
    if ((await bookOne()) === 1) return null;
    const [row] = await this.database.query<{ wait_until: Date | null }>(
      'SELECT wait_until FROM password_throttles WHERE subject = $1 AND network = $2',
      [subject, network],
    );
    const left = row?.wait_until ? Math.ceil((row.wait_until.getTime() - now.getTime()) / 1000) : 0;
    return Math.max(left, 1);
  }

  /** A booked try was wrong. @returns the failures so far and the wait that begins, in seconds. */
  async fail(
    sql: Sql,
    { subject, network, ...rule }: PasswordSubject,
  ): Promise<{ failures: number; waitSeconds: number }> {
    const now = this.clock.now();
    const [row] = await sql.query<{ failures: number }>(FAIL, [
      subject,
      network,
      now,
      rule.freeTries,
      rule.longestWait,
    ]);
    const failures = row?.failures ?? 1;
    return { failures, waitSeconds: passwordWaitAfter(failures, rule) };
  }

  /** A booked try counts neither way: the password was right (only a full sign-in clears the count), or it was never evaluated. */
  async release({ subject, network }: Pick<PasswordSubject, 'subject' | 'network'>): Promise<void> {
    await this.database.execute(
      'UPDATE password_throttles SET booked = greatest(booked - 1, 0) WHERE subject = $1 AND network = $2',
      [subject, network],
    );
  }

  /** A full sign-in of the account from this network (S07). */
  async clear(sql: Sql, subject: string, network: string): Promise<void> {
    await sql.execute(
      'UPDATE password_throttles SET failures = 0, wait_until = NULL WHERE subject = $1 AND network = $2',
      [subject, network],
    );
  }
}

/** Seconds to wait in SQL: the twin of `passwordWaitAfter`. */
function waitSql(failures: string, freeTries: string, longestWait: string): string {
  return `CASE WHEN ${failures} < ${freeTries}::int THEN NULL
    ELSE $3::timestamptz + make_interval(secs => least(30 * 2 ^ least(${failures} - ${freeTries}::int, 20), ${longestWait}::int)) END`;
}

const COUNT_LOST = `
  UPDATE password_throttles SET failures = failures + booked, booked = 0, last_failure_at = $3, updated_at = $3,
    wait_until = ${waitSql('failures + booked', '$5', '$6')}
  WHERE subject = $1 AND network = $2 AND booked > 0 AND booked_at < $4`;

const BOOK = `
  INSERT INTO password_throttles AS t (subject, network, booked, booked_at, updated_at) VALUES ($1, $2, 1, $3, $3)
  ON CONFLICT (subject, network) DO UPDATE SET booked = t.booked + 1, booked_at = $3, updated_at = $3,
    failures = CASE WHEN t.last_failure_at < $5 THEN 0 ELSE t.failures END,
    wait_until = CASE WHEN t.last_failure_at < $5 THEN NULL ELSE t.wait_until END
  WHERE (t.wait_until IS NULL OR t.wait_until <= $3 OR t.last_failure_at < $5) AND t.booked < $4::int`;

const FAIL = `
  INSERT INTO password_throttles AS t (subject, network, failures, last_failure_at, updated_at, wait_until)
  VALUES ($1, $2, 1, $3, $3, ${waitSql('1', '$4', '$5')})
  ON CONFLICT (subject, network) DO UPDATE SET failures = t.failures + 1, booked = greatest(t.booked - 1, 0),
    last_failure_at = $3, updated_at = $3, wait_until = ${waitSql('t.failures + 1', '$4', '$5')}
  RETURNING failures`;
