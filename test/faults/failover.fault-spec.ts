import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AcknowledgedLoad } from '../support/acknowledged-load.js';
import type { PostgresCluster } from '../support/postgres-cluster.js';
import { actsEqualAudit, recordEqualsTables } from '../support/record-and-tables.js';
import { expecting } from '../support/send.js';
import { PASSWORD } from '../support/stage.js';
import { FaultScene } from './fault-scene.js';
import { survive } from './outage.js';

/** A code is judged by the clock of the process for so long, and could be accepted again. */
const WINDOW_MS = 60_000;

let scene: FaultScene;
let standby: PostgresCluster;
let load: AcknowledgedLoad;
beforeAll(async () => {
  scene = await FaultScene.open();
  load = await scene.load({ plain: 6, players: 20, roles: 8, workers: 2 });
  standby = await scene.cluster.addSynchronousStandby();
}, 120_000);
afterAll(async () => {
  await scene.close();
  await standby?.remove();
});

it('S94 S17 S90 S91 a failover to a synchronous standby under load: every acknowledged change is there, and no code is spent twice', async () => {
  load.begin(2);
  await load.progress(100);
  await survive(scene, load, {
    begin: () => scene.cluster.stop('immediate'),
    end: async () => {
      await standby.promote();
      scene.proxy.pointTo(standby.directory);
    },
    lasts: 500,
  });
  load.expect('unavailable');
  await load.end();
  await recordEqualsTables(load, standby);
  await actsEqualAudit(load, standby);
  let tried = 0;
  for (const { player, code, at } of load.spent.toReversed()) {
    if (at < Date.now() - WINDOW_MS) continue;
    const { auth } = (await expecting(200, scene.vault.logIn(player.name, PASSWORD))).body;
    const again = await scene.vault.validate(auth.mfa_requirement.mfa_request_id, code);
    expect([player.name, again.status]).toEqual([player.name, 403]);
    tried += 1;
    if (tried === 20) break;
  }
  expect(tried).toBeGreaterThan(0);
}, 180_000);

it('S94 a primary that was left behind is not decided on: it is a standby, or takes no changes, when it comes back', async () => {
  await scene.cluster.resume({ default_transaction_read_only: 'on' });
  scene.proxy.pointTo(scene.cluster.directory);
  await expect.poll(async () => (await scene.health()).ready, { timeout: 10_000 }).toBe(503);
  scene.proxy.pointTo(standby.directory);
  await expect.poll(async () => (await scene.health()).ready, { timeout: 10_000 }).toBe(200);
}, 60_000);
