import { SERVER } from '@sallyport/audit';
import { Database, DomainError } from '@sallyport/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../../test/support/core.js';
import { EntitiesService } from '../entities/entities.service.js';
import type { GroupValues } from './group.js';
import { GroupsService, type JudgeGroupEffect } from './groups.service.js';

const ALLOW = async () => undefined;
const UNKNOWN = '11111111-2222-4333-8444-555555555555';

let core: Core;
let groups: GroupsService;
let ada: string;
let bob: string;

beforeAll(async () => {
  core = await startCore();
  groups = core.get(GroupsService);
  ada = await person('ada');
  bob = await person('bob');
});
afterAll(() => core.stop());

async function person(name: string): Promise<string> {
  return (await core.get(EntitiesService).write({ name }, SERVER, ALLOW)).entity.id;
}

function write(values: GroupValues, judge: JudgeGroupEffect = ALLOW) {
  return core.get(Database).transaction((tx) => groups.write(tx, values, SERVER, judge));
}

function remove(id: string): Promise<void> {
  return core.get(Database).transaction((tx) => groups.remove(tx, id, SERVER, ALLOW));
}

async function group(values: GroupValues): Promise<string> {
  return (await write(values)).group.id;
}

async function codeOf(values: GroupValues): Promise<string> {
  const thrown: unknown = await write(values).catch((error: unknown) => error);
  return thrown instanceof DomainError ? thrown.code : 'written';
}

describe('a group', () => {
  it('without a name gets one of its own', async () => {
    const { group: made, created } = await write({});
    expect([made.name, created]).toEqual([expect.stringMatching(/^group_[0-9a-f]{8}$/), true]);
  });

  it('is found by its name in any spelling, and changed by it; absent fields keep their value', async () => {
    const first = await write({
      name: 'Zoë',
      metadata: { a: 'b' },
      policies: ['ops'],
      memberEntityIds: [ada, ada],
    });
    const { group: changed, created } = await write({ name: 'zoe\u0308', policies: ['dev'] });
    expect(created).toBe(false);
    expect(changed).toMatchObject({
      id: first.group.id,
      name: 'zoe\u0308',
      metadata: { a: 'b' },
      policies: ['dev'],
      memberEntityIds: [ada],
      modifyIndex: 2,
    });
    expect(await groups.findByName('ZOË')).toEqual(changed);
  });

  it('that five make at once under one name is one', async () => {
    const written = await Promise.all(Array.from({ length: 5 }, () => write({ name: 'at-once' })));
    expect(new Set(written.map((one) => one.group.id)).size).toBe(1);
    expect(written.filter(({ created }) => created)).toHaveLength(1);
  });

  it('is refused for what it cannot be', async () => {
    const internal = await group({ name: 'inside' });
    const external = await group({ name: 'outside', type: 'external' });
    expect(await codeOf({ id: UNKNOWN })).toBe('group-not-found');
    expect(await codeOf({ id: 'x' })).toBe('group-not-found');
    expect(await codeOf({ policies: ['root'] })).toBe('root-policy');
    expect(await codeOf({ id: internal, type: 'external' })).toBe('group-type-fixed');
    expect(await codeOf({ type: 'Internal' })).toBe('group-type-unknown');
    expect(await codeOf({ id: internal, name: 'OUTSIDE' })).toBe('group-name-taken');
    expect(await codeOf({ id: external, memberEntityIds: [] })).toBe('external-member-entities');
    expect(await codeOf({ id: external, memberGroupIds: [] })).toBe('external-member-groups');
    for (const id of [UNKNOWN, 'x']) {
      expect(await codeOf({ memberEntityIds: [id] })).toBe('unknown-member');
      expect(await codeOf({ memberGroupIds: [id] })).toBe('unknown-member');
    }
    expect(await codeOf({ id: internal, name: 'Inside', type: 'internal' })).toBe('written');
  });

  it('tells of its members and parents; who is deleted is no member', async () => {
    const gone = await person('gone');
    const inner = await group({ name: 'inner' });
    const outer = await group({
      name: 'outer',
      memberEntityIds: [gone, bob],
      memberGroupIds: [inner],
    });
    await core.get(EntitiesService).remove(gone, SERVER, ALLOW);
    expect(await groups.find(outer)).toMatchObject({ memberEntityIds: [bob], memberGroupIds: [inner] });
    expect(await groups.find(inner)).toMatchObject({ parentGroupIds: [outer], modifyIndex: 1 });
    expect((await groups.list()).find(({ id }) => id === inner)).toEqual({
      id: inner,
      name: 'inner',
      memberEntities: 0,
      parentGroups: 1,
      alias: null,
    });
    await remove(outer);
    await remove(outer);
    expect(await groups.find(outer)).toBeNull();
    expect(await groups.find(inner)).toMatchObject({ parentGroupIds: [] });
  });
});

