import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeMasterKeyFile, MasterKey, readMasterKey } from './master-key.js';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-key-'));
  file = join(folder, 'master.key');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the master key file', () => {
  it('S67 holds 32 bytes that wrap and unwrap a data key', () => {
    makeMasterKeyFile(file);
    const dataKey = randomBytes(32);
    const wrapped = readMasterKey(file).wrap(dataKey);
    expect(readMasterKey(file).unwrap(wrapped)).toEqual(dataKey);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('S67 is never replaced, and of makers at once one wins', () => {
    makeMasterKeyFile(file);
    const first = readFileSync(file);
    makeMasterKeyFile(file);
    expect(readFileSync(file)).toEqual(first);
    expect(readdirSync(folder)).toEqual(['master.key']);
  });

  it.each([
    ['is empty', ''],
    ['is no base64', 'not base64 at all'],
    ['is too short', randomBytes(31).toString('base64')],
    ['is too long', randomBytes(33).toString('base64')],
    ['has two lines', `${randomBytes(32).toString('base64')}\n${randomBytes(32).toString('base64')}`],
  ])('S67 is refused by the name of its setting when it %s', (_, text) => {
    writeFileSync(file, text, { mode: 0o600 });
    expect(() => readMasterKey(file)).toThrow(/SALLYPORT_MASTER_KEY_FILE.*32 bytes in base64/s);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('S67 is refused when it is missing, and none is made', () => {
    expect(() => readMasterKey(file)).toThrow(/SALLYPORT_MASTER_KEY_FILE.*cannot be read/s);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([0o604, 0o602, 0o607])('S67 is refused when everybody can reach it: mode %o', (mode) => {
    makeMasterKeyFile(file);
    chmodSync(file, mode);
    expect(() => readMasterKey(file)).toThrow(/SALLYPORT_MASTER_KEY_FILE.*accessible to everybody/s);
  });
});

it('S67 a wrapped data key opens under its own master key only, and unchanged only', () => {
  const key = new MasterKey(randomBytes(32));
  const wrapped = key.wrap(randomBytes(32));
  expect(() => new MasterKey(randomBytes(32)).unwrap(wrapped)).toThrow();
  for (let at = 0; at < wrapped.length; at += 1) {
    const changed = Buffer.from(wrapped);
    changed[at]! ^= 1;
    expect(() => key.unwrap(changed)).toThrow();
  }
});
