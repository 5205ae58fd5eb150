import type { Bench } from '../rig/bench.ts';
import { startServer } from '../rig/side.ts';

const TIMES = 7;

/** Milliseconds from the start of the process to the moment it serves, on a database that is there already, ascending. */
export async function startCold({ scene }: Bench): Promise<number[]> {
  const taken: number[] = [];
  for (let time = 0; time < TIMES; time += 1) {
    const started = performance.now();
    const server = await startServer(scene.settings);
    taken.push(performance.now() - started);
    await server.kill();
  }
  return taken.sort((one, other) => one - other);
}
