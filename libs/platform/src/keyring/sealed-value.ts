import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { DomainError } from '../domain-error.js';

/** Where a sealed value lives; bound into the seal, so that it opens nowhere else (S65). */
export interface SealPlace {
  table: string;
  column: string;
  /** The row's own identity: its id, or the ids its uniqueness stands on. */
  row: string;
}

/** What seals: a data key by its number. */
export interface DataKey {
  id: number;
  key: KeyObject;
}

/** @param bytes 32. */
export function dataKey(id: number, bytes: Buffer): DataKey {
  return { id, key: createSecretKey(bytes) };
}

const FORMAT = 1;
const HEADER = 1 + 4 + 12;
const TAG = 16;

/** AES-256-GCM. Layout: format (1 byte), data key id (4 bytes), nonce (12 random bytes), ciphertext, tag (16 bytes). */
export function sealWith({ id, key }: DataKey, secret: Buffer, place: SealPlace): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt8(FORMAT, 0);
  header.writeUInt32BE(id, 1);
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(context(id, place));
  return Buffer.concat([header, nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
}

/** @returns the number of the data key that opens it. @throws DomainError `sealed-value-broken` where it is no sealed value. */
export function dataKeyIdOf(sealed: Buffer, place: SealPlace): number {
  if (sealed.length < HEADER + TAG || sealed[0] !== FORMAT) throw broken(place);
  return sealed.readUInt32BE(1);
}

/** @throws DomainError `sealed-value-broken` when the value was moved, changed or cut; never empty or plain. */
export function unsealWith({ id, key }: DataKey, sealed: Buffer, place: SealPlace): Buffer {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(5, HEADER)).setAAD(
      context(id, place),
    );
    decipher.setAuthTag(sealed.subarray(-TAG));
    return Buffer.concat([decipher.update(sealed.subarray(HEADER, -TAG)), decipher.final()]);
  } catch (error) {
    throw broken(place, error);
  }
}

function context(keyId: number, { table, column, row }: SealPlace): Buffer {
  return Buffer.from(JSON.stringify([FORMAT, table, column, row, keyId]));
}

function broken(place: SealPlace, cause?: unknown): DomainError {
  const { table, column, row } = place;
  return new DomainError(
    'internal',
    'sealed-value-broken',
    `a sealed value does not open: ${table}.${column} of ${row}`,
    {},
    { cause },
  );
}
