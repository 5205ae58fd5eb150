import { currentAct, inAct } from '@sallyport/platform';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SparingLog } from './sparing-log.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('writes so many lines a second, and then how many it left out, as nobody’s line', () => {
  const acts: unknown[] = [];
  const line = vi.fn();
  const rest = vi.fn(() => void acts.push(currentAct()));
  const log = new SparingLog(3, rest);
  inAct({ requestId: 'one', dialect: 'vault', span: null }, () => {
    for (let count = 0; count < 10; count += 1) log.write(line);
  });
  expect([line.mock.calls.length, rest.mock.calls.length]).toEqual([3, 0]);

  vi.advanceTimersByTime(1_000);
  expect(rest.mock.calls).toEqual([[7]]);
  expect(acts).toEqual([undefined]);

  log.write(line);
  vi.advanceTimersByTime(5_000);
  expect([line.mock.calls.length, rest.mock.calls.length]).toEqual([4, 1]);
});
