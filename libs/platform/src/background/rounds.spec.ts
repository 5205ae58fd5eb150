import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Rounds } from './rounds.js';

describe('rounds of a work in the background', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('follow one another, and never overlap', async () => {
    const done: (() => void)[] = [];
    const work = vi.fn(() => new Promise<void>((resolve) => done.push(resolve)));
    const rounds = new Rounds(1_000, work);
    rounds.begin();
    expect(work).not.toHaveBeenCalled();

    await vi.advanceTimersByTimeAsync(3_500);
    expect(work).toHaveBeenCalledTimes(1);
    done[0]!();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(work).toHaveBeenCalledTimes(2);
    done[1]!();
    await rounds.end();
  });

  it('end with the one under way', async () => {
    let finish = (): void => undefined;
    const work = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)));
    const rounds = new Rounds(1_000, work);
    rounds.begin();
    await vi.advanceTimersByTimeAsync(1_000);

    const ended = vi.fn();
    const end = rounds.end().then(ended);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(ended).not.toHaveBeenCalled();
    finish();
    await end;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(work).toHaveBeenCalledTimes(1);
  });
});
