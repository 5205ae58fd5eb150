import { describe, expect, it } from 'vitest';
import { codeOf, isWellFormed, matchingSteps, stepAt, type TotpAlgorithm } from './totp-code.js';

// RFC 6238 appendix B: seed by algorithm, and (time, code) for each.
const SEEDS: Record<TotpAlgorithm, Buffer> = {
  SHA1: Buffer.from('12345678901234567890'),
  SHA256: Buffer.from('12345678901234567890123456789012'),
  SHA512: Buffer.from('1234567890123456789012345678901234567890123456789012345678901234'),
};
const VECTORS: [number, TotpAlgorithm, string][] = [
  [59, 'SHA1', '94287082'],
  [59, 'SHA256', '46119246'],
  [59, 'SHA512', '90693936'],
  [1111111109, 'SHA1', '07081804'],
  [1111111109, 'SHA256', '68084774'],
  [1111111109, 'SHA512', '25091201'],
  [1111111111, 'SHA1', '14050471'],
  [1111111111, 'SHA256', '67062674'],
  [1111111111, 'SHA512', '99943326'],
  [1234567890, 'SHA1', '89005924'],
  [1234567890, 'SHA256', '91819424'],
  [1234567890, 'SHA512', '93441116'],
  [2000000000, 'SHA1', '69279037'],
  [2000000000, 'SHA256', '90698825'],
  [2000000000, 'SHA512', '38618901'],
  [20000000000, 'SHA1', '65353130'],
  [20000000000, 'SHA256', '77737706'],
  [20000000000, 'SHA512', '47863826'],
];

const six = { algorithm: 'SHA1' as const, digits: 6, period: 30, skew: 1 };

describe('TOTP codes', () => {
  it.each(VECTORS)('gives the code of RFC 6238 appendix B at %i with %s', (seconds, algorithm, code) => {
    const step = stepAt(new Date(seconds * 1000), 30);
    expect(codeOf(SEEDS[algorithm], step, { algorithm, digits: 8, period: 30, skew: 1 })).toBe(code);
  });

  it.each([-2, -1, 0, 1, 2])('S15 accepts one step each side of now and no more: step %i', (offset) => {
    for (const instant of [new Date(1_200_000), new Date(1_229_999)]) {
      const step = stepAt(instant, 30) + offset;
      const code = codeOf(SEEDS.SHA1, step, six);
      expect(matchingSteps(SEEDS.SHA1, code, instant, six)).toEqual(Math.abs(offset) <= 1 ? [step] : []);
      expect(matchingSteps(SEEDS.SHA1, code, instant, { ...six, skew: 0 })).toEqual(
        offset === 0 ? [step] : [],
      );
    }
  });

  it.each([
    '12345',
    '1234567',
    ' 12345',
    '12345 ',
    '12 456',
    '１２３４５６',
    '١٢٣٤٥٦',
    '+12345',
    '1e5',
    '123456\n',
    '',
  ])('S16 takes %j for no code', (text) => {
    expect(isWellFormed(text, 6)).toBe(false);
  });
});
