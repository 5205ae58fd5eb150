import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AdminClient, V23 } from '../appgate/admin-client.js';
import { Scene } from '../appgate/scene.js';
import { type Sallyport, startSallyport } from '../support/sallyport.js';
import { VaultClient } from '../vault/vault-client.js';
import { at, measure, median } from './measure.js';
import { liveTokens, plantDevices, plantTokens } from './plant-tokens.js';
import { plantUsers } from './plant-users.js';
import { tell } from './results.js';

/** S40: ending everybody's tokens as tokens and devices grow: `vitest bench --run test/bench/revocation.bench.ts`. */
let sallyport: Sallyport;
let scene: Scene;
beforeAll(async () => {
  sallyport = await startSallyport();
  scene = new Scene(sallyport);
});
afterAll(() => sallyport.stop());

const WORLDS = [
  { devices: 4_000, each: 2 },
  { devices: 4_000, each: 250 },
  { devices: 100_000, each: 10 },
];
/** Times one and the same world is ended while others are at work. */
const TIMES = 8;

it('S40 measures', { timeout: 900_000 }, async () => {
  const lines: Record<string, string | number>[] = [];
  for (const { devices, each } of WORLDS) {
    await plantUsers(scene, devices);
    const before = await scene.administrator();
    await plantDevices(scene);
    await plantTokens(scene, each);
    const live = await liveTokens(scene);
    expect(live).toBeGreaterThan(devices * each);

    const started = performance.now();
    const { status, body } = await before.post('/on-boarded-devices/revoke-tokens', {
      distinguishedNameFilter: '',
    });
    const call = performance.now() - started;

    expect([status, body.totalCount]).toEqual([200, devices]);
    expect(body.data).toHaveLength(Math.min(devices, 1_000));
    expect(await liveTokens(scene)).toBe(0);
    await answers(401, before);
    await answers(200, await scene.administrator());
    const idle = await lookUps(() => false, 400);
    const ends = { done: false };
    const [meanwhile] = await Promise.all([
      lookUps(() => !ends.done, 400),
      endAgainAndAgain(before).finally(() => (ends.done = true)),
    ]);
    lines.push({
      'live tokens': live,
      devices,
      'ending them all, ms': call.toFixed(0),
      'look-ups p50 idle, ms': median(idle).toFixed(1),
      'p50 meanwhile': median(meanwhile).toFixed(1),
      'p99 idle': at(idle, 0.99).toFixed(1),
      'p99 meanwhile': at(meanwhile, 0.99).toFixed(1),
      'p99 ratio': (at(meanwhile, 0.99) / at(idle, 0.99)).toFixed(2),
    });
  }
  await tell(scene, 'Ending the tokens of everybody', lines, REMARK);
});

const REMARK = `Look-ups: a token of \`/v1\` looks itself up, twice at once all the time; meanwhile everybody's tokens of \`/admin\` are ended ${TIMES} times, one after the other.`;

/** Milliseconds of look-ups, ascending: at least so many, and as long as wanted. */
async function lookUps(wanted: () => boolean, least: number): Promise<number[]> {
  const client = new VaultClient(sallyport.url, sallyport.rootToken);
  const taken: number[] = [];
  const goOn = async () => {
    while (wanted() || taken.length < least) {
      const [milliseconds] = await measure(1, async () =>
        expect((await client.read('auth/token/lookup-self')).status).toBe(200),
      );
      taken.push(milliseconds!);
    }
  };
  await Promise.all([goOn(), goOn()]);
  return taken.sort((one, other) => one - other);
}

/** The stamp is put back each time: all of them live again. The answer is not read here, since client and server are one process. */
async function endAgainAndAgain(client: AdminClient): Promise<void> {
  const [{ epoch }] = (await scene.rows<{ epoch: string }>(
    'SELECT admin_epoch - 1 AS epoch FROM installation',
  )) as [{ epoch: string }];
  for (let round = 0; round < TIMES; round += 1) {
    await scene.rows('UPDATE installation SET admin_epoch = $1', [epoch]);
    const answer = await fetch(`${sallyport.url}/admin/on-boarded-devices/revoke-tokens`, {
      method: 'POST',
      headers: { accept: V23, authorization: `Bearer ${client.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ distinguishedNameFilter: '' }),
    });
    expect(answer.status).toBe(200);
    await answer.arrayBuffer();
  }
}

async function answers(status: number, client: AdminClient): Promise<void> {
  expect((await client.get('/global-settings')).status).toBe(status);
}
