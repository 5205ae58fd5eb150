import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '@sallyport/platform';
import { canonicalBytes, RECORD_COLUMNS, type SignedRecord } from '../audit-record.js';
import { AuditFile } from '../sinks/audit-file.js';
import { AuditSinks } from '../sinks/audit-sinks.js';
import { AuditKeysService } from './audit-keys.service.js';
import type { AuditGap } from './audit-resumption.service.js';
import { type AuditVerdict, Findings } from './audit-verdict.js';
import {
  type Checkpoint,
  CHECKPOINT_COLUMNS,
  checkpointBytes,
  checkpointOf,
  type CheckpointRow,
  readCheckpointLine,
} from './checkpoint.js';
import { CHAIN_START, chainHash, sealBytes } from './seal.js';

const BATCH = 1_000;
/** Unsealed rows that are looked at one by one. */
const UNSEALED = 10_000;

export interface VerifyOptions {
  /** Begins behind the checkpoint of this number instead of at the first row there is. */
  from?: number;
  /** A file a sink has written; absent: the configured one, null: none. */
  checkpointFile?: string | null;
}

type SealedRow = Partial<SignedRecord> & {
  number: string;
  event_id: string;
  chain_hash: Buffer;
  seal_key_id: number;
  seal_hash: Buffer;
  sealed_at: Date;
};

