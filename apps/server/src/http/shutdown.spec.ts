import { Logger } from '@nestjs/common';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunningServer } from './create-app.js';
import { stopInOrder } from './shutdown.js';

type Stop = RunningServer['stop'];

const EVENTS = ['SIGTERM', 'SIGINT', 'uncaughtException', 'unhandledRejection'] as const;
type Event = (typeof EVENTS)[number];

function listenersOf(event: Event): ((...args: unknown[]) => void)[] {
  return process.listeners(event as 'SIGTERM') as ((...args: unknown[]) => void)[];
}

/** Lets something happen to this process alone and answers the code it would have exited with. */
function exitCodeAfter(events: Event[], stop: Stop): Promise<unknown> {
  return new Promise((resolve) => {
    vi.spyOn(process, 'exit').mockImplementation((code) => resolve(code) as never);
    const before = new Map(EVENTS.map((event) => [event, listenersOf(event)]));
    stopInOrder({ stop } as RunningServer);
    const added = EVENTS.map((event) => {
      const listener = listenersOf(event).find((found) => !before.get(event)!.includes(found))!;
      process.off(event, listener);
      return [event, listener] as const;
    });
    const ours = new Map<Event, (...args: unknown[]) => void>(added);
    for (const event of events) ours.get(event)!(new Error(event));
  });
}

beforeAll(() => Logger.overrideLogger(false));

afterEach(() => {
  vi.restoreAllMocks();
});

describe('stopInOrder', () => {
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

  it.each(['uncaughtException', 'unhandledRejection'] as const)(
    'S97 drains and exits 1 after an %s, whatever signal follows',
    async (event) => {
      const asked: number[][] = [];
      const stop: Stop = async (...times) => void asked.push(times);
      expect(await exitCodeAfter([event, 'SIGINT', event], stop)).toBe(1);
      expect(asked).toEqual([[5_000, 25_000]]);
    },
  );

  it('exits 1 when the stop fails', async () => {
    expect(await exitCodeAfter(['SIGTERM'], async () => Promise.reject(new Error('stuck')))).toBe(1);
  });
});
