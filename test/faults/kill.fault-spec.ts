import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AcknowledgedLoad } from '../support/acknowledged-load.js';
import type { ChildServer } from '../support/child-server.js';
import { PostgresCluster } from '../support/postgres-cluster.js';
import { actsEqualAudit, recordEqualsTables } from '../support/record-and-tables.js';
import { ReplicaSet } from '../support/replica-set.js';

/** As many kills as fit into this time; S72 wishes for 1 000. */
const LASTING_MS = 180_000;
/** What a busy machine still gets done. */
const FEWEST = 25;
const REPLICAS = 3;

let cluster: PostgresCluster;
let replicas: ReplicaSet;
const running: (ChildServer | null)[] = [];
beforeAll(async () => {
  cluster = await PostgresCluster.start();
  replicas = new ReplicaSet(cluster.url);
});
afterAll(async () => {
  for (const server of running) await server?.kill();
  await cluster.remove();
  replicas.remove();
});

/** A replica that is up, chosen anew for each request; the last one known where there is none. */
let latest = '';
function url(): string {
  const up = running.filter((server) => server !== null);
  if (up.length > 0) latest = up[randomInt(up.length)]!.url;
  return latest;
}

it('S72 S90 SIGKILLs at random moments of a load: what was acknowledged is there, no act is without its audit row, and no row without its act', async () => {
  for (let place = 0; place < REPLICAS; place += 1) running[place] = await replicas.start();
  const load = await AcknowledgedLoad.prepare(
    { url, rootToken: replicas.rootToken, adminPassword: replicas.adminPassword },
    // So many that nobody loses ten tries within a minute: lost ones count as failures (S06), and then the right password has to wait.
    { plain: 24, players: 32, roles: 12, workers: 2 },
  );
  load.expect('broken', 'unavailable');
  load.begin(2);
  const over = performance.now() + LASTING_MS;
  let kills = 0;
  const live = async (place: number) => {
    while (performance.now() < over) {
      const server = (running[place] ??= await replicas.start());
      const enough = load.counts.right + randomInt(12);
      const longest = performance.now() + 5_000;
      while (load.counts.right < enough && performance.now() < longest) await pause(5);
      await pause(randomInt(30));
      running[place] = null;
      await server.kill();
      kills += 1;
    }
  };
  await Promise.all(Array.from({ length: REPLICAS }, (_, place) => live(place)));
  running[0] = await replicas.start();
  await load.progress(20);
  await load.end();
  process.stdout.write(`${kills} SIGKILLs, ${JSON.stringify(load.counts)}\n`);
  expect(kills).toBeGreaterThanOrEqual(FEWEST);
  expect(load.surprises).toEqual([]);
  await recordEqualsTables(load, cluster);
  await actsEqualAudit(load, cluster);
}, 360_000);
