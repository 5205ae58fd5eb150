import { hash } from '@node-rs/argon2';
import { describe, expect, it } from 'vitest';
import { ARGON2_PARAMETERS, dummyHash, hashPassword, needsRehash, verifyPassword } from './password-hash.js';

describe('password hashes', () => {
  it('S04 stores an Argon2id string with the parameters of the contract', async () => {
    const phc = await hashPassword('correct horse');
    expect(phc).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await hashPassword('correct horse')).not.toBe(phc);
    expect(await verifyPassword(phc, 'correct horse')).toBe(true);
    expect(await verifyPassword(phc, 'wrong horse')).toBe(false);
  });

  it('S02 tells apart passwords that are equal in their first 72 bytes', async () => {
    const phc = await hashPassword('x'.repeat(72) + 'a');
    expect(await verifyPassword(phc, 'x'.repeat(72) + 'b')).toBe(false);
    expect(await verifyPassword(phc, 'x'.repeat(72) + 'a')).toBe(true);
  });

  it('S02 changes nothing but to NFC', async () => {
    const phc = await hashPassword('J\u00fcrgen 1');
    expect(await verifyPassword(phc, 'Ju\u0308rgen 1')).toBe(true);
    for (const other of [
      ' J\u00fcrgen 1',
      'J\u00fcrgen 1 ',
      'j\u00fcrgen 1',
      'J\u00fcrgen 1\u0000',
      'Jurgen 1',
    ]) {
      expect(await verifyPassword(phc, other)).toBe(false);
    }
    const withNul = await hashPassword('abc\u0000defgh');
    expect(await verifyPassword(withNul, 'abc')).toBe(false);
    expect(await verifyPassword(withNul, 'abc\u0000defgh')).toBe(true);
  });

  it('takes no lone surrogate for the replacement character', async () => {
    const phc = await hashPassword('password\ufffd');
    expect(await verifyPassword(phc, 'password\ufffd')).toBe(true);
    expect(await verifyPassword(phc, 'password\ud800')).toBe(false);
    await expect(hashPassword('password\ud800')).rejects.toMatchObject({ kind: 'invalid' });
  });

  it('S04 wants a new hash exactly where the stored one is weaker', async () => {
    expect(needsRehash(await hashPassword('x'))).toBe(false);
    for (const weaker of [
      { ...ARGON2_PARAMETERS, memoryKiB: 19_455 },
      { ...ARGON2_PARAMETERS, passes: 1 },
      { ...ARGON2_PARAMETERS, saltBytes: 8 },
      { ...ARGON2_PARAMETERS, tagBytes: 16 },
    ]) {
      expect(needsRehash(await hashPassword('x', weaker))).toBe(true);
    }
    const stronger = { ...ARGON2_PARAMETERS, memoryKiB: 20_000, passes: 3, lanes: 2 };
    const phc = await hashPassword('x', stronger);
    expect(needsRehash(phc)).toBe(false);
    expect(needsRehash(await hashPassword('x'), stronger)).toBe(true);
    expect(needsRehash(await hash('x', { algorithm: 1 }))).toBe(true);
    expect(await verifyPassword(phc, 'x')).toBe(true);
  });

  it('S05 keeps one dummy hash for the current parameters', async () => {
    const phc = await dummyHash();
    expect(await dummyHash()).toBe(phc);
    expect(needsRehash(phc)).toBe(false);
    expect(await verifyPassword(phc, '')).toBe(false);
    const stronger = { ...ARGON2_PARAMETERS, passes: 3 };
    expect(needsRehash(await dummyHash(stronger), stronger)).toBe(false);
  });

  it('throws for a stored string that is none', async () => {
    await expect(verifyPassword('$argon2id$broken', 'x')).rejects.toThrow();
  });
});
