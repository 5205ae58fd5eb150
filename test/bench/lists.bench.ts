import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AdminClient } from '../appgate/admin-client.js';
import { Scene } from '../appgate/scene.js';
import { type Sallyport, startSallyport } from '../support/sallyport.js';
import { median } from './measure.js';
import { plantUsers } from './plant-users.js';
import { tell } from './results.js';

/** What a page of 50 local users costs as users grow: `vitest bench --run test/bench/lists.bench.ts`. */
const SIZES = [1_000, 100_000] as const;

interface World {
  sallyport: Sallyport;
  size: number;
  administrator: AdminClient;
  scoped: AdminClient;
}

const worlds: World[] = [];
beforeAll(async () => {
  for (const size of SIZES) worlds.push(await worldOf(size));
}, 120_000);
afterAll(async () => {
  for (const { sallyport } of worlds) await sallyport.stop();
});

async function worldOf(size: number): Promise<World> {
  const sallyport = await startSallyport();
  const scene = new Scene(sallyport);
  const privileges = [{ type: 'View', target: 'LocalUser', scope: { tags: ['team-a'] } }];
  const scoped = await scene.userWith('scoped', privileges);
  await plantUsers(scene, size);
  return { sallyport, size, administrator: await scene.administrator(), scoped };
}

const REMARK = 'Medians. What may grow counts, searches or skips the rows there are.';

/** The first rows shall cost the same at any size. The others grow: they count, search or skip what there is. */
const PAGES: { what: string; from?: number | 'last'; query?: string; scoped?: true; grows?: true }[] = [
  { what: 'by name' },
  { what: 'by name, descending', query: '&descending=true' },
  { what: 'by name, from the 500th', from: 500 },
  { what: 'by id', query: '&orderBy=id' },
  { what: 'by created', query: '&orderBy=created' },
  { what: 'by updated, descending', query: '&orderBy=updated&descending=true' },
  { what: 'by firstName, all equal', query: '&orderBy=firstName' },
  { what: 'by lastName', query: '&orderBy=lastName' },
  { what: 'by email', query: '&orderBy=email' },
  { what: 'by email, descending', query: '&orderBy=email&descending=true' },
  { what: 'by disabled', query: '&orderBy=disabled' },
  { what: 'a query', query: '&query=abc', grows: true },
  { what: 'a filter', query: '&tags=team-a', grows: true },
  { what: 'within a scope', scoped: true, grows: true },
  { what: 'the last page', from: 'last', grows: true },
];

it('measures', { timeout: 300_000 }, async () => {
  const rows: Record<string, string>[] = [];
  for (const { what, from = 0, query = '', scoped, grows } of PAGES) {
    const page = async ({ size, administrator, scoped: scopedClient }: World) => {
      const first = from === 'last' ? size - 50 : from;
      const client = scoped ? scopedClient : administrator;
      const started = performance.now();
      const { status, body } = await client.get(`/local-users?range=${first}-${first + 49}${query}`);
      const taken = performance.now() - started;
      expect(status).toBe(200);
      if (!scoped) expect(body.totalCount).toBe(size);
      return taken;
    };
    const rounds = grows ? 10 : 100;
    const taken = worlds.map((): number[] => []);
    // By turns, so that whatever else the machine does falls on both. The first ones let connections prepare their statements.
    for (let round = -rounds / 2; round < rounds; round += 1)
      for (const [index, world] of worlds.entries()) {
        const milliseconds = await page(world);
        if (round >= 0) taken[index]?.push(milliseconds);
      }
    const [small, large] = taken.map((each) => median(each.sort((one, other) => one - other))) as [
      number,
      number,
    ];
    rows.push({
      '50 local users': what,
      [`of ${SIZES[0]}, ms`]: small.toFixed(1),
      [`of ${SIZES[1]}, ms`]: large.toFixed(1),
      ratio: (large / small).toFixed(2),
      'may grow': grows ? 'yes' : 'no',
    });
  }
  const [{ sallyport }] = worlds as [World];
  await tell(new Scene(sallyport), 'A page of 50 local users', rows, REMARK);
});