describe('memberships', () => {
  it('are direct, or inherited from every group above; both counts as direct', async () => {
    const eve = await person('eve');
    const low = await group({ name: 'low', memberEntityIds: [eve] });
    const middle = await group({ name: 'middle', memberGroupIds: [low] });
    const top = await group({ name: 'top', memberGroupIds: [middle], memberEntityIds: [eve] });
    const side = await group({ name: 'side', memberGroupIds: [middle] });
    expect(await groups.membershipsOf(eve)).toEqual({
      direct: [low, top].toSorted(),
      inherited: [middle, side].toSorted(),
    });
  });

  it('never form a ring, and the refusal names the member', async () => {
    const one = await group({ name: 'one' });
    const two = await group({ name: 'two', memberGroupIds: [one] });
    const three = await group({ name: 'three', memberGroupIds: [two] });
    for (const member of [one, two, three])
      await expect(write({ id: one, memberGroupIds: [member] })).rejects.toThrow(
        `cyclic relationship detected for member group ID "${member}"`,
      );
    expect(await groups.find(one)).toMatchObject({ memberGroupIds: [] });
  });

  it('never form a ring of halves written at once', async () => {
    for (let round = 0; round < 20; round += 1) {
      const [left, right] = [await group({ name: `left-${round}` }), await group({ name: `right-${round}` })];
      const outcomes = await Promise.all([
        codeOf({ id: left, memberGroupIds: [right] }),
        codeOf({ id: right, memberGroupIds: [left] }),
      ]);
      expect(outcomes.toSorted()).toEqual(['group-cycle', 'written']);
    }
  });
});

describe('S48 what a write grants', () => {
  async function grantedBy(values: GroupValues): Promise<string[]> {
    let granted: string[] = [];
    await write(values, async (effect) => {
      granted = effect.granted;
    });
    return granted;
  }

  it('is every policy of the group and of those above to a new member, and only what is new to old ones', async () => {
    const child = await group({ name: 'child', policies: ['c'] });
    const parent = await group({ name: 'parent', policies: ['b'], memberGroupIds: [child] });
    await group({ name: 'grandparent', policies: ['a'], memberGroupIds: [parent] });
    expect(await grantedBy({ id: child, policies: ['c', 'd'] })).toEqual(['d']);
    expect(await grantedBy({ id: child, policies: ['d'] })).toEqual([]);
    expect(await grantedBy({ id: child, memberEntityIds: [ada] })).toEqual(['a', 'b', 'd']);
    expect(await grantedBy({ id: child, memberEntityIds: [ada], metadata: { x: 'y' } })).toEqual([]);
    expect(await grantedBy({ id: child, memberEntityIds: [bob] })).toEqual(['a', 'b', 'd']);
    expect(await grantedBy({ id: child, memberEntityIds: [] })).toEqual([]);
    const stray = await group({ name: 'stray' });
    expect(await grantedBy({ id: child, memberGroupIds: [stray] })).toEqual(['a', 'b', 'd']);
    expect(await grantedBy({ name: 'fresh', policies: ['e'] })).toEqual(['e']);
  });

  it('tells which groups somebody leaves', async () => {
    const child = await group({ name: 'left', memberEntityIds: [ada, bob] });
    const parent = await group({ name: 'left-above', memberGroupIds: [child] });
    const leftBy = async (values: GroupValues) => {
      let left: string[] = [];
      await write(values, async (effect) => {
        left = effect.left;
      });
      return left;
    };
    expect(await leftBy({ id: child, policies: ['x'] })).toEqual([]);
    expect(await leftBy({ id: child, memberEntityIds: [bob] })).toEqual([child, parent]);
    expect(await leftBy({ id: parent, memberGroupIds: [] })).toEqual([parent]);
  });

  it('is refused before anything is written', async () => {
    const id = await group({ name: 'guarded' });
    const refuse = async () => {
      throw new DomainError('forbidden', 'acl-escalation', 'permission denied');
    };
    await expect(write({ id, policies: ['x'] }, refuse)).rejects.toThrow('permission denied');
    expect(await groups.find(id)).toMatchObject({ policies: [], modifyIndex: 1 });
  });
});
