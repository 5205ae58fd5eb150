import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '@sallyport/platform';
import { RECORD_COLUMNS, type SignedRecord } from '../audit-record.js';
import { AuditFile } from '../sinks/audit-file.js';
import { AuditSinks } from '../sinks/audit-sinks.js';
import { AuditKeysService } from './audit-keys.service.js';
import { type AuditVerdict, Findings } from './audit-verdict.js';
import { type ChainPlace, ChainWalk, type SealedRow } from './chain-walk.js';
import {
  type Checkpoint,
  CHECKPOINT_COLUMNS,
  checkpointBytes,
  checkpointOf,
  type CheckpointRow,
  readCheckpointLine,
} from './checkpoint.js';
import { CHAIN_START } from './seal.js';

const BATCH = 1_000;
/** Unsealed rows that are looked at one by one. */
const UNSEALED = 10_000;

export interface VerifyOptions {
  /** Begins behind the checkpoint of this number instead of at the first row there is. */
  from?: number;
  /** A file a sink has written; absent: the configured one, null: none. */
  checkpointFile?: string | null;
}

/** Recomputes the chain and says which row is wrong (S74, S76). Changes nothing and holds up nobody: it reads one moment of the database. */
@Injectable()
export class AuditVerifier {
  constructor(
    private readonly database: Database,
    private readonly keys: AuditKeysService,
    private readonly sinks: AuditSinks,
  ) {}

