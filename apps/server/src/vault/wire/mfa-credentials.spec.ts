import { describe, expect, it } from 'vitest';
import { isMfaPayload, readMfaCredential } from './mfa-credentials.js';

describe('readMfaCredential', () => {
  it.each([[[]], [['']], [['', '']]])('takes %j as no passcode', (strings) => {
    expect(readMfaCredential(strings)).toEqual({ passcode: '' });
  });

  it.each([
    [['123456'], '123456'],
    [['passcode=123456'], '123456'],
    [['', '123456'], '123456'],
    [['passcode=a=b'], 'a=b'],
    [[' 123456'], ' 123456'],
  ])('reads %j', (strings, passcode) => {
    expect(readMfaCredential(strings)).toEqual({ passcode });
  });

  it.each([
    [['passcode', 'foo']],
    [['foo', 'bar']],
    [['passcode=foo', 'foo']],
    [['passcode=foo', 'passcode=bar']],
  ])('finds several passcodes in %j', (strings) => {
    const fault = 'failed to parse MFA factor, found multiple passcodes for the same MFA method';
    expect(readMfaCredential(strings)).toEqual({ fault });
  });

  it('refuses an empty passcode=', () => {
    expect(readMfaCredential(['passcode='])).toEqual({
      fault: 'failed to parse MFA factor, invalid passcode',
    });
  });

  it.each(['foo=', '=='])('refuses %s', (text) => {
    const fault = `failed to parse MFA factor, found an invalid MFA cred: ${text}`;
    expect(readMfaCredential([text])).toEqual({ fault });
  });
});

describe('isMfaPayload', () => {
  it('S16 takes lists of strings and nothing else', () => {
    expect(isMfaPayload({ a: ['1'], b: [] })).toBe(true);
    for (const value of ['123456', [123456], { a: 1 }, 5, null])
      expect(isMfaPayload({ m: value })).toBe(false);
    expect(isMfaPayload(['x'])).toBe(false);
    expect(isMfaPayload('x')).toBe(false);
  });
});
