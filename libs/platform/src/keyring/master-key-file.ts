import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { ConfigError } from '../config/config-error.js';

const SETTING = 'SALLYPORT_MASTER_KEY_FILE';

/** More would be keys of rotations long past. */
const MOST_KEYS = 4;

/** The keys in the file, one a line. @throws ConfigError where it is missing, open to everybody, or holds anything else. */
export function readMasterKeys(file: string): Buffer[] {
  const lines = readLines(file);
  const wellFormed = lines.every((line) => /^[A-Za-z0-9+/]{43}=$/.test(line));
  if (lines.length === 0 || !wellFormed) throw refused('the file must hold 32 bytes in base64 on one line');
  if (lines.length > MOST_KEYS) throw refused(`the file must hold at most ${MOST_KEYS} keys`);
  return lines.map((line) => Buffer.from(line, 'base64'));
}

function readLines(file: string): string[] {
  try {
    if ((statSync(file).mode & 0o007) !== 0)
      throw refused('the file must not be accessible to everybody (chmod 600)');
    const text = readFileSync(file, 'utf8').trim();
    return text === '' ? [] : text.split(/\r?\n/);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw refused('the file cannot be read');
  }
}

/** Replaces the file whole or not at all, with its owner and mode. @throws ConfigError where it cannot be written. */
export function writeMasterKeys(file: string, keys: readonly Buffer[]): void {
  const draft = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`;
  try {
    const { mode, uid, gid } = statSync(file);
    writeFileSync(draft, keys.map((key) => `${key.toString('base64')}\n`).join(''), {
      mode: 0o600,
      flag: 'wx',
    });
    if (process.getuid?.() === 0) chownSync(draft, uid, gid);
    chmodSync(draft, mode & 0o777);
    renameSync(draft, file);
  } catch {
    rmSync(draft, { force: true });
    throw refused('the file cannot be written: put the keys there by hand, one a line, the newest last');
  }
}

function refused(problem: string): ConfigError {
  return new ConfigError([{ setting: SETTING, problem }]);
}
