import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalName } from './canonical-name.js';
import { nameProblem } from './name-problem.js';

const user = (text: string): string | null => nameProblem(text, { kind: 'user' });
const object = (text: string): string | null => nameProblem(text, { kind: 'object' });

describe('nameProblem', () => {
  it.each([
    "Jürgen O'Neil+x",
    'a',
    'a b',
    'a=b',
    'ann@example.com',
    '山田',
    '😀',
    '"quoted"',
    'é',
    'e\u0301',
    '\ue000',
  ])('takes %j', (text) => {
    expect(user(text)).toBeNull();
    expect(object(text)).toBeNull();
  });

  it('refuses an empty name, and a blank one as it must for its kind', () => {
    expect(user('')).toBe('may not be empty');
    expect(object('')).toBe('may not be empty');
    expect(object(' \u3000')).toBe('may not be empty');
    expect(user(' ')).toBe('contains invalid characters');
  });

  it.each([
    ['NUL', 'a\u0000'],
    ['line feed', 'a\nb'],
    ['delete', 'a\u007f'],
    ['C1 control', 'a\u0085b'],
    ['line separator', 'a\u2028b'],
    ['right-to-left override', 'a\u202eb'],
    ['right-to-left isolate', 'a\u2067b'],
    ['left-to-right mark', 'a\u200eb'],
    ['Arabic letter mark', 'a\u061cb'],
    ['zero-width space', 'a\u200bb'],
    ['zero-width joiner', 'a\u200db'],
    ['word joiner', 'a\u2060b'],
    ['byte order mark', '\ufeffa'],
    ['soft hyphen', 'a\u00adb'],
    ['Hangul filler', 'a\u3164b'],
    ['variation selector', 'a\ufe0fb'],
    ['tag character', 'a\u{e0061}'],
    ['unassigned', 'a\u0378'],
    ['noncharacter', 'a\uffff'],
    ['lone high surrogate', 'a\ud800'],
    ['lone low surrogate', '\udc00a'],
  ])('S80 refuses a name with a %s', (_, text) => {
    expect(user(text)).toBe('contains invalid characters');
    expect(object(text)).toBe('contains invalid characters');
  });

  it.each(['a,b', 'a/b', 'a\\b', ' a', 'a ', '\u00a0a', 'a\u3000'])(
    'refuses %j as a user name only',
    (text) => {
      expect(user(text)).toBe('contains invalid characters');
      expect(object(text)).toBeNull();
    },
  );

  it('counts 255 code points', () => {
    for (const unit of ['a', '😀']) {
      expect(user(unit.repeat(255))).toBeNull();
      expect(user(unit.repeat(256))).toBe('must be at most 255 characters');
      expect(object(unit.repeat(256))).toBe('must be at most 255 characters');
    }
  });

  it('S80 finds in the canonical form what it finds in the spelling', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), (text) => {
        expect(user(canonicalName(text))).toBe(user(text));
        expect(object(canonicalName(text))).toBe(object(text));
      }),
    );
  });
});
