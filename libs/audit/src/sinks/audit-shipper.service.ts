import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { after, Clock, Database } from '@sallyport/platform';
import { RECORD_COLUMNS } from '../audit-record.js';
import {
  type Checkpoint,
  CHECKPOINT_COLUMNS,
  checkpointOf,
  type CheckpointRow,
} from '../chain/checkpoint.js';
import { type AuditSink, AuditSinks } from './audit-sinks.js';
import { lineOfCheckpoint, lineOfRow, type SealedRecord } from './sink-line.js';

/** Seconds a replica that has gone keeps a sink from the others. */
const LEASE_SECONDS = 60;
/** Characters of one portion, unless one row alone is longer. */
const PORTION = 262_144;

interface Portion {
  lines: string[];
  from: number;
  to: number;
}

/**
 * Brings stretches to the sinks, in order (S76). One replica at a time sends to a sink; how far it has come is noted after each portion, so
 * that whoever goes on, after whatever lay between, leaves nothing out and sends nothing twice, but for a portion whose answer was lost.
 */
@Injectable()
export class AuditShipperService {
  private readonly replica = randomUUID();
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly sinks: AuditSinks,
  ) {}

  /** @returns the names of sinks that did not take what they were sent. @throws the last error of a sink, after all were tried. */
  ship(): Promise<string[]> {
    // One after the other: the lease keeps other replicas away, not this one.
    const shipped = this.last.then(() => this.shipToAll());
    this.last = shipped.catch(() => undefined);
    return shipped;
  }

  private async shipToAll(): Promise<string[]> {
    const failed: string[] = [];
    const errors: unknown[] = [];
    for (const sink of this.sinks.all) {
      try {
        if (!(await this.shipTo(sink))) failed.push(sink.name);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors.at(-1);
    return failed;
  }

  /** Lets another replica go on at once. */
  async release(): Promise<void> {
    if (this.sinks.all.length === 0) return;
    await this.database.execute(
      'UPDATE audit_sinks SET leased_by = NULL, leased_until = NULL WHERE leased_by = $1',
      [this.replica],
    );
  }

  /** The number up to which every sink has everything; null where there is no sink. */
  async coveredByAll(): Promise<number | null> {
    if (this.sinks.all.length === 0) return null;
    const rows = await this.database.query<{ number: string }>(
      'SELECT number FROM audit_sinks WHERE name = ANY($1)',
      [this.sinks.all.map(({ name }) => name)],
    );
    return rows.length < this.sinks.all.length ? 0 : Math.min(...rows.map(({ number }) => Number(number)));
  }

  private async shipTo(sink: AuditSink): Promise<boolean> {
    const noted = await this.lease(sink);
    if (noted === null) return true;
    let covered = (await sink.covered?.()) ?? noted;
    if (covered !== noted && !(await this.note(sink, covered))) return true;
    for (;;) {
      const checkpoint = await this.nextCheckpoint(covered);
      if (checkpoint === null) return true;
      for (const { lines, from, to } of await this.portions(sink, covered, checkpoint)) {
        if (!(await sink.take(lines, from, to))) return false;
        if (!(await this.note(sink, to))) return true;
      }
      covered = checkpoint.number;
    }
  }

  /** @returns how far the sink has come; null where another replica sends to it. */
  private async lease({ name }: AuditSink): Promise<number | null> {
    const now = this.clock.now();
    await this.database.execute(
      'INSERT INTO audit_sinks (name, number) VALUES ($1, 0) ON CONFLICT DO NOTHING',
      [name],
    );
    const [row] = await this.database.query<{ number: string }>(
      `UPDATE audit_sinks SET leased_by = $2, leased_until = $3
       WHERE name = $1 AND (leased_by IS NULL OR leased_by = $2 OR leased_until < $4) RETURNING number`,
      [name, this.replica, after(now, LEASE_SECONDS), now],
    );
    return row === undefined ? null : Number(row.number);
  }

  /** @returns whether the sink is still this replica's. */
  private async note({ name }: AuditSink, number: number): Promise<boolean> {
    const until = after(this.clock.now(), LEASE_SECONDS);
    const changed = await this.database.execute(
      'UPDATE audit_sinks SET number = $3, leased_until = $4 WHERE name = $1 AND leased_by = $2',
      [name, this.replica, number, until],
    );
    return changed === 1;
  }

  private async nextCheckpoint(covered: number): Promise<Checkpoint | null> {
    const [row] = await this.database.query<CheckpointRow>(
      `SELECT ${CHECKPOINT_COLUMNS} FROM audit_checkpoints WHERE number > $1 ORDER BY number LIMIT 1`,
      [covered],
    );
    return row === undefined ? null : checkpointOf(row);
  }

  private async portions(sink: AuditSink, covered: number, checkpoint: Checkpoint): Promise<Portion[]> {
    const portions: Portion[] = [];
    let current: Portion = { lines: [], from: covered + 1, to: covered };
    let length = 0;
    for (const row of sink.takesRows ? await this.rows(covered, checkpoint.number) : []) {
      const line = lineOfRow(row);
      if (length > 0 && length + line.length > PORTION) {
        portions.push(current);
        current = { lines: [], from: current.to + 1, to: current.to };
        length = 0;
      }
      current.lines.push(line);
      current.to = Number(row.number);
      length += line.length;
    }
    current.lines.push(lineOfCheckpoint(checkpoint));
    current.to = checkpoint.number;
    return [...portions, current];
  }

  private rows(covered: number, to: number): Promise<SealedRecord[]> {
    return this.database.query<SealedRecord>(
      `SELECT s.number, s.chain_hash, ${RECORD_COLUMNS} FROM audit_seals s JOIN audit_events e ON e.id = s.event_id
       WHERE s.number > $1 AND s.number <= $2 ORDER BY s.number`,
      [covered, to],
    );
  }
}
