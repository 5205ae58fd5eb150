import { canonicalBytes, type SignedRecord } from '../audit-record.js';
import type { AuditKeysService } from './audit-keys.service.js';
import type { AuditGap } from './audit-resumption.service.js';
import type { Findings } from './audit-verdict.js';
import { chainHash, sealBytes } from './seal.js';

/** A seal with its row; the columns of the row are null where it is gone. */
export type SealedRow = Partial<SignedRecord> & {
  number: string;
  event_id: string;
  chain_hash: Buffer;
  seal_key_id: number;
  seal_hash: Buffer;
  sealed_at: Date;
};

/** Where the chain is entered: behind this number, after this hash; null where the hash is not known. */
export interface ChainPlace {
  number: number;
  hash: Buffer | null;
}

/** Goes along the chain, row by row in the order of their numbers, and notes what is wrong (S74, S76). */
export class ChainWalk {
  readonly first: number;
  last: number;
  /** The hash before the row that comes; null where it is not known. */
  previous: Buffer | null;
  /** Up to here rows were removed by the retention, as an event of the chain says. */
  retained = 0;
  /** Of the numbers that are not there, those an event of the chain explains (S95). */
  readonly resumed: AuditGap[] = [];
  private readonly missing: AuditGap[] = [];
  /** Rows nobody signed that were met so far. */
  private unsigned = 0;
  /** The furthest row a checkpoint tells of, and which. */
  private told: { number: number; by: string } | null = null;

  /** @param exported what checkpoints outside the database say, by number */
  constructor(
    private readonly keys: AuditKeysService,
    private readonly findings: Findings,
    private readonly exported: Map<number, Buffer>,
    base: ChainPlace,
  ) {
    this.first = base.number + 1;
    this.last = base.number;
    this.previous = base.hash;
  }

  async follow(row: SealedRow): Promise<void> {
    const number = Number(row.number);
    if (number > this.last + 1) {
      this.missing.push({ after: this.last, through: number - 1 });
      this.previous = null;
    }
    if (isRecord(row)) await this.checkRecord(row, number);
    else this.findings.add('gone', number, row.event_id, `row ${number} is gone; its seal is there`);
    await this.checkSeal(row, number);
    const said = this.exported.get(number);
    if (said !== undefined && !said.equals(row.chain_hash)) this.differs(number, 'the exported checkpoint');
    if (isRecord(row)) this.note(row);
    this.previous = row.chain_hash;
    this.last = number;
  }

  /** A row that has no seal yet; `waits`: the sealer knows of it. */
  async meetUnsealed({ waits, ...record }: SignedRecord & { waits: boolean }): Promise<void> {
    const before = this.findings.count;
    await this.checkSignature(record, null);
    if (this.findings.count > before) return;
    this.note(record);
    const text = 'a row outside the chain was taken from the queue of the sealer';
    if (!waits) this.findings.add('unsealed', null, record.id, text);
  }

  /** A checkpoint of row `number` that a server signed; `sealed`: what the database holds there. */
  compare(number: number, said: Buffer, sealed: Buffer | null): void {
    if (number > this.last) this.cut(number, 'the checkpoint');
    else if (sealed !== null && !sealed.equals(said)) this.differs(number, 'the checkpoint');
  }

  /** After the last row: what is missing, unless the operator has put a backup back and said so. */
  end(): void {
    const isExplained = ({ after, through }: AuditGap) =>
      this.resumed.some((gap) => gap.after <= after && gap.through >= through);
    for (const gap of this.missing.filter((found) => !isExplained(found)))
      for (let number = gap.after + 1; number <= gap.through; number += 1)
        this.findings.add('gone', number, null, `row ${number} and its seal are gone`);
    for (const number of this.exported.keys())
      if (number > this.last) this.cut(number, 'the exported checkpoint');
    if (this.told === null || isExplained({ after: this.last, through: this.told.number })) return;
    const { number, by } = this.told;
    const text = `rows ${this.last + 1} to ${number} are gone: ${by} of row ${number} tells of them`;
    this.findings.add('cut', this.last + 1, null, text);
  }

  private async checkRecord(record: SealedRow & SignedRecord, number: number): Promise<void> {
    await this.checkSignature(record, number);
    if (this.previous === null || chainHash(this.previous, record).equals(record.chain_hash)) return;
    const text = `row ${number} does not follow on row ${number - 1}`;
    this.findings.add('chain-broken', number, record.event_id, text);
  }

  private async checkSeal(row: SealedRow, number: number): Promise<void> {
    const seal = { number, eventId: row.event_id, chainHash: row.chain_hash, sealedAt: row.sealed_at };
    const key = await this.keys.find(row.seal_key_id);
    if (key !== null && key.matches('seal', sealBytes(seal), row.seal_hash)) return;
    this.findings.add('seal-forged', number, row.event_id, `the seal of row ${number} was made by no server`);
  }

  private async checkSignature(record: SignedRecord, number: number | null): Promise<void> {
    const where = number === null ? `a row outside the chain` : `row ${number}`;
    if (record.key_id === null || record.keyed_hash === null) {
      const first = await this.keys.find(1);
      // Of the rows that were there before rows were signed, so many are excused and no more.
      if (first !== null && record.at <= first.madeAt && (this.unsigned += 1) <= first.unsignedRows) return;
      this.findings.add('unsigned', number, record.id, `${where} is signed by no server`);
      return;
    }
    const key = await this.keys.find(record.key_id);
    if (key !== null && key.matches('row', canonicalBytes(record), record.keyed_hash)) return;
    this.findings.add('altered', number, record.id, `${where} is not what a server wrote`);
  }

  private cut(number: number, by: string): void {
    if (this.told === null || number > this.told.number) this.told = { number, by };
  }

  private differs(number: number, what: string): void {
    const text = `the rows up to ${number} are not those ${what} tells of: one of those since the checkpoint before it was replaced`;
    this.findings.add('checkpoint-differs', number, null, text);
  }

  /** Only what a server signed is believed. */
  private note({ action, detail, key_id }: SignedRecord): void {
    const { after, through } = detail;
    if (key_id === null || typeof through !== 'number') return;
    if (action === 'audit.retained') this.retained = Math.max(this.retained, through);
    if (action === 'audit.resumed' && typeof after === 'number') this.resumed.push({ after, through });
  }
}

function isRecord(row: SealedRow): row is SealedRow & SignedRecord {
  return row.id !== null && row.id !== undefined;
}
