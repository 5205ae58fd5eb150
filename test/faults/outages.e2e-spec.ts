import { afterAll, beforeAll, it } from 'vitest';
import type { AcknowledgedLoad } from '../support/acknowledged-load.js';
import { actsEqualAudit, recordEqualsTables } from '../support/record-and-tables.js';
import { FaultScene } from './fault-scene.js';
import { survive } from './outage.js';

let scene: FaultScene;
let load: AcknowledgedLoad;
beforeAll(async () => {
  scene = await FaultScene.open();
  load = await scene.load({ plain: 2, players: 3, roles: 4, workers: 1 });
});
afterAll(() => scene.close());

// Other ways to lose a database: in outages.fault-spec.ts.
it('S90 S91 a database that crashes under load: only right answers and 503, back within 5 s, every acknowledged change is there', async () => {
  load.begin(1);
  await survive(scene, load, {
    begin: () => scene.cluster.stop('immediate'),
    end: () => scene.cluster.resume(),
    lasts: 1_000,
  });
  load.expect('unavailable');
  await load.end();
  await recordEqualsTables(load, scene.cluster);
  await actsEqualAudit(load, scene.cluster);
}, 90_000);
