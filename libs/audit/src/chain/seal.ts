import { createHash } from 'node:crypto';
import { canonicalBytes, type SignedRecord } from '../audit-record.js';

/** What stands before the first row of a chain. */
export const CHAIN_START = Buffer.alloc(32);

/** One link of the chain (S75). */
export interface Seal {
  /** 1, 2, 3, … without a gap. */
  number: number;
  eventId: string;
  chainHash: Buffer;
  sealedAt: Date;
}

/** SHA-256 over the hash before it and all of the row; a row that was gone before it was sealed leaves its id. */
export function chainHash(previous: Buffer, record: SignedRecord | { gone: string }): Buffer {
  const hash = createHash('sha256').update(previous);
  if ('gone' in record) return hash.update(`gone\0${record.gone}`).digest();
  return hash
    .update(canonicalBytes(record))
    .update(record.keyed_hash ?? '')
    .digest();
}

/** What a seal's own hash is made of: whoever cannot make it cannot chain anew. */
export function sealBytes({ number, eventId, chainHash: hash, sealedAt }: Seal): Buffer {
  return Buffer.from(JSON.stringify([1, number, eventId, hash.toString('hex'), sealedAt.toISOString()]));
}
