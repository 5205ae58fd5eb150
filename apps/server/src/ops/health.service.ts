import { Injectable } from '@nestjs/common';
import { type AuditStanding, AuditGauges, AuditResumption } from '@sallyport/audit';
import {
  causeOf,
  Database,
  DomainError,
  inTime,
  type KeyAge,
  KeyInventoryService,
  schemaStanding,
} from '@sallyport/platform';
import { Readiness } from '../http/readiness.js';
import { DatabaseWatch } from './database-watch.service.js';

interface Check {
  name: string;
  /** Seconds after which asking again makes sense. */
  retryAfter: number;
  /** @returns what is wrong; null where nothing is. */
  problem: () => Promise<string | null>;
}

/** What operators are told, in detail. */
export interface HealthReport {
  ready: boolean;
  checks: { name: string; ok: boolean; problem?: string }[];
  /** Null where it could not be asked. */
  audit: AuditStanding | null;
  keys: KeyAge[] | null;
}

/** Milliseconds for one part of a report. */
const LONGEST_MS = 2_000;

/** Whether this replica wants requests, and why not (S90, S93 to S96). */
@Injectable()
export class HealthService {
  private readonly checks: Check[];

  constructor(
    readiness: Readiness,
    database: Database,
    watch: DatabaseWatch,
    resumption: AuditResumption,
    private readonly audit: AuditGauges,
    private readonly keys: KeyInventoryService,
  ) {
    this.checks = [
      { name: 'draining', retryAfter: 5, problem: async () => (readiness.ready ? null : 'it is stopping') },
      { name: 'database', retryAfter: 1, problem: () => answers(database) },
      { name: 'schema', retryAfter: 30, problem: () => schemaProblem(database) },
      { name: 'clock and primary', retryAfter: 30, problem: async () => joined(await watch.look()) },
      // A backup that was put back revives nothing before the operator has seen to it (S95).
      { name: 'audit', retryAfter: 60, problem: async () => gapProblem(await resumption.gap()) },
    ];
  }

  /** @throws DomainError `unavailable` for the first thing that is wrong. */
  async mustBeReady(): Promise<void> {
    for (const { name, retryAfter, problem } of this.checks) {
      const found = await problem();
      if (found !== null) throw new DomainError('unavailable', `not-ready-${name}`, found, { retryAfter });
    }
  }

  /** Everything that can be found out in a few seconds, whatever else fails. */
  async report(): Promise<HealthReport> {
    const checks = await Promise.all(this.checks.map((check) => look(check)));
    const [audit, keys] = await Promise.all([
      inTime(this.audit.look(), LONGEST_MS).catch(() => null),
      inTime(this.keys.ages(), LONGEST_MS).catch(() => null),
    ]);
    return { ready: checks.every(({ ok }) => ok), checks, audit, keys };
  }
}

async function look({ name, problem }: Check): Promise<HealthReport['checks'][number]> {
  const found = await inTime(problem(), LONGEST_MS).catch(unasked);
  return found === null ? { name, ok: true } : { name, ok: false, problem: found };
}

function unasked(failure: unknown): string {
  const reason = causeOf(failure) ?? (failure instanceof DomainError ? failure.code : 'too late');
  return `it could not be asked (${reason})`;
}

async function answers(database: Database): Promise<null> {
  await database.query('SELECT 1 FROM installation');
  return null;
}

/** A newer version's schema is served where that version allows it; an older one never (S96). */
async function schemaProblem(database: Database): Promise<string | null> {
  const { pending, servable } = await schemaStanding(database);
  if (pending.length > 0) return `${pending.length} migrations have not run`;
  return servable ? null : 'a newer version has changed the database';
}

function joined(doubts: { message: string }[]): string | null {
  return doubts.length === 0 ? null : doubts.map(({ message }) => message).join('; ');
}

function gapProblem(gap: object | null): string | null {
  return gap === null ? null : 'the database is behind what the audit has exported';
}
