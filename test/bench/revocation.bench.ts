import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AdminClient } from '../appgate/admin-client.js';
import { Scene } from '../appgate/scene.js';
import { type Sallyport, startSallyport } from '../support/sallyport.js';
import { measure, median } from './measure.js';
import { liveTokens, plantDevices, plantTokens } from './plant-tokens.js';
import { plantUsers } from './plant-users.js';
import { tell } from './results.js';

/** S40: ending everybody's tokens as tokens grow: `vitest bench --run test/bench/revocation.bench.ts`. */
let sallyport: Sallyport;
let scene: Scene;
beforeAll(async () => {
  sallyport = await startSallyport();
  scene = new Scene(sallyport);
});
afterAll(() => sallyport.stop());

/** The call answers with the devices it struck, so it grows with them, and shall not with their tokens. */
const WORLDS = [
  { devices: 4_000, each: 2 },
  { devices: 4_000, each: 250 },
  { devices: 40_000, each: 25 },
];

it('S40 measures', { timeout: 600_000 }, async () => {
  const rows: { tokens: number; devices: number; call: number; request: number }[] = [];
  for (const { devices, each } of WORLDS) {
    await plantUsers(scene, devices);
    const before = await scene.administrator();
    await plantDevices(scene);
    await plantTokens(scene, each);
    const request = median(await measure(50, () => answers(200, before)));
    const live = await liveTokens(scene);
    expect(live).toBeGreaterThan(devices * each);

    const started = performance.now();
    const { status, body } = await before.post('/on-boarded-devices/revoke-tokens', {
      distinguishedNameFilter: '',
    });
    const call = performance.now() - started;

    expect([status, body.totalCount]).toEqual([200, devices]);
    expect(await liveTokens(scene)).toBe(0);
    await answers(401, before);
    await answers(200, await scene.administrator());
    rows.push({ tokens: live, devices, call, request });
  }
  const [small, large] = rows as [(typeof rows)[0], (typeof rows)[0], ...typeof rows];
  const lines = rows.map(({ tokens, devices, call, request }) => ({
    'live tokens': tokens,
    devices,
    'ending them all, ms': call.toFixed(0),
    'another request, ms': request.toFixed(1),
  }));
  const ratios = `${(large.tokens / small.tokens).toFixed(0)} times the tokens of as many devices: ${(large.call / small.call).toFixed(2)} times the time.`;
  await tell(scene, 'Ending the tokens of everybody', lines, ratios);
});

async function answers(status: number, client: AdminClient): Promise<void> {
  expect((await client.get('/global-settings')).status).toBe(status);
}
