import { expect, it } from 'vitest';
import { Clock } from './clock.js';

class HostClock extends Clock {
  host = new Date(1_700_000_000_000);

  protected override hostTime(): Date {
    return this.host;
  }
}

it('S93 follows the host forward, and stands still where the host is set back until it has caught up', () => {
  const clock = new HostClock();
  const start = clock.now();
  expect(start).toEqual(clock.host);
  for (const [host, told] of [
    [6_000, 6_000],
    [0, 6_000],
    [-3_600_000, 6_000],
    [5_999, 6_000],
    [6_001, 6_001],
  ] as const) {
    clock.host = new Date(start.getTime() + host);
    expect(clock.now().getTime() - start.getTime()).toBe(told);
  }
});

it('S93 hands out instants nobody can move', () => {
  const clock = new HostClock();
  clock.now().setFullYear(2000);
  expect(clock.now()).toEqual(clock.host);
});
