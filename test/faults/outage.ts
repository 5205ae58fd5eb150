import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import type { AcknowledgedLoad } from '../support/acknowledged-load.js';
import type { FaultScene } from './fault-scene.js';

export interface Outage {
  begin: () => unknown;
  /** Resolves when Postgres can be used again. */
  end: () => unknown;
  /** Milliseconds it lasts once the server has noticed. */
  lasts: number;
  /** Where it cannot be seen without writing. */
  unseen?: boolean;
}

/** S91: service is back so many milliseconds after its database. */
const BACK_MS = 5_000;
const NOTICED_MS = 15_000;

/** Takes the database away from a server under load and gives it back. Only right answers and 503 come; it stays alive. */
export async function survive(
  scene: FaultScene,
  load: AcknowledgedLoad,
  { begin, end, lasts, unseen }: Outage,
): Promise<void> {
  await load.progress(20);
  load.expect('unavailable');
  const { unavailable } = load.counts;
  await begin();
  if (!unseen) await statusOf(scene, 503, NOTICED_MS);
  const over = performance.now() + lasts;
  while (performance.now() < over || load.counts.unavailable === unavailable) {
    expect((await scene.ask('/healthz')).status).toBe(200);
    await pause(100);
  }
  await end();
  const back = performance.now();
  await statusOf(scene, 200, BACK_MS);
  while (load.latest < back && performance.now() < back + BACK_MS) await pause(10);
  expect(load.latest).toBeGreaterThan(back);
  await pause(Math.max(0, back + BACK_MS - performance.now()));
  load.expect();
  await load.progress(20);
  expect(load.surprises).toEqual([]);
}

/** Waits for readiness to say so, and asks for liveness meanwhile. */
async function statusOf(scene: FaultScene, wanted: number, patience: number): Promise<void> {
  const deadline = performance.now() + patience;
  for (;;) {
    const { ready, alive } = await scene.health();
    expect(alive).toBe(200);
    if (ready === wanted) return;
    if (performance.now() > deadline) throw new Error(`readiness says ${ready}, not ${wanted}`);
    await pause(50);
  }
}
