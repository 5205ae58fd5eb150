import { describe, expect, it } from 'vitest';
import { policyNames } from './policy-names.js';

describe('policyNames', () => {
  it.each([' root', 'ROOT', 'Root ', '\troot\n'])('S51 makes root of %j before any check', (name) => {
    expect(policyNames([name])).toEqual(['root']);
  });

  it('takes parts', () => {
    expect(policyNames(['Team/Admin'])).toEqual(['team/admin']);
  });

  it.each(['ro\u200bot', 'root\0', 'root/', '/root', 'a//b', '/', 'ro ot', '\u202eroot'])(
    'S51 refuses %j',
    (name) => {
      expect(() => policyNames([name])).toThrow(
        expect.objectContaining({ status: 400, errors: ['invalid policy name'] }),
      );
    },
  );

  it('sorts and keeps each name once', () => {
    expect(policyNames(['b', 'A', 'a', '', 'b '])).toEqual(['a', 'b']);
  });

  it('S81 refuses a list of very many', () => {
    const names = Array.from({ length: 1_001 }, (_, at) => `p${at}`);
    expect(policyNames(names.slice(1))).toHaveLength(1_000);
    expect(() => policyNames(names)).toThrow('too many policies');
  });
});
