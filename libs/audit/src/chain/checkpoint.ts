/** The head of the chain at one moment, signed (S76). */
export interface Checkpoint {
  /** Of the last row it covers. */
  number: number;
  chainHash: Buffer;
  at: Date;
  keyId: number;
  /** Ed25519 over `checkpointBytes`, in base64url. */
  signature: string;
}

/** A checkpoint as it is written outside the database. */
export interface CheckpointLine {
  number: number;
  /** Hex. */
  hash: string;
  at: string;
  keyId: number;
  signature: string;
}

export interface CheckpointRow {
  number: string;
  chain_hash: Buffer;
  at: Date;
  key_id: number;
  signature: string;
}

export const CHECKPOINT_COLUMNS = 'number, chain_hash, at, key_id, signature';

/** What is signed. */
export function checkpointBytes({ number, chainHash, at, keyId }: Omit<Checkpoint, 'signature'>): Buffer {
  return Buffer.from(
    JSON.stringify([
      'sallyport audit checkpoint',
      1,
      number,
      chainHash.toString('hex'),
      at.toISOString(),
      keyId,
    ]),
  );
}

export function checkpointOf({ number, chain_hash, at, key_id, signature }: CheckpointRow): Checkpoint {
  return { number: Number(number), chainHash: chain_hash, at, keyId: key_id, signature };
}

export function checkpointLine({ number, chainHash, at, keyId, signature }: Checkpoint): CheckpointLine {
  return { number, hash: chainHash.toString('hex'), at: at.toISOString(), keyId, signature };
}

/** @returns null where the text is no checkpoint. */
export function readCheckpointLine(value: unknown): Checkpoint | null {
  const { number, hash, at, keyId, signature } = (value ?? {}) as Partial<CheckpointLine>;
  if (!Number.isSafeInteger(number) || !Number.isSafeInteger(keyId) || typeof signature !== 'string')
    return null;
  if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) return null;
  if (typeof at !== 'string' || Number.isNaN(Date.parse(at))) return null;
  return {
    number: number as number,
    chainHash: Buffer.from(hash, 'hex'),
    at: new Date(at),
    keyId: keyId as number,
    signature,
  };
}
