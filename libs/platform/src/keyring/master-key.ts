import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { ConfigError } from '../config/config-error.js';

const SETTING = 'SALLYPORT_MASTER_KEY_FILE';

/** The key that wraps data keys (S67). It lives in this process and in its file, nowhere else. */
export class MasterKey {
  constructor(private readonly key: Buffer) {}

  /** Wraps a data key: nonce (12 bytes), ciphertext, tag (16 bytes). */
  wrap(dataKey: Buffer): Buffer {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce).setAAD(WRAP_CONTEXT);
    return Buffer.concat([nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws Error when the master key is not the one that wrapped, or the bytes were changed. */
  unwrap(wrapped: Buffer): Buffer {
    const decipher = createDecipheriv('aes-256-gcm', this.key, wrapped.subarray(0, 12)).setAAD(WRAP_CONTEXT);
    decipher.setAuthTag(wrapped.subarray(-16));
    return Buffer.concat([decipher.update(wrapped.subarray(12, -16)), decipher.final()]);
  }
}

const WRAP_CONTEXT = Buffer.from('sallyport data key v1');

/**
 * Reads the master key: one line of base64 that holds 32 bytes.
 * @throws ConfigError when the file is missing, readable by everybody, or holds anything else. Nothing makes a new key here.
 */
export function readMasterKey(file: string): MasterKey {
  const key = Buffer.from(readKeyFile(file), 'base64');
  if (key.length !== 32) throw refused('the file must hold 32 bytes in base64 on one line');
  return new MasterKey(key);
}

function readKeyFile(file: string): string {
  try {
    if ((statSync(file).mode & 0o007) !== 0)
      throw refused('the file must not be accessible to everybody (chmod 600)');
    const text = readFileSync(file, 'utf8').trim();
    if (!/^[A-Za-z0-9+/]{43}=$/.test(text))
      throw refused('the file must hold 32 bytes in base64 on one line');
    return text;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw refused('the file cannot be read');
  }
}

function refused(problem: string): ConfigError {
  return new ConfigError([{ setting: SETTING, problem }]);
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
