import { afterAll, beforeAll, expect, it } from 'vitest';
import { AcknowledgedLoad } from '../support/acknowledged-load.js';
import { Balancer } from '../support/balancer.js';
import type { ChildServer } from '../support/child-server.js';
import { PostgresCluster } from '../support/postgres-cluster.js';
import { actsEqualAudit, recordEqualsTables } from '../support/record-and-tables.js';
import { ReplicaSet } from '../support/replica-set.js';

const REPLICAS = 3;

let cluster: PostgresCluster;
let replicas: ReplicaSet;
let balancer: Balancer;
let servers: ChildServer[];
beforeAll(async () => {
  cluster = await PostgresCluster.start();
  replicas = new ReplicaSet(cluster.url);
  balancer = await Balancer.open();
  servers = [];
  while (servers.length < REPLICAS) servers.push(await add());
}, 120_000);
afterAll(async () => {
  await balancer.close();
  for (const server of servers) await server.kill();
  await cluster.remove();
  replicas.remove();
});

async function add(): Promise<ChildServer> {
  const server = await replicas.start();
  await balancer.add(server.url);
  return server;
}

it('S90 a rolling SIGTERM of all replicas behind a balancer that watches readiness fails no request, and each exits 0', async () => {
  const load = await AcknowledgedLoad.prepare(
    { url: () => balancer.url, rootToken: replicas.rootToken, adminPassword: replicas.adminPassword },
    { plain: 6, players: 12, roles: 8, workers: 1 },
  );
  load.begin(1);
  await load.progress(30);
  const codes: (number | null)[] = [];
  for (const old of servers.splice(0)) {
    servers.push(await add());
    old.signal('SIGTERM');
    codes.push(await old.ended());
    balancer.remove(old.url);
    await load.progress(30);
  }
  await load.end();
  expect(codes).toEqual([0, 0, 0]);
  expect(load.surprises).toEqual([]);
  expect(load.counts).toMatchObject({ unavailable: 0, broken: 0 });
  await recordEqualsTables(load, cluster);
  await actsEqualAudit(load, cluster);
}, 180_000);
