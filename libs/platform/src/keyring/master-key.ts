import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { linkSync, rmSync, writeFileSync } from 'node:fs';
import { readMasterKeys, writeMasterKeys } from './master-key-file.js';

/**
 * The keys that wrap data keys (S67). They live in this process and in their file, nowhere else. Ordinarily there is one; while the
 * master key is rotated the newest stands last, and the one before still opens what it wrapped (S68).
 */
export class MasterKey {
  private keys: readonly Buffer[];

  /** @param reread the keys as their file holds them now: a key that was put there later is found without a restart. */
  constructor(
    keys: Buffer | readonly Buffer[],
    private readonly reread: (() => readonly Buffer[]) | null = null,
  ) {
    this.keys = Buffer.isBuffer(keys) ? [keys] : keys;
  }

  /** The name of every key, the newest last. A name gives nothing of its key away. */
  get ids(): string[] {
    return this.keys.map(nameOf);
  }

  /** The name of the newest key. */
  get newestId(): string {
    return this.ids.at(-1)!;
  }

  /** Wraps a data key: nonce (12 bytes), ciphertext, tag (16 bytes). @param id under which key; absent: the newest. */
  wrap(dataKey: Buffer, id = this.newestId): Buffer {
    const key = this.keys.find((candidate) => nameOf(candidate) === id);
    if (key === undefined) throw new Error(`there is no master key ${id}`);
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(WRAP_CONTEXT);
    return Buffer.concat([nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws Error when no master key here is the one that wrapped, or the bytes were changed. */
  unwrap(wrapped: Buffer): Buffer {
    return unwrapWith(this.keyOf(wrapped), wrapped);
  }

  /** The name of the key that wrapped. @throws Error as `unwrap`. */
  idOf(wrapped: Buffer): string {
    return nameOf(this.keyOf(wrapped));
  }

  private keyOf(wrapped: Buffer): Buffer {
    const known = this.keys.find((key) => opens(key, wrapped));
    if (known !== undefined) return known;
    const fresh = this.reread?.() ?? [];
    const found = fresh.find((key) => opens(key, wrapped));
    if (found === undefined) throw new Error('no master key here opens it');
    this.keys = fresh;
    return found;
  }
}

const WRAP_CONTEXT = Buffer.from('sallyport data key v1');

function opens(key: Buffer, wrapped: Buffer): boolean {
  try {
    unwrapWith(key, wrapped);
    return true;
  } catch {
    return false;
  }
}

function unwrapWith(key: Buffer, wrapped: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(0, 12)).setAAD(WRAP_CONTEXT);
  decipher.setAuthTag(wrapped.subarray(-16));
  return Buffer.concat([decipher.update(wrapped.subarray(12, -16)), decipher.final()]);
}

function nameOf(key: Buffer): string {
  return createHmac('sha256', key).update('sallyport master key name v1').digest('hex').slice(0, 16);
}

/**
 * Reads the master key: a line of base64 that holds 32 bytes; while it is rotated one line for each key, the newest last.
 * @throws ConfigError when the file is missing, readable by everybody, or holds anything else. Nothing makes a new key here.
 */
export function readMasterKey(file: string): MasterKey {
  return new MasterKey(readMasterKeys(file), () => readMasterKeys(file));
}

/** Makes a master key file, mode 0600. An existing file is never replaced; of two makers at once one wins. */
export function makeMasterKeyFile(file: string): void {
  const draft = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
}

/**
 * Puts a new key behind the others. It wraps nothing until a rotation moves to it. The file is replaced whole or not at all.
 * @returns the name of the new key. @throws ConfigError as `readMasterKey`, or where the file cannot be written.
 */
export function addMasterKey(file: string): string {
  const key = randomBytes(32);
  writeMasterKeys(file, [...readMasterKeys(file), key]);
  return nameOf(key);
}

/** Takes keys that are needed no more out of the file. @returns the names of those taken out. @throws ConfigError as `addMasterKey`. */
export function dropMasterKeys(file: string, needed: (id: string) => boolean): string[] {
  const keys = readMasterKeys(file);
  const kept = keys.filter((key) => needed(nameOf(key)));
  if (kept.length === 0 || kept.length === keys.length) return [];
  writeMasterKeys(file, kept);
  return keys.filter((key) => !kept.includes(key)).map(nameOf);
}
