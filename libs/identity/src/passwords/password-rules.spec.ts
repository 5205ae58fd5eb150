import { describe, expect, it } from 'vitest';
import { commonPasswords } from './common-passwords.js';
import { passwordProblem, preparePassword, type PasswordRules } from './password-rules.js';

const common = await commonPasswords();
const rules: PasswordRules = {
  minLength: 8,
  common,
  context: { username: 'Jürgen', host: 'vpn.Example.com', product: 'Sallyport' },
};
const TOO_COMMON = { code: 'too-common', message: 'is too common' };
/** Code points no list knows: ASCII, emoji, letters with a mark that has no composed form. */
const UNITS = { ASCII: 'q', emoji: '😀', 'a combining pair': 'q\u0301' };

describe('passwordProblem', () => {
  it.each(Object.entries(UNITS))('S01 counts code points of %s', (_, unit) => {
    const points = Array.from(unit).length;
    const text = (length: number): string => unit.repeat(length / points) + 'z'.repeat(length % points);
    expect(passwordProblem(text(7), rules)).toEqual({
      code: 'too-short',
      message: 'must be at least 8 characters',
    });
    const tooLong = { code: 'too-long', message: 'must be at most 256 characters' };
    const open = { ...rules, common: null };
    for (const length of [8, 64, 256]) expect(passwordProblem(text(length), open)).toBeNull();
    for (const length of [257, 5_000]) expect(passwordProblem(text(length), open)).toEqual(tooLong);
  });

  it('S01 counts after NFC', () => {
    expect(passwordProblem('e\u0301'.repeat(7), rules)).toMatchObject({ code: 'too-short' });
    expect(passwordProblem('e\u0301'.repeat(256), rules)).toBeNull();
  });

  it('S01 takes the length the provider asks for, and never less than 5', () => {
    expect(passwordProblem('zqxjvkwb', { ...rules, minLength: 15 })).toEqual({
      code: 'too-short',
      message: 'must be at least 15 characters',
    });
    expect(passwordProblem('zqxj', { ...rules, minLength: 0 })).toEqual({
      code: 'too-short',
      message: 'must be at least 5 characters',
    });
    expect(passwordProblem('zqxjv', { ...rules, minLength: 0 })).toBeNull();
  });

  it.each(['zqxjvkwbt', 'ZQXJVKWBT', '0918273645546372', ' zqxjvkw ', 'zqx\u0000jvkw', '\u202ezqxjvkw'])(
    'S01 has no rule about kinds of characters: %j',
    (password) => {
      expect(passwordProblem(password, rules)).toBeNull();
    },
  );

  it.each(['zqxjvkwb\ud800', '\udc00zqxjvkwb'])('refuses only text that is none: %j', (password) => {
    const problem = { code: 'ill-formed', message: 'contains invalid characters' };
    expect(passwordProblem(password, rules)).toEqual(problem);
  });

  it('S03 knows at least 10 000 common passwords that are long enough to matter', () => {
    const long = [...common].filter((password) => Array.from(password).length >= 8);
    expect(long.length).toBeGreaterThanOrEqual(10_000);
    for (const password of long) expect(passwordProblem(password, rules)).toEqual(TOO_COMMON);
  });

  it.each([
    'password1',
    'PassWord1',
    'jürgen12',
    'JU\u0308RGEN12',
    '123Jürgen456',
    'jürgenjürgen',
    '1JürgenJürgen2026',
    'sallyport',
    'sallyportsallyport99',
    '2026SallyPort',
    'vpn.example.com',
    'vpn.example.com1',
    'example2026',
    'vpnvpn42',
  ])('S03 refuses %j', (password) => {
    expect(passwordProblem(password, rules)).toEqual(TOO_COMMON);
    expect(passwordProblem(password, { ...rules, common: null })).toBeNull();
  });

  it.each(['jürgen-und-ich', 'my sallyport', 'xvpnvpn42', 'jürgenexample', '1a2jürgen'])(
    'S03 takes %j',
    (password) => {
      expect(passwordProblem(password, rules)).toBeNull();
    },
  );

  it('S03 takes digits that merely hold a part of an address', () => {
    const context = { ...rules.context, host: '10.1.0.192' };
    expect(passwordProblem('4719203856', { ...rules, context })).toBeNull();
    expect(passwordProblem('10.1.0.192', { ...rules, context })).toEqual(TOO_COMMON);
  });

  it('S03 refuses what the list holds', () => {
    expect(passwordProblem('Zqxjvkwbt', { ...rules, common: new Set(['zqxjvkwbt']) })).toEqual(TOO_COMMON);
    expect(passwordProblem('zqxjvkwbtt', { ...rules, common: new Set(['zqxjvkwbt']) })).toBeNull();
  });

  it('S02 prepares by NFC and nothing else', () => {
    expect(preparePassword(' Ju\u0308 \u0000ﬁ\u00a0')).toBe(' J\u00fc \u0000ﬁ\u00a0');
  });

  it('S86 answers worst cases quickly', () => {
    const started = performance.now();
    passwordProblem('1'.repeat(256), { ...rules, context: { ...rules.context, username: '1' } });
    passwordProblem('x'.repeat(4_000_000), rules);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
