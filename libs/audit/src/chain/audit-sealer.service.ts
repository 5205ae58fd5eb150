import { Injectable, Logger } from '@nestjs/common';
import { Clock, Database, takesTurn, type Transaction } from '@sallyport/platform';
import { RECORD_COLUMNS, type SignedRecord } from '../audit-record.js';
import { AuditKeysService } from './audit-keys.service.js';
import {
  type Checkpoint,
  CHECKPOINT_COLUMNS,
  checkpointBytes,
  checkpointOf,
  type CheckpointRow,
} from './checkpoint.js';
import { CHAIN_START, chainHash, type Seal, sealBytes } from './seal.js';

/** Rows of a stretch at most: a checkpoint ends it (security.md, numbers). */
const STRETCH_ROWS = 1_000;
/** Seconds a stretch is open at most. */
const STRETCH_SECONDS = 60;

interface Head {
  number: number;
  chainHash: Buffer;
}

/**
 * Numbers rows without a gap and chains them (S75), and signs where the chain has come to (S76). Each batch is one transaction under an
 * advisory lock: of all replicas one seals, another goes on where it dies, and acts wait for neither. What commits late is sealed late.
 */
@Injectable()
export class AuditSealerService {
  private readonly logger = new Logger('Audit');

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly keys: AuditKeysService,
  ) {}

  /** @returns how many rows were sealed; 0 where nothing waits, or another replica is at it. */
  async seal(): Promise<number> {
    for (let sealed = 0; ;) {
      const batch = await this.database.transaction((tx) => this.sealBatch(tx));
      if (batch === 0) return sealed;
      sealed += batch;
    }
  }

  /** How many seconds the oldest row has waited for its seal; 0 where none waits. */
  async lagSeconds(): Promise<number> {
    const [row] = await this.database.query<{ oldest: Date | null }>(
      'SELECT min(e.at) AS oldest FROM audit_unsealed u JOIN audit_events e ON e.id = u.event_id',
    );
    const oldest = row?.oldest ?? null;
    return oldest === null ? 0 : Math.max(0, (this.clock.now().getTime() - oldest.getTime()) / 1000);
  }

  private async sealBatch(tx: Transaction): Promise<number> {
    if (!(await takesTurn(tx, 'auditSeal'))) return 0;
    const last = await this.lastCheckpoint(tx);
    const head = await this.head(tx, last);
    const records = await this.take(tx, STRETCH_ROWS - (head.number - (last?.number ?? 0)));
    const seals = this.chain(head, records);
    if (seals.length > 0) await this.write(tx, seals);
    await this.conclude(tx, last, seals.at(-1) ?? head);
    return seals.length;
  }

  private async lastCheckpoint(tx: Transaction): Promise<Checkpoint | null> {
    const [row] = await tx.query<CheckpointRow>(
      `SELECT ${CHECKPOINT_COLUMNS} FROM audit_checkpoints ORDER BY number DESC LIMIT 1`,
    );
    return row === undefined ? null : checkpointOf(row);
  }

  /** After a retention the last rows may be gone; their checkpoint stays. A tail that was cut off stays a gap, and is told. */
  private async head(tx: Transaction, last: Checkpoint | null): Promise<Head> {
    const [row] = await tx.query<{ number: string; chain_hash: Buffer }>(
      'SELECT number, chain_hash FROM audit_seals ORDER BY number DESC LIMIT 1',
    );
    const sealed = row === undefined ? null : { number: Number(row.number), chainHash: row.chain_hash };
    if (sealed === null) return last ?? { number: 0, chainHash: CHAIN_START };
    if (last === null || sealed.number >= last.number) return sealed;
    this.logger.error(
      `rows ${sealed.number + 1} to ${last.number} of the audit are gone: run "sallyport audit verify"`,
    );
    return last;
  }

  /** Rows leave the queue in the transaction that seals them, in the order of their time. */
  private async take(tx: Transaction, most: number): Promise<(SignedRecord | { gone: string })[]> {
    const taken = await tx.query<{ event_id: string }>(
      `DELETE FROM audit_unsealed WHERE ctid = ANY (ARRAY(SELECT ctid FROM audit_unsealed LIMIT $1)) RETURNING event_id`,
      [most],
    );
    if (taken.length === 0) return [];
    const ids = taken.map(({ event_id }) => event_id);
    const records = await tx.query<SignedRecord>(
      `SELECT ${RECORD_COLUMNS} FROM audit_events e WHERE e.id = ANY($1::uuid[]) ORDER BY e.at, e.id`,
      [ids],
    );
    const found = new Set(records.map(({ id }) => id));
    const gone = ids.filter((id) => !found.has(id));
    for (const id of gone) this.logger.error(`row ${id} of the audit was removed before it was sealed`);
    return [...records, ...gone.map((id) => ({ gone: id }))];
  }

  private chain(head: Head, records: (SignedRecord | { gone: string })[]): Seal[] {
    const sealedAt = this.clock.now();
    let { number, chainHash: previous } = head;
    return records.map((record) => {
      number += 1;
      previous = chainHash(previous, record);
      return { number, eventId: 'gone' in record ? record.gone : record.id, chainHash: previous, sealedAt };
    });
  }

  private async write(tx: Transaction, seals: Seal[]): Promise<void> {
    const key = await this.keys.current();
    await tx.execute(
      `INSERT INTO audit_seals (number, event_id, chain_hash, keyed_hash, key_id, sealed_at)
       SELECT number, event_id, chain_hash, keyed_hash, $5, $6
       FROM unnest($1::bigint[], $2::uuid[], $3::bytea[], $4::bytea[]) AS s (number, event_id, chain_hash, keyed_hash)`,
      [
        seals.map(({ number }) => number),
        seals.map(({ eventId }) => eventId),
        seals.map((seal) => seal.chainHash),
        seals.map((seal) => key.hash('seal', sealBytes(seal))),
        key.id,
        seals[0]?.sealedAt,
      ],
    );
  }

  /** A checkpoint, where a stretch is full or has been open for its time. */
  private async conclude(
    tx: Transaction,
    last: Checkpoint | null,
    { number, chainHash: hash }: Head,
  ): Promise<void> {
    const rows = number - (last?.number ?? 0);
    const at = this.clock.now();
    const open = last === null ? Infinity : (at.getTime() - last.at.getTime()) / 1000;
    if (rows === 0 || (rows < STRETCH_ROWS && open < STRETCH_SECONDS)) return;
    const key = await this.keys.current();
    const signature = key.sign(checkpointBytes({ number, chainHash: hash, at, keyId: key.id }));
    await tx.execute(
      'INSERT INTO audit_checkpoints (number, chain_hash, at, key_id, signature) VALUES ($1, $2, $3, $4, $5)',
      [number, hash, at, key.id, signature],
    );
  }
}
