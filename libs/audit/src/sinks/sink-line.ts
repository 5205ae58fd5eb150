import type { AuditRecord, SignedRecord } from '../audit-record.js';
import { type Checkpoint, type CheckpointLine, checkpointLine } from '../chain/checkpoint.js';

/** One row of the chain as a sink keeps it: all its hashes are made of, and the hash it left. */
export interface RowLine extends AuditRecord {
  number: number;
  keyedHash: string | null;
  chainHash: string;
}

export interface SealedRecord extends SignedRecord {
  number: string;
  chain_hash: Buffer;
}

/** A line of JSON for a sink: `{"row":…}` or `{"checkpoint":…}`. */
export function lineOfRow({ number, chain_hash, keyed_hash, ...record }: SealedRecord): string {
  const row: RowLine = {
    number: Number(number),
    ...record,
    keyedHash: keyed_hash?.toString('hex') ?? null,
    chainHash: chain_hash.toString('hex'),
  };
  return JSON.stringify({ row });
}

export function lineOfCheckpoint(checkpoint: Checkpoint): string {
  const line: { checkpoint: CheckpointLine } = { checkpoint: checkpointLine(checkpoint) };
  return JSON.stringify(line);
}
