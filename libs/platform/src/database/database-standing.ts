import type { Clock } from '../clock.js';
import { single } from './database.js';
import type { Sql } from './sql.js';
import { LIMIT_COLUMNS, limitsLacking, type SessionLimit } from './session-limits.js';

/** Settings of PostgreSQL without which a crash may bring back what was spent (S94). */
export const DURABILITY_SETTINGS = ['fsync', 'full_page_writes', 'synchronous_commit'] as const;
export type DurabilitySetting = (typeof DURABILITY_SETTINGS)[number];

/** Seconds a replica may differ from the database (S93). */
const MOST_DIFFERENCE = 5;

/** What the server that answers is like. */
export interface DatabaseStanding {
  /** As `server_version_num`: 180001. */
  version: number;
  versionText: string;
  superuser: boolean;
  standby: boolean;
  /** It takes no changes: a standby does not, nor a primary that was told so. */
  readOnly: boolean;
  /** The durability settings that are off. */
  off: DurabilitySetting[];
  /** Of the session that answered: the limits of S92 it lacks. */
  unlimited: SessionLimit[];
  /** Milliseconds the database is ahead of the clock, to half the time its answer took. */
  aheadBy: number;
}

/** A reason not to decide on this database, with what mends it. */
export interface Doubt {
  about: 'standby' | 'read-only' | 'clock' | 'limits' | DurabilitySetting;
  message: string;
  remedy: string;
}

interface Facts {
  [column: string]: unknown;
  version: number;
  version_text: string;
  superuser: boolean;
  standby: boolean;
  read_only: boolean;
  fsync: string;
  full_page_writes: string;
  synchronous_commit: string;
  milliseconds: string;
}

/** Asks the database what it is like and what time it is. @throws DomainError `unavailable` where it does not answer. */
export async function databaseStanding(sql: Sql, clock: Clock): Promise<DatabaseStanding> {
  const before = clock.now().getTime();
  const facts = single(await sql.query<Facts>(FACTS));
  const middle = (before + clock.now().getTime()) / 2;
  return {
    version: facts.version,
    versionText: facts.version_text,
    superuser: facts.superuser,
    standby: facts.standby,
    readOnly: facts.read_only,
    off: DURABILITY_SETTINGS.filter((setting) => facts[setting] === 'off'),
    unlimited: limitsLacking(facts),
    aheadBy: Number(facts.milliseconds) - middle,
  };
}

/** Why nothing should be decided here: its time is not ours (S93), it takes no changes (S91), it is no primary, it forgets in a crash (S94), or a lock is waited for without end (S92). */
export function doubtsAbout({ standby, readOnly, off, unlimited, aheadBy }: DatabaseStanding): Doubt[] {
  const doubts: Doubt[] = off.map((setting) => ({
    about: setting,
    message: `${setting} is off: a crash could bring a spent code back`,
    remedy: `Set ${setting} = on in postgresql.conf.`,
  }));
  if (standby)
    doubts.unshift({
      about: 'standby',
      message: 'this is a standby',
      remedy: 'Let DATABASE_URL name the primary: decisions are made there only.',
    });
  else if (readOnly)
    doubts.unshift({
      about: 'read-only',
      message: 'it takes no changes',
      remedy: 'Set default_transaction_read_only = off, or find out who set it and why.',
    });
  if (unlimited.length > 0)
    doubts.push({
      about: 'limits',
      message: `a session has no ${unlimited.join(', no ')}`,
      remedy:
        'A pooler stands before the database: see docs/operations.md#growing for what it and the role must be set to.',
    });
  if (Math.abs(aheadBy) > MOST_DIFFERENCE * 1000)
    doubts.push({
      about: 'clock',
      message: differenceOf(aheadBy),
      remedy: 'Let NTP set both clocks, and restart a server whose clock was ahead: codes are judged by it.',
    });
  return doubts;
}

export function differenceOf(aheadBy: number): string {
  return `this host and the database differ by ${(Math.abs(aheadBy) / 1000).toFixed(1)} s`;
}

const FACTS = `
  SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS version_text,
    pg_is_in_recovery() AS standby, current_setting('transaction_read_only') = 'on' AS read_only, current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
    current_setting('synchronous_commit') AS synchronous_commit, extract(epoch FROM clock_timestamp()) * 1000 AS milliseconds,
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser, ${LIMIT_COLUMNS}`;
