import { describe, expect, it } from 'vitest';
import { keptChange } from './audit-change.js';

describe('what an event keeps of a changed object', () => {
  it('S73 is of a new one everything, of one that goes everything, of a changed one what differs', () => {
    const [one, other] = [
      { id: '1', nameCanonical: 'a', name: 'A', notes: '', updatedAt: new Date(0) },
      { id: '1', nameCanonical: 'a', name: 'A', notes: 'N', updatedAt: new Date(9) },
    ];
    expect(keptChange({ before: null, after: one })).toEqual({
      before: null,
      after: { name: 'A', notes: '' },
    });
    expect(keptChange({ before: other, after: null })).toEqual({
      before: { name: 'A', notes: 'N' },
      after: null,
    });
    expect(keptChange({ before: one, after: other })).toEqual({
      before: { notes: '' },
      after: { notes: 'N' },
    });
  });

  it('S73 is no difference of two spellings of one JSON', () => {
    const before = { config: { b: 1, a: [new Date(0)] } };
    const after = { config: { a: ['1970-01-01T00:00:00.000Z'], b: 1, c: undefined } };
    expect(keptChange({ before, after })).toEqual({ before: {}, after: {} });
  });

  it('S73 tells of a secret that there is one, or another one, at any depth', () => {
    const secrets = {
      passwordHash: '$argon2id$…',
      sealedSecret: Buffer.from('secret'),
      backupPassphrase: Buffer.from('p'),
      settings: { adminPassword: 'p', apiKey: 'k', list: [{ client_secret: 's' }], port: 1 },
      clientSecret: null,
      key: 'k',
    };
    const marks = (mark: string) => ({
      passwordHash: mark,
      sealedSecret: mark,
      backupPassphrase: mark,
      settings: { adminPassword: mark, apiKey: mark, list: [{ client_secret: mark }], port: 1 },
      clientSecret: null,
      key: mark,
    });
    expect(keptChange({ before: null, after: secrets }).after).toEqual(marks('set'));
    const before = { ...secrets, sealedSecret: undefined, passwordHash: 'another' };
    const after = { ...secrets, key: 'other' };
    expect(keptChange({ before, after })).toEqual({
      before: { passwordHash: 'set', key: 'set' },
      after: { passwordHash: 'changed', sealedSecret: 'changed', key: 'changed' },
    });
  });

  it('S70 S73 knows secrets under names that the operator chose, and in texts', () => {
    const texts = [
      '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49',
      'pasted: -----BEGIN ENCRYPTED PRIVATE KEY-----',
      'otpauth://totp/x?secret=JBSWY3DPEHPK3PXP',
      'fetch with hvs.CAESIJ1234567890abcdefgh',
      'const url = "https://robot:s3cr3t@example.com/hook";',
    ];
    const names = [
      'token',
      'api_token',
      'refreshTokens',
      'decryptionKey',
      'encryption_key',
      'ssh-key',
      'pin',
      'otp',
    ];
    const metadata = Object.fromEntries(names.map((name) => [name, 'planted']));
    expect(keptChange({ before: null, after: { texts, metadata } }).after).toEqual({
      texts: texts.map(() => 'set'),
      metadata: Object.fromEntries(names.map((name) => [name, 'set'])),
    });
    const open = {
      publicKey: 'PEM',
      public_key: '-----BEGIN PUBLIC KEY-----',
      tokenType: 'service',
      notes: 'https://example.com:8443/a@b, see hvs.',
    };
    expect(keptChange({ before: null, after: open }).after).toEqual(open);
  });

  it('S73 takes nothing for a secret that only tells of one', () => {
    const after = { minPasswordLength: 8, blockCommonPasswords: true, tokenType: 'service', seed: true };
    expect(keptChange({ before: null, after }).after).toEqual(after);
  });

  it('S73 is never larger than a record should be, and long texts can still be told apart', () => {
    const text = 'x'.repeat(100_000);
    const { after } = keptChange({ before: null, after: { text, list: Array(1_000).fill(1), end: 1 } });
    expect(after).toMatchObject({ end: 1 });
    const { text: kept, list } = after as { text: string; list: unknown[] };
    expect(kept).toMatch(/^x{1000}… \(100000 characters, sha256 [0-9a-f]{64}\)$/);
    expect([list.length, list.at(-1)]).toEqual([101, '… 900 more']);
    const wide = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`field${at}`, text]));
    const whole = keptChange({ before: wide, after: null });
    expect(JSON.stringify(whole).length).toBeLessThan(25_000);
    expect(Object.keys(whole.before as object)).toHaveLength(100);
  });
});
