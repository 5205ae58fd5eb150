import { SERVER } from '@sallyport/audit';
import { Database, DomainError } from '@sallyport/platform';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Core, startCore } from '../../../../test/support/core.js';
import { EntitiesService } from '../entities/entities.service.js';
import { IdentityFactsService } from '../templates/identity-facts.service.js';
import type { GroupValues } from './group.js';
import { GroupsService } from './groups.service.js';

const ALLOW = async () => undefined;
const SIZE = 6;

let core: Core;
let groups: GroupsService;
let ids: string[];
let person: string;

beforeAll(async () => {
  core = await startCore();
  groups = core.get(GroupsService);
  person = (await core.get(EntitiesService).write({ name: 'somebody' }, SERVER, ALLOW)).entity.id;
  ids = [];
  for (let n = 0; n < SIZE; n += 1) ids.push((await put({ name: `g${n}` })).group.id);
});
afterAll(() => core.stop());

function put(values: GroupValues) {
  return core.get(Database).transaction((tx) => groups.write(tx, values, SERVER, ALLOW));
}

/** One write: these groups become the members of that one; and the person is a member of it, or not. */
const write = fc.record({
  group: fc.nat(SIZE - 1),
  members: fc.uniqueArray(fc.nat(SIZE - 1), { maxLength: 3 }),
  joins: fc.boolean(),
});

/** The members of each group as a model keeps them. */
type Graph = Map<string, string[]>;

function reaches(graph: Graph, from: string, to: string, seen = new Set<string>()): boolean {
  if (from === to) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  return (graph.get(from) ?? []).some((member) => reaches(graph, member, to, seen));
}

it('a write is refused exactly where it would close a ring, and what is inherited is the transitive closure', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(write, { minLength: 4, maxLength: 14 }), async (writes) => {
      for (const id of ids) await put({ id, memberGroupIds: [], memberEntityIds: [] });
      const graph: Graph = new Map();
      const joined = new Set<string>();
      for (const { group, members, joins } of writes) {
        const id = ids[group]!;
        const memberGroupIds = members.map((n) => ids[n]!);
        const rings = memberGroupIds.some((member) => reaches(new Map([...graph, [id, []]]), member, id));
        const outcome = await put({ id, memberGroupIds, memberEntityIds: joins ? [person] : [] }).catch(
          (error: unknown) => error,
        );
        expect(outcome instanceof DomainError ? outcome.code : 'written').toBe(
          rings ? 'group-cycle' : 'written',
        );
        if (rings) continue;
        graph.set(id, memberGroupIds);
        if (joins) joined.add(id);
        else joined.delete(id);
      }
      const all = ids.filter((id) => [...joined].some((member) => reaches(graph, id, member)));
      const { direct, inherited } = await groups.membershipsOf(person);
      expect(direct).toEqual([...joined].toSorted());
      expect(inherited).toEqual(all.filter((id) => !joined.has(id)).toSorted());
      const facts = await core.get(IdentityFactsService).of(person);
      expect(facts?.groups.map(({ id }) => id).toSorted()).toEqual(all.toSorted());
    }),
    { numRuns: 25 },
  );
}, 60_000);