interface Walk {
  findings: Findings;
  /** The hash before the row that comes; null where it is not known. */
  previous: Buffer | null;
  first: number;
  last: number;
  /** What exported checkpoints say, by number. */
  exported: Map<number, Buffer>;
  compared: number;
  /** Rows nobody signed that were met so far. */
  unsigned: number;
  /** Numbers that are not there, and those of them an event of the chain explains (S95). */
  missing: AuditGap[];
  resumed: AuditGap[];
  /** The furthest row a checkpoint tells of, and which. */
  told: { number: number; by: string } | null;
  /** Up to here rows were removed by the retention, as an event of the chain says. */
  retained: number;
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
    const walk: Walk = {
      findings,
      previous: base.hash,
      first: base.number + 1,
      last: base.number,
      exported,
      compared: 0,
      unsigned: 0,
      missing: [],
      resumed: [],
      told: null,
      retained: 0,
    };
    for (;;) {
      const rows = await tx.query<SealedRow>(SEALED_ROWS, [walk.last]);
      for (const row of rows) await this.check(row, walk);
      const end = rows.length < BATCH ? Number.MAX_SAFE_INTEGER : walk.last;
      await this.compareCheckpoints(tx, Number(rows[0]?.number ?? walk.last + 1), end, walk);
      if (rows.length < BATCH) break;
    }
    this.compareExported(walk);
    const unsealed = await this.checkUnsealed(tx, walk);
    this.judgeMissing(walk);
    if (from === undefined && base.number > 0 && (walk.retained !== base.number || base.hash === null))
      findings.add('gone', 1, null, `rows 1 to ${base.number} are gone, and no retention removed them`);
    return {
      intact: findings.count === 0,
      first: walk.last < walk.first ? 0 : walk.first,
      last: walk.last,
      headHash: (walk.previous ?? CHAIN_START).toString('hex'),
      unsealed,
      checkpoints: walk.compared,
      exportedCheckpoints: exported.size,
      gaps: walk.resumed,
      problems: findings.problems.toSorted(
        (one, other) => (one.number ?? Infinity) - (other.number ?? Infinity),
      ),
      problemCount: findings.count,
    };
  }

  /** Where the chain begins now: at its start, or behind the last stretch that a retention removed. */
  private async baseOf(tx: Transaction): Promise<{ number: number; hash: Buffer | null }> {
    const [row] = await tx.query<{ first: string | null; checkpoint: string | null }>(
      `SELECT (SELECT min(number) FROM audit_seals) AS first, (SELECT max(number) FROM audit_checkpoints) AS checkpoint`,
    );
    if (row === undefined || (row.first === null && row.checkpoint === null))
      return { number: 0, hash: CHAIN_START };
    if (row.first === '1') return { number: 0, hash: CHAIN_START };
    return this.checkpointAt(tx, row.first === null ? Number(row.checkpoint) : Number(row.first) - 1);
  }

  private async checkpointAt(
    tx: Transaction,
    number: number,
  ): Promise<{ number: number; hash: Buffer | null }> {
    const [row] = await tx.query<CheckpointRow>(
      `SELECT ${CHECKPOINT_COLUMNS} FROM audit_checkpoints WHERE number = $1`,
      [number],
    );
    const checkpoint = row === undefined ? null : checkpointOf(row);
    const signed = checkpoint !== null && (await this.isSigned(checkpoint));
    return { number, hash: signed ? checkpoint.chainHash : null };
  }

  private async check(row: SealedRow, walk: Walk): Promise<void> {
    const { findings } = walk;
    const number = Number(row.number);
    if (number > walk.last + 1) {
      walk.missing.push({ after: walk.last, through: number - 1 });
      walk.previous = null;
    }
    const seal = { number, eventId: row.event_id, chainHash: row.chain_hash, sealedAt: row.sealed_at };
    const key = await this.keys.find(row.seal_key_id);
    const record = isRecord(row) ? row : null;
    if (record === null)
      findings.add('gone', number, row.event_id, `row ${number} is gone; its seal is there`);
    else await this.checkSignature(record, number, walk);
    if (record !== null && walk.previous !== null && !chainHash(walk.previous, record).equals(row.chain_hash))
      findings.add(
        'chain-broken',
        number,
        row.event_id,
        `row ${number} does not follow on row ${number - 1}`,
      );
    if (key === null || !key.matches('seal', sealBytes(seal), row.seal_hash))
      findings.add('seal-forged', number, row.event_id, `the seal of row ${number} was made by no server`);
    const said = walk.exported.get(number);
    if (said !== undefined && !said.equals(row.chain_hash))
      this.differs(walk, number, 'the exported checkpoint');
    if (record !== null) noteEvent(record, walk);
    walk.previous = row.chain_hash;
    walk.last = number;
  }

  private async checkSignature(record: SignedRecord, number: number | null, walk: Walk): Promise<void> {
    const { findings } = walk;
    const where = number === null ? `a row outside the chain` : `row ${number}`;
    if (record.key_id === null || record.keyed_hash === null) {
      const first = await this.keys.find(1);
      // Of the rows that were there before rows were signed, so many are excused and no more.
      if (first !== null && record.at <= first.madeAt && (walk.unsigned += 1) <= first.unsignedRows) return;
      findings.add('unsigned', number, record.id, `${where} is signed by no server`);
      return;
    }
    const key = await this.keys.find(record.key_id);
    if (key !== null && key.matches('row', canonicalBytes(record), record.keyed_hash)) return;
    findings.add('altered', number, record.id, `${where} is not what a server wrote`);
  }

  /** The database's own checkpoints from one number to another. */
  private async compareCheckpoints(tx: Transaction, from: number, to: number, walk: Walk): Promise<void> {
    const rows = await tx.query<CheckpointRow & { sealed: Buffer | null }>(
      `SELECT c.number, c.chain_hash, c.at, c.key_id, c.signature, s.chain_hash AS sealed
       FROM audit_checkpoints c LEFT JOIN audit_seals s ON s.number = c.number WHERE c.number BETWEEN $1 AND $2 ORDER BY c.number`,
      [from, to],
    );
    for (const row of rows) {
      const checkpoint = checkpointOf(row);
      walk.compared += 1;
      if (!(await this.isSigned(checkpoint))) {
        const text = `the checkpoint of row ${checkpoint.number} was signed by no server`;
        walk.findings.add('checkpoint-forged', checkpoint.number, null, text);
      } else if (checkpoint.number > walk.last) this.cut(walk, checkpoint.number, 'the checkpoint');
      else if (row.sealed !== null && !row.sealed.equals(checkpoint.chainHash))
        this.differs(walk, checkpoint.number, 'the checkpoint');
    }
  }

  private compareExported(walk: Walk): void {
    let furthest = walk.last;
    for (const number of walk.exported.keys()) furthest = Math.max(furthest, number);
    if (furthest > walk.last) this.cut(walk, furthest, 'the exported checkpoint');
  }

  private cut(walk: Walk, number: number, by: string): void {
    if (walk.told === null || number > walk.told.number) walk.told = { number, by };
  }

  /** What is missing, unless the operator has put a backup back and said so. */
  private judgeMissing({ findings, missing, resumed, told, last }: Walk): void {
    const isExplained = ({ after, through }: AuditGap) =>
      resumed.some((gap) => gap.after <= after && gap.through >= through);
    for (const gap of missing.filter((found) => !isExplained(found)))
      for (let number = gap.after + 1; number <= gap.through; number += 1)
        findings.add('gone', number, null, `row ${number} and its seal are gone`);
    if (told === null || isExplained({ after: last, through: told.number })) return;
    const { number, by } = told;
    findings.add(
      'cut',
      last + 1,
      null,
      `rows ${last + 1} to ${number} are gone: ${by} of row ${number} tells of them`,
    );
  }

  private differs({ findings }: Walk, number: number, what: string): void {
    const text = `the rows up to ${number} are not those ${what} tells of: one of those since the checkpoint before it was replaced`;
    findings.add('checkpoint-differs', number, null, text);
  }

  private async checkUnsealed(tx: Transaction, walk: Walk): Promise<number> {
    const rows = await tx.query<SignedRecord & { waits: boolean }>(UNSEALED_ROWS);
    for (const { waits, ...record } of rows) {
      const before = walk.findings.count;
      await this.checkSignature(record, null, walk);
      if (walk.findings.count > before) continue;
      noteEvent(record, walk);
      if (!waits)
        walk.findings.add(
          'unsealed',
          null,
          record.id,
          'a row outside the chain was taken from the queue of the sealer',
        );
    }
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

/** Only what a server signed is believed. */
function noteEvent({ action, detail, key_id }: SignedRecord, walk: Walk): void {
  const { after, through } = detail;
  if (key_id === null || typeof through !== 'number') return;
  if (action === 'audit.retained') walk.retained = Math.max(walk.retained, through);
  if (action === 'audit.resumed' && typeof after === 'number') walk.resumed.push({ after, through });
}

function isRecord(row: SealedRow): row is SealedRow & SignedRecord {
  return row.id !== null && row.id !== undefined;
}

const SEALED_ROWS = `
  SELECT s.number, s.event_id, s.chain_hash, s.key_id AS seal_key_id, s.keyed_hash AS seal_hash, s.sealed_at, ${RECORD_COLUMNS}
  FROM audit_seals s LEFT JOIN audit_events e ON e.id = s.event_id WHERE s.number > $1 ORDER BY s.number LIMIT ${BATCH}`;

const UNSEALED_ROWS = `
  SELECT ${RECORD_COLUMNS}, EXISTS (SELECT FROM audit_unsealed u WHERE u.event_id = e.id) AS waits
  FROM audit_events e WHERE NOT EXISTS (SELECT FROM audit_seals s WHERE s.event_id = e.id) ORDER BY e.at LIMIT ${UNSEALED}`;
