import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addMasterKey, dropMasterKeys, makeMasterKeyFile, MasterKey, readMasterKey } from './master-key.js';

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
    ['has a second line that is no key', `${randomBytes(32).toString('base64')}\nnot a key`],
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

describe('a master key file in a rotation', () => {
  it('S68 keeps the old key first and the new one last, its mode, and nothing half written', () => {
    makeMasterKeyFile(file);
    chmodSync(file, 0o640);
    const before = readFileSync(file, 'utf8');
    const id = addMasterKey(file);
    expect(readFileSync(file, 'utf8').startsWith(before)).toBe(true);
    expect(readMasterKey(file).newestId).toBe(id);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(['master.key']);
  });

  it('S68 is read again by a process that meets a key it does not know', () => {
    makeMasterKeyFile(file);
    const running = readMasterKey(file);
    const old = running.wrap(randomBytes(32));
    const id = addMasterKey(file);
    expect(running.newestId).not.toBe(id);
    const dataKey = randomBytes(32);
    expect(running.unwrap(readMasterKey(file).wrap(dataKey, id))).toEqual(dataKey);
    expect(running.newestId).toBe(id);
    expect(() => running.unwrap(old)).not.toThrow();
  });

  it('S68 loses the keys that are not needed, and never all of them', () => {
    makeMasterKeyFile(file);
    const [old] = readMasterKey(file).ids;
    const id = addMasterKey(file);
    expect(dropMasterKeys(file, () => false)).toEqual([]);
    expect(dropMasterKeys(file, (name) => name === id)).toEqual([old]);
    expect(readMasterKey(file).ids).toEqual([id]);
  });

  it('S67 holds at most four keys', () => {
    makeMasterKeyFile(file);
    for (let keys = 1; keys < 4; keys += 1) addMasterKey(file);
    writeFileSync(file, `${readFileSync(file, 'utf8')}${randomBytes(32).toString('base64')}\n`);
    expect(() => readMasterKey(file)).toThrow('SALLYPORT_MASTER_KEY_FILE: the file must hold at most 4 keys');
  });
});
