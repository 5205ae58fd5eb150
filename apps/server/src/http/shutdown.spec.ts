import { Logger } from '@nestjs/common';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunningServer } from './create-app.js';
import { stopOnSignals } from './shutdown.js';

type Stop = RunningServer['stop'];

/** Sends a signal to this process alone and answers the code it would have exited with. */
function exitCodeAfter(signals: NodeJS.Signals[], stop: Stop): Promise<unknown> {
  return new Promise((resolve) => {
    vi.spyOn(process, 'exit').mockImplementation((code) => resolve(code) as never);
    const before = new Map(signals.map((signal) => [signal, process.listeners(signal)]));
    stopOnSignals({ stop } as RunningServer);
    for (const signal of signals)
      for (const listener of process.listeners(signal))
        if (!before.get(signal)!.includes(listener)) {
          process.off(signal, listener);
          listener(signal);
        }
  });
}

beforeAll(() => Logger.overrideLogger(false));

afterEach(() => {
  vi.restoreAllMocks();
});

describe('stopOnSignals', () => {
  it('S90 drains 5 s and gives requests 25 s on SIGTERM, then exits 0', async () => {
    const asked: number[][] = [];
    expect(await exitCodeAfter(['SIGTERM'], async (...times) => void asked.push(times))).toBe(0);
    expect(asked).toEqual([[5_000, 25_000]]);
  });

  it('does not drain for a person at a terminal, and stops once only', async () => {
    const asked: number[][] = [];
    expect(await exitCodeAfter(['SIGINT', 'SIGTERM'], async (...times) => void asked.push(times))).toBe(0);
    expect(asked).toEqual([[0, 25_000]]);
  });

  it('exits 1 when the stop fails', async () => {
    expect(await exitCodeAfter(['SIGTERM'], async () => Promise.reject(new Error('stuck')))).toBe(1);
  });
});
