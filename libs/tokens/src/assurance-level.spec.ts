import { describe, expect, it } from 'vitest';
import { assuranceLevelOf } from './assurance-level.js';

const factor = {
  methodId: 'b6f3c1d2-7a54-4e0b-9c8e-2f1d6a90e401',
  type: 'totp',
  time: '2026-11-21T22:55:19.003Z',
};

describe('S43 the assurance level of a token', () => {
  it('S43 is 2 with a recorded second factor', () => {
    expect(assuranceLevelOf([factor])).toBe(2);
  });

  it.each([
    ['no factor', []],
    ['nothing recorded', null],
    ['a field that is gone', undefined],
    ['something else', { methodId: factor.methodId }],
    ['a factor without its method', [{ ...factor, methodId: undefined }]],
    ['a factor without its time', [{ ...factor, time: undefined }]],
    ['a factor at no time', [{ ...factor, time: 'yesterday' }]],
    ['an empty entry', [null]],
  ])('S43 is the weakest with %s', (_, factors) => {
    expect(assuranceLevelOf(factors)).toBe(1);
  });
});
