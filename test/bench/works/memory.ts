import { median } from '../measure.ts';
import { type Bench, sendFor } from '../rig/bench.ts';
import { readProcess } from '../rig/reading.ts';
import { startServer } from '../rig/side.ts';
import { lookUps, reads } from './token-check.ts';

export interface MemoryUse {
  minutes: number;
  requests: number;
  /** Bytes: before the load, the middle of the second and of the last third of it, and the most there was. */
  atStart: number;
  inTheMiddle: number;
  atTheEnd: number;
  most: number;
}

/** What a server holds in memory while it is under load all the time. */
export async function watchMemory(bench: Bench, minutes: number): Promise<MemoryUse> {
  const server = await startServer(bench.scene.settings);
  const atStart = readProcess(server.pid).memory;
  const samples: number[] = [];
  const watch = setInterval(() => samples.push(readProcess(server.pid).memory), 500);
  const requests = [...lookUps(), ...reads()];
  const { latencies, statuses } = await sendFor(bench, [server], requests, minutes * 60);
  clearInterval(watch);
  await server.stop();
  if (statuses[200] !== latencies.length) throw new Error(`under load: ${JSON.stringify(statuses)}`);
  const third = Math.floor(samples.length / 3);
  const middle = (values: number[]) => median(values.toSorted((one, other) => one - other));
  return {
    minutes,
    requests: latencies.length,
    atStart,
    inTheMiddle: middle(samples.slice(third, 2 * third)),
    atTheEnd: middle(samples.slice(2 * third)),
    most: Math.max(...samples),
  };
}
