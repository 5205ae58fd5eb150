import { setTimeout as pause } from 'node:timers/promises';
import type { Postmaster } from './postmaster.js';

/** How long the sessions of a dead server may keep its memory, and with it a new one from starting. */
const LEFTOVERS_MS = 30_000;
const LEFTOVERS = /pre-existing shared memory block|lock file ".*" already exists/;
const ATTEMPTS = 3;
const REST_MS = 200;

/** Decides after a launch that came to nothing whether another one makes sense. */
export class LaunchAttempts {
  private count = 0;
  private readonly began = performance.now();

  /** @throws Error with PostgreSQL's last words when it has failed often enough */
  async recordFailure(launch: Postmaster): Promise<void> {
    this.count += 1;
    const words = launch.lastLines().join('\n');
    const passing = LEFTOVERS.test(words) && performance.now() - this.began < LEFTOVERS_MS;
    if (!passing && this.count >= ATTEMPTS)
      throw new Error(`The embedded PostgreSQL does not start:\n${words}`);
    await pause(REST_MS);
  }
}
