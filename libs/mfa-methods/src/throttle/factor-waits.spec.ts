import { describe, expect, it } from 'vitest';
import { freeTriesOf, waitAfter } from './factor-waits.js';

describe('waits between one-time codes', () => {
  it('S19 starts after the free tries, doubles, and stops at 15 minutes', () => {
    expect([1, 4, 5, 6, 7, 8, 9, 10, 11, 99].map((failures) => waitAfter(failures, 5, 30))).toEqual([
      0, 0, 30, 60, 120, 240, 480, 900, 900, 900,
    ]);
  });

  it('S20 stretches a hundred tries over at least 22 hours', () => {
    let seconds = 0;
    for (let failures = 1; failures < 100; failures += 1) seconds += waitAfter(failures, 5, 30);
    expect(seconds / 3600).toBeGreaterThanOrEqual(22);
  });

  it('takes 0 for 5 and anything over 10 for 10', () => {
    expect([0, 1, 3, 10, 11, 500].map(freeTriesOf)).toEqual([5, 1, 3, 10, 10, 10]);
  });
});
