import { type Bench, sendFor } from '../rig/bench.ts';
import { readFamily, readProcess } from '../rig/reading.ts';
import { type Side, startServer } from '../rig/side.ts';
import { lookUps, WARM_UP } from './token-check.ts';

const SECONDS = 3;

/** How one replica, or two, did on the one machine. */
export interface Crew {
  name: string;
  rates: number[];
  /** Processors kept busy by each, of those there are. */
  servers: number;
  postgres: number;
  client: number;
  /** Share of the moments looked at in which a session waited for a lock of another. */
  locked: number;
}

/** Two replicas over one database against one: whether anything of ours stands in the way. */
export async function compareReplicas(bench: Bench): Promise<Crew[]> {
  const other = await startServer(bench.scene.settings);
  const crews = [
    { name: 'one replica', sides: [bench.server] },
    { name: 'two replicas', sides: [bench.server, other] },
  ].map((crew) => ({ ...crew, turns: [] as Awaited<ReturnType<typeof turnOf>>[] }));
  await sendFor(bench, [other], lookUps(), WARM_UP);
  for (let round = 0; round < bench.rounds; round += 1)
    for (const crew of crews) crew.turns.push(await turnOf(bench, crew.sides));
  await other.stop();
  return crews.map(({ name, turns }) => {
    const mean = (value: (turn: (typeof turns)[number]) => number) =>
      turns.reduce((sum, turn) => sum + value(turn), 0) / turns.length;
    return {
      name,
      rates: turns.map(({ rate }) => rate),
      servers: mean((turn) => turn.servers),
      postgres: mean((turn) => turn.postgres),
      client: mean((turn) => turn.client),
      locked: mean((turn) => turn.locked),
    };
  });
}

async function turnOf(bench: Bench, sides: Side[]) {
  const { postgres, client, scene } = bench;
  const read = () => ({
    servers: sides.reduce((sum, { pid }) => sum + readProcess(pid).cpu, 0),
    postgres: readFamily(postgres.pid).cpu,
    client: readProcess(client.pid).cpu,
  });
  const looks: boolean[] = [];
  const look = setInterval(() => {
    void postgres
      .rows<{ locked: boolean }>(
        scene.database,
        `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock') AS locked`,
      )
      .then(([row]) => looks.push(row!.locked));
  }, 50);
  const before = read();
  const { seconds, latencies, statuses } = await sendFor(bench, sides, lookUps(), SECONDS);
  const after = read();
  clearInterval(look);
  if (statuses[200] !== latencies.length) throw new Error(`replicas: ${JSON.stringify(statuses)}`);
  return {
    rate: latencies.length / seconds,
    servers: (after.servers - before.servers) / seconds,
    postgres: (after.postgres - before.postgres) / seconds,
    client: (after.client - before.client) / seconds,
    locked: looks.filter(Boolean).length / Math.max(looks.length, 1),
  };
}
