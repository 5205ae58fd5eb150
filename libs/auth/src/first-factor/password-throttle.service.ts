import { Injectable } from '@nestjs/common';
import { after, Clock, Config, Database, Metrics, type Sql } from '@sallyport/platform';
import {
  KNOWN_DAYS,
  namesWaitAfter,
  NAMES_WINDOW,
  PARALLEL_NAMES,
  PARALLEL_TRIES,
  type PasswordRule,
  passwordWaitAfter,
  sharedWaitAfter,
  SHARED_PEACE,
} from './password-waits.js';
import { ALL, BOOK, FULL_SIGN_IN, RELEASE, SETTLE } from './throttle-statements.js';

/** A booking older than this was never settled: its replica died. It counts as a failure (S06). */
const LOST_AFTER_SECONDS = 60;
const DAY = 86_400;
/** From so many failures on every wait is the longest. */
const LAST_COUNT = 128;

/** Whose tries are counted, and from where. */
export interface PasswordSubject extends PasswordRule {
  /** The account's id, or a keyed hash of a name nobody has (S10). */
  subject: string;
  network: string;
  /** Whether the network is known to the account: then only its own tries count (S08). */
  known: boolean;
}

/** A try that was booked, and is to be settled once. */
export interface PasswordBooking extends PasswordSubject {
  bookedAt: Date;
}

export interface PasswordFailure {
  /** Failures of this subject from this network. */
  failures: number;
  /** Of this subject over all networks unknown to it; 0 from a known one. */
  sharedFailures: number;
  /** The wait that begins for this subject, in seconds. */
  waitSeconds: number;
}

interface CountRow {
  subject: string;
  network: string;
  failures: number;
  wait_until: Date | null;
  lost: number;
}

/**
 * Counts password tries in Postgres, booked before evaluation and settled after (S06, S10). Each counts per (subject, network) (S07); from
 * a network the account does not know also with all others of them (S08), and with all other names tried from that network (S09).
 */
@Injectable()
export class PasswordThrottleService {
  private readonly sharedWaits: number[];
  private readonly namesWaits = waitsBy(namesWaitAfter);

  constructor(
    private readonly config: Config,
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {
    this.sharedWaits = waitsBy((failures) => sharedWaitAfter(failures, config.unknownNetworkTries));
  }

  /** Books one try, wherever it counts or nowhere. @returns the booking, or the seconds to wait, at least 1. */
  async book(tried: PasswordSubject): Promise<{ booking: PasswordBooking } | { waitSeconds: number }> {
    const bookedAt = this.clock.now();
    const rows = rowsOf(tried);
    for (let attempt = 1; ; attempt += 1) {
      const booked = await this.database.query<Row>(BOOK.get(rows.length)!, [
        bookedAt,
        after(bookedAt, -tried.peace),
        after(bookedAt, -SHARED_PEACE),
        PARALLEL_NAMES,
        PARALLEL_TRIES,
        ...rows.flatMap(({ subject, network }) => [subject, network]),
      ]);
      if (booked.length === rows.length) return { booking: { ...tried, bookedAt } };
      const isBooked = (row: Row) => booked.some((other) => isSame(row, other));
      const mine = rows.map((row) => (isBooked(row) ? bookedAt : null));
      const counts = await this.settle(this.database, tried, mine, false);
      // Only after a refusal: what was booked before is looked through for tries nobody will settle any more.
      if (attempt === 1 && counts.some(({ lost }) => lost > 0)) continue;
      this.metrics.throttles.inc({ kind: 'password' });
      return { waitSeconds: Math.max(1, ...counts.map((row) => secondsUntil(row.wait_until, bookedAt))) };
    }
  }

  /** A booked try was wrong. */
  async fail(sql: Sql, booking: PasswordBooking): Promise<PasswordFailure> {
    const mine = rowsOf(booking).map(() => booking.bookedAt);
    const counts = await this.settle(sql, booking, mine, true);
    const ofSubject = counts.filter(({ subject }) => subject === booking.subject);
    const failures = ofSubject.find(({ network }) => network === booking.network)?.failures ?? 0;
    const sharedFailures = ofSubject.find(({ network }) => network === ALL)?.failures ?? 0;
    const waits = ofSubject.map((row) => secondsUntil(row.wait_until, this.clock.now()));
    return { failures, sharedFailures, waitSeconds: Math.max(0, ...waits) };
  }

  /** A booked try counts neither way: the password was right (only a full sign-in clears the count), or it was never evaluated. */
  async release(booking: PasswordBooking, sql: Sql = this.database): Promise<void> {
    const now = this.clock.now();
    const rows = rowsOf(booking);
    const released = await sql.query<Row>(RELEASE.get(rows.length)!, [
      booking.bookedAt,
      now,
      after(now, -LOST_AFTER_SECONDS),
      ...rows.flatMap(({ subject, network }) => [subject, network]),
    ]);
    if (released.length === rows.length) return;
    const isReleased = (row: Row) => released.some((other) => isSame(row, other));
    const mine = rows.map((row) => (isReleased(row) ? null : booking.bookedAt));
    await this.settle(sql, booking, mine, false);
  }

  /** A full sign-in of the account: its network is known from now on, and the failures it felt are forgotten (S07, S08). */
  async signedIn(sql: Sql, accountId: string, network: string): Promise<void> {
    const now = this.clock.now();
    await sql.execute(FULL_SIGN_IN, [accountId, network, now, this.knownSince(now)]);
  }

  /** A network is known to an account while a sign-in from there was completed after this. */
  knownSince(now: Date): Date {
    return after(now, -KNOWN_DAYS * DAY);
  }

  private settle(
    sql: Sql,
    tried: PasswordSubject,
    mine: (Date | null)[],
    failed: boolean,
  ): Promise<CountRow[]> {
    const now = this.clock.now();
    const rows = rowsOf(tried);
    return sql.query<CountRow>(SETTLE.get(rows.length)!, [
      now,
      after(now, -LOST_AFTER_SECONDS),
      failed,
      tried.subject,
      after(now, -NAMES_WINDOW),
      this.knownSince(now),
      this.config.namesPerNetwork,
      waitsBy((failures) => passwordWaitAfter(failures, tried)),
      this.sharedWaits,
      this.namesWaits,
      ...rows.flatMap(({ subject, network }, place) => [subject, network, mine[place] ?? null]),
    ]);
  }
}

type Row = Pick<CountRow, 'subject' | 'network'>;

function rowsOf({ subject, network, known }: PasswordSubject): Row[] {
  const own = { subject, network };
  return known ? [own] : [own, { subject, network: ALL }, { subject: ALL, network }];
}

function isSame(one: Row, other: Row): boolean {
  return one.subject === other.subject && one.network === other.network;
}

function secondsUntil(instant: Date | null, now: Date): number {
  return instant === null ? 0 : Math.max(0, Math.ceil((instant.getTime() - now.getTime()) / 1000));
}

/** The waits after 1, 2, 3, … failures, for the statement that decides. */
function waitsBy(waitAfter: (failures: number) => number): number[] {
  return Array.from({ length: LAST_COUNT }, (_, index) => waitAfter(index + 1));
}
