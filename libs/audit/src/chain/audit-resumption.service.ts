import { Injectable } from '@nestjs/common';
import { Database, type Sql, type Transaction } from '@sallyport/platform';
import type { Actor } from '../actor.js';
import { AuditService } from '../audit.service.js';
import { AuditSinks } from '../sinks/audit-sinks.js';
import type { RowLine } from '../sinks/sink-line.js';
import { AuditKeysService } from './audit-keys.service.js';
import { type Checkpoint, checkpointBytes, readCheckpointLine } from './checkpoint.js';

/** Rows a sink knows and the database does not: after a backup was put back. */
export interface AuditGap {
  /** The last row the database has. */
  after: number;
  /** The last row the newest exported checkpoint tells of. */
  through: number;
}

/** Tells a database that was put back to an earlier state by what it has exported, and lets its audit go on (S95). */
@Injectable()
export class AuditResumption {
  constructor(
    private readonly database: Database,
    private readonly keys: AuditKeysService,
    private readonly sinks: AuditSinks,
    private readonly audit: AuditService,
  ) {}

  /** @returns null where the database holds the newest exported checkpoint, or no file can be asked. */
  async gap(sql: Sql = this.database): Promise<AuditGap | null> {
    const missing = await this.missing(sql);
    return missing === null ? null : { after: await headOf(sql), through: missing.number };
  }

  /**
   * Goes on behind the newest exported checkpoint, so that no number is used twice; the event says which are left out, and verifying believes it.
   * @returns the gap; null where there is none.
   */
  async resume(tx: Transaction, actor: Actor): Promise<AuditGap | null> {
    const missing = await this.missing(tx);
    if (missing === null) return null;
    const gap = { after: await headOf(tx), through: missing.number };
    if (gap.after < missing.number) await keepCheckpoint(tx, missing);
    await this.audit.record(tx, actor, {
      action: 'audit.resumed',
      outcome: 'success',
      object: { type: 'audit-checkpoint', id: String(missing.number) },
      detail: { ...gap, hash: missing.chainHash.toString('hex') },
    });
    return gap;
  }

  /** What the file holds beyond a row; nothing where it is given checkpoints alone. */
  async *lost({ after, through }: AuditGap): AsyncIterable<RowLine> {
    if (this.sinks.file === null) return;
    for await (const line of this.sinks.file.lines()) {
      const row = line['row'] as RowLine | undefined;
      if (row !== undefined && row.number > after && row.number <= through) yield row;
    }
  }

  /** The newest exported checkpoint, where the database does not know it. What another installation signed is not looked at. */
  private async missing(sql: Sql): Promise<Checkpoint | null> {
    const line = await this.sinks.file?.lastCheckpoint().catch(() => null);
    const checkpoint = readCheckpointLine(line);
    if (checkpoint === null) return null;
    const key = await this.keys.find(checkpoint.keyId);
    if (key === null || !key.hasSigned(checkpointBytes(checkpoint), checkpoint.signature)) return null;
    const known = await sql.query('SELECT 1 FROM audit_checkpoints WHERE number = $1 AND chain_hash = $2', [
      checkpoint.number,
      checkpoint.chainHash,
    ]);
    if (known.length > 0) return null;
    const resumed = await sql.query(
      `SELECT 1 FROM audit_events WHERE action = 'audit.resumed' AND object_id = $1 AND detail->>'hash' = $2 LIMIT 1`,
      [String(checkpoint.number), checkpoint.chainHash.toString('hex')],
    );
    return resumed.length > 0 ? null : checkpoint;
  }
}

async function headOf(sql: Sql): Promise<number> {
  const [row] = await sql.query<{ number: string }>(
    `SELECT greatest((SELECT max(number) FROM audit_seals), (SELECT max(number) FROM audit_checkpoints), 0) AS number`,
  );
  return Number(row?.number ?? 0);
}

async function keepCheckpoint(
  tx: Transaction,
  { number, chainHash, at, keyId, signature }: Checkpoint,
): Promise<void> {
  await tx.execute(
    'INSERT INTO audit_checkpoints (number, chain_hash, at, key_id, signature) VALUES ($1, $2, $3, $4, $5)',
    [number, chainHash, at, keyId, signature],
  );
  await tx.execute('UPDATE audit_sinks SET number = greatest(number, $1)', [number]);
}
