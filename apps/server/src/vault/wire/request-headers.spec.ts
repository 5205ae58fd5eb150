import { describe, expect, it } from 'vitest';
import { checkNamespace, readMfaHeader, readToken, refuseWrapping } from './request-headers.js';
import { VaultError } from './vault-error.js';

const mfa = (...lines: string[]) => Object.fromEntries(readMfaHeader({ 'x-vault-mfa': lines }));

function refusal(act: () => unknown): [number, string[]] {
  try {
    act();
  } catch (error) {
    if (error instanceof VaultError) return [error.status, error.errors];
    throw error;
  }
  throw new Error('was not refused');
}

describe('readToken', () => {
  it.each([
    ['both', { 'x-vault-token': ['v'], authorization: ['Bearer b'] }, 'v'],
    ['an empty X-Vault-Token and a bearer', { 'x-vault-token': [''], authorization: ['Bearer b'] }, 'b'],
    ['a bearer', { authorization: ['Bearer  a '] }, 'a'],
    ['basic', { authorization: ['Basic x'] }, null],
    ['a lower-case bearer', { authorization: ['bearer x'] }, null],
    ['basic first, then a bearer', { authorization: ['Basic x', 'Bearer y'] }, 'y'],
    ['nothing', {}, null],
  ])('S82 reads the token of %s', (_, lines, token) => {
    expect(readToken(lines)).toBe(token);
  });
});

describe('readMfaHeader', () => {
  it('collects the lines of one method', () => {
    expect(mfa('foo:bar', 'foo:baz')).toEqual({ foo: ['bar', 'baz'] });
  });

  it('splits at the first colon and never at a comma', () => {
    expect(mfa('foo:passcode=1:2', 'bar:a,b')).toEqual({ foo: ['passcode=1:2'], bar: ['a,b'] });
  });

  it('takes a line without a colon as a method without credentials', () => {
    expect(mfa('foo')).toEqual({ foo: [] });
  });

  it('skips empty lines', () => {
    expect(mfa('', '')).toEqual({});
  });

  it('reads names as UTF-8', () => {
    expect(mfa(Buffer.from('zwölf:1').toString('latin1'))).toEqual({ zwölf: ['1'] });
  });

  it.each([':x', ':'])('refuses %s', (line) => {
    const text =
      'failed to parse X-Vault-MFA header: invalid data in header "X-Vault-MFA"; missing method name or ID';
    expect(refusal(() => mfa(line))).toEqual([400, [text]]);
  });

  it('refuses an empty value', () => {
    const text =
      'failed to parse X-Vault-MFA header: invalid data in header "X-Vault-MFA"; missing method value';
    expect(refusal(() => mfa('foo:'))).toEqual([400, [text]]);
  });
});

describe('the other headers', () => {
  it.each(['', '/', 'root', 'root/'])('takes %j as the root namespace', (value) => {
    expect(() => checkNamespace({ 'x-vault-namespace': value })).not.toThrow();
  });

  it('knows no other namespace', () => {
    expect(refusal(() => checkNamespace({ 'x-vault-namespace': 'team' }))).toEqual([
      404,
      ['namespace not found'],
    ]);
  });

  it('refuses response wrapping rather than ignore it', () => {
    expect(() => refuseWrapping({})).not.toThrow();
    expect(refusal(() => refuseWrapping({ 'x-vault-wrap-ttl': '60s' }))).toEqual([
      400,
      ['response wrapping is not supported'],
    ]);
    expect(refusal(() => refuseWrapping({ 'x-vault-wrap-ttl': 'soon' }))).toEqual([
      400,
      ['error parsing X-Vault-Wrap-TTL header: not a duration'],
    ]);
  });
});