  /**
   * @returns everything found; `intact` only where nothing is wrong. What an intruder did who has the server's keys, too, only an exported
   *   checkpoint shows.
   * @throws Error where there is no checkpoint `from`, or the file cannot be read.
   */
  async verify({ from, checkpointFile }: VerifyOptions = {}): Promise<AuditVerdict> {
    const findings = new Findings();
    const exported = await this.readExported(this.fileAt(checkpointFile), findings);
    return this.database.transaction(async (tx) => {
      await tx.execute('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
      await tx.query(`SELECT set_config('statement_timeout', '0', true)`);
      return this.walk(tx, findings, exported, from);
    });
  }

  private fileAt(path: string | null | undefined): AuditFile | null {
    if (path === undefined) return this.sinks.file;
    return path === null ? null : new AuditFile(path);
  }

  private async walk(
    tx: Transaction,
    findings: Findings,
    exported: Map<number, Buffer>,
    from: number | undefined,
  ): Promise<AuditVerdict> {
    const base = from === undefined ? await this.baseOf(tx) : await this.checkpointAt(tx, from);
    if (from !== undefined && base.hash === null) throw new Error(`there is no checkpoint of number ${from}`);
    const walk = new ChainWalk(this.keys, findings, exported, base);
    let compared = 0;
    for (;;) {
      const rows = await tx.query<SealedRow>(SEALED_ROWS, [walk.last]);
      for (const row of rows) await walk.follow(row);
      const end = rows.length < BATCH ? Number.MAX_SAFE_INTEGER : walk.last;
      const start = Number(rows[0]?.number ?? walk.last + 1);
      compared += await this.compareCheckpoints(tx, [start, end], walk, findings);
      if (rows.length < BATCH) break;
    }
    const unsealed = await this.checkUnsealed(tx, walk);
    walk.end();
    if (from === undefined && base.number > 0 && (walk.retained !== base.number || base.hash === null))
      findings.add('gone', 1, null, `rows 1 to ${base.number} are gone, and no retention removed them`);
    return {
      intact: findings.count === 0,
      first: walk.last < walk.first ? 0 : walk.first,
      last: walk.last,
      headHash: (walk.previous ?? CHAIN_START).toString('hex'),
      unsealed,
      checkpoints: compared,
      exportedCheckpoints: exported.size,
      gaps: walk.resumed,
      problems: findings.problems.toSorted(
        (one, other) => (one.number ?? Infinity) - (other.number ?? Infinity),
      ),
      problemCount: findings.count,
    };
  }

  /** Where the chain begins now: at its start, or behind the last stretch that a retention removed. */
  private async baseOf(tx: Transaction): Promise<ChainPlace> {
    const [row] = await tx.query<{ first: string | null; checkpoint: string | null }>(
      `SELECT (SELECT min(number) FROM audit_seals) AS first, (SELECT max(number) FROM audit_checkpoints) AS checkpoint`,
    );
    if (row === undefined || (row.first === null && row.checkpoint === null))
      return { number: 0, hash: CHAIN_START };
    if (row.first === '1') return { number: 0, hash: CHAIN_START };
    return this.checkpointAt(tx, row.first === null ? Number(row.checkpoint) : Number(row.first) - 1);
  }

  private async checkpointAt(tx: Transaction, number: number): Promise<ChainPlace> {
    const [row] = await tx.query<CheckpointRow>(
      `SELECT ${CHECKPOINT_COLUMNS} FROM audit_checkpoints WHERE number = $1`,
      [number],
    );
    const checkpoint = row === undefined ? null : checkpointOf(row);
    const signed = checkpoint !== null && (await this.isSigned(checkpoint));
    return { number, hash: signed ? checkpoint.chainHash : null };
  }

  /** The database's own checkpoints from one number to another. @returns how many there are. */
  private async compareCheckpoints(
    tx: Transaction,
    between: [from: number, to: number],
    walk: ChainWalk,
    findings: Findings,
  ): Promise<number> {
    const rows = await tx.query<CheckpointRow & { sealed: Buffer | null }>(
      `SELECT c.number, c.chain_hash, c.at, c.key_id, c.signature, s.chain_hash AS sealed
       FROM audit_checkpoints c LEFT JOIN audit_seals s ON s.number = c.number WHERE c.number BETWEEN $1 AND $2 ORDER BY c.number`,
      between,
    );
    for (const row of rows) {
      const checkpoint = checkpointOf(row);
      const text = `the checkpoint of row ${checkpoint.number} was signed by no server`;
      if (await this.isSigned(checkpoint)) walk.compare(checkpoint.number, checkpoint.chainHash, row.sealed);
      else findings.add('checkpoint-forged', checkpoint.number, null, text);
    }
    return rows.length;
  }

  private async checkUnsealed(tx: Transaction, walk: ChainWalk): Promise<number> {
    const rows = await tx.query<SignedRecord & { waits: boolean }>(UNSEALED_ROWS);
    for (const row of rows) await walk.meetUnsealed(row);
    return rows.length;
  }

  private async readExported(file: AuditFile | null, findings: Findings): Promise<Map<number, Buffer>> {
    const exported = new Map<number, Buffer>();
    if (file === null) return exported;
    for await (const line of file.lines()) {
      const checkpoint = readCheckpointLine(line['checkpoint']);
      if (checkpoint === null) continue;
      const { number, chainHash: hash } = checkpoint;
      if (!(await this.isSigned(checkpoint))) {
        const text = `the exported checkpoint of row ${number} was signed by no server of this installation`;
        findings.add('checkpoint-forged', number, null, text);
        continue;
      }
      const known = exported.get(number);
      if (known !== undefined && !known.equals(hash))
        findings.add('checkpoint-differs', number, null, `two exported checkpoints of row ${number} differ`);
      exported.set(number, hash);
    }
    return exported;
  }

  private async isSigned(checkpoint: Checkpoint): Promise<boolean> {
    const key = await this.keys.find(checkpoint.keyId);
    return key !== null && key.hasSigned(checkpointBytes(checkpoint), checkpoint.signature);
  }
}

const SEALED_ROWS = `
  SELECT s.number, s.event_id, s.chain_hash, s.key_id AS seal_key_id, s.keyed_hash AS seal_hash, s.sealed_at, ${RECORD_COLUMNS}
  FROM audit_seals s LEFT JOIN audit_events e ON e.id = s.event_id WHERE s.number > $1 ORDER BY s.number LIMIT ${BATCH}`;

const UNSEALED_ROWS = `
  SELECT ${RECORD_COLUMNS}, EXISTS (SELECT FROM audit_unsealed u WHERE u.event_id = e.id) AS waits
  FROM audit_events e WHERE NOT EXISTS (SELECT FROM audit_seals s WHERE s.event_id = e.id) ORDER BY e.at LIMIT ${UNSEALED}`;
