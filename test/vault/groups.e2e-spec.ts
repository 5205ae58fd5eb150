import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustBeRefusedWhereAMountGoes } from './leaving-mounts.js';
import { addUser, DEFAULT_METHOD, enrolledUser, logIn, startWorld, UUID, type World } from './world.js';

const UNKNOWN = '11111111-2222-4333-8444-555555555555';
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

const told = ({ status, body }: { status: number; body: unknown }) => [status, body];
const refusal = (text: string) => [400, { errors: [text] }];
const write = (body: object) => world.root.write('identity/group', body);
const group = async (body: object): Promise<string> => (await write(body)).body.data.id;
const entity = async (name: string): Promise<string> =>
  (await world.root.write('identity/entity', { name })).body.data.id;
const read = async (id: string) => (await world.root.read(`identity/group/id/${id}`)).body.data;

describe('a group', () => {
  it('is created, read by id and name, listed, changed and deleted', async () => {
    const member = await entity('listed-member');
    const made = await write({
      name: 'Night Watch',
      policies: 'B, a',
      metadata: ['post=wall', 'x=y=z'],
      member_entity_ids: [member],
    });
    expect([made.status, made.body.data]).toEqual([200, { id: UUID, name: 'Night Watch' }]);
    const { id } = made.body.data;
    const view = {
      id,
      name: 'Night Watch',
      type: 'internal',
      policies: ['a', 'b'],
      metadata: { post: 'wall', x: 'y=z' },
      member_entity_ids: [member],
      member_group_ids: [],
      parent_group_ids: [],
      alias: {},
      namespace_id: 'root',
      modify_index: 1,
      creation_time: TIME,
      last_update_time: TIME,
    };
    for (const path of [`id/${id}`, 'name/night%20watch'])
      expect((await world.root.read(`identity/group/${path}`)).body.data).toEqual(view);
    const listed = {
      keys: [id],
      key_info: { [id]: { name: 'Night Watch', num_member_entities: 1, num_parent_groups: 0 } },
    };
    expect((await world.root.list('identity/group/id')).body.data).toEqual(listed);
    expect((await world.root.list('identity/group/name')).body.data).toEqual({
      ...listed,
      keys: ['Night Watch'],
    });
    for (const body of [
      { name: ' NIGHT watch ', metadata: {} },
      { id, policies: [] },
    ])
      expect((await write(body)).status).toBe(204);
    expect((await world.root.write(`identity/group/id/${id}`, { member_entity_ids: [] })).status).toBe(204);
    expect(await read(id)).toEqual({
      ...view,
      name: 'NIGHT watch',
      metadata: null,
      policies: [],
      member_entity_ids: [],
      modify_index: 4,
    });
    for (let time = 0; time < 2; time += 1)
      expect((await world.root.remove('identity/group/name/night%20watch')).status).toBe(204);
    expect(told(await world.root.read(`identity/group/id/${id}`))).toEqual([404, { errors: [] }]);
    expect(told(await world.root.list('identity/group/id'))).toEqual([404, { errors: [] }]);
  });

  it('without a name is given one; by its name it is created once', async () => {
    expect((await write({})).body.data.name).toMatch(/^group_[0-9a-f]{8}$/);
    expect((await world.root.write('identity/group/name/Once')).body.data).toEqual({
      id: UUID,
      name: 'Once',
    });
    expect((await world.root.write('identity/group/name/once')).status).toBe(204);
  });

  it('is refused', async () => {
    const one = await group({ name: 'refused-one' });
    await group({ name: 'refused-two' });
    const outside = await group({ name: 'outside', type: 'external' });
    const refused = async (body: object) => told(await write(body));
    const internal = (text: string) => refusal(`1 error occurred:\n\t* ${text}\n\n`);
    for (const id of [UNKNOWN, 'x']) {
      expect(await refused({ id })).toEqual(refusal('invalid group ID'));
      expect(await refused({ member_entity_ids: id })).toEqual(internal(`invalid entity ID "${id}"`));
      expect(await refused({ member_group_ids: id })).toEqual(internal(`invalid member group ID "${id}"`));
    }
    expect(await refused({ id: one, name: 'REFUSED-two' })).toEqual(refusal('group name is already in use'));
    for (const policies of ['root', ' ROOT', 'x,Root'])
      expect(await refused({ name: 'refused-root', policies })).toEqual(
        refusal('policies cannot contain root'),
      );
    expect(await refused({ id: one, type: 'external' })).toEqual(refusal('group type cannot be changed'));
    expect(await refused({ type: 'other' })).toEqual(refusal('invalid group type "other"'));
    expect(await refused({ id: outside, member_entity_ids: [] })).toEqual(
      refusal("member entities can't be set manually for external groups"),
    );
    expect(await refused({ id: outside, member_group_ids: [one] })).toEqual(
      refusal("member groups can't be set for external groups"),
    );
    expect(await refused({ name: 'a\u200bb' })).toEqual(refusal('invalid group name'));
    const above = await group({ name: 'above', member_group_ids: [one] });
    for (const member of [above, one])
      expect(await refused({ id: one, member_group_ids: [member] })).toEqual(
        refusal(`cyclic relationship detected for member group ID "${member}"`),
      );
  });

  it('that is not there has no id of any kind', async () => {
    for (const path of [`id/${UNKNOWN}`, 'id/x', 'name/none']) {
      expect(told(await world.root.read(`identity/group/${path}`))).toEqual([404, { errors: [] }]);
      expect((await world.root.remove(`identity/group/${path}`)).status).toBe(204);
    }
  });

  it('forgets a member that is deleted', async () => {
    const member = await entity('passing');
    const id = await group({ member_entity_ids: [member] });
    await world.root.remove(`identity/entity/id/${member}`);
    expect((await read(id)).member_entity_ids).toEqual([]);
  });

  it('is managed as terraform does: look-up, write, read, write whole, delete', async () => {
    expect((await world.root.write('identity/lookup/group', { name: 'tf' })).status).toBe(204);
    const { id } = (
      await world.root.send('PUT', 'identity/group', {
        body: {
          name: 'tf',
          type: 'internal',
          policies: ['ops'],
          metadata: { a: 'b' },
          member_entity_ids: [],
        },
      })
    ).body.data;
    expect(await read(id)).toMatchObject({ name: 'tf', type: 'internal', policies: ['ops'] });
    const member = await entity('tf-member');
    const changed = await world.root.send('PUT', `identity/group/id/${id}`, {
      body: { name: 'tf', type: 'internal', policies: ['dev'], metadata: {}, member_entity_ids: [member] },
    });
    expect(changed.status).toBe(204);
    expect(await read(id)).toMatchObject({ policies: ['dev'], metadata: null, member_entity_ids: [member] });
    expect((await world.root.remove(`identity/group/id/${id}`)).status).toBe(204);
    expect((await world.root.read(`identity/group/id/${id}`)).status).toBe(404);
  });
});

describe('membership', () => {
  it('shows on the entity, direct and inherited', async () => {
    const member = await entity('nested');
    const low = await group({ name: 'nested-low', member_entity_ids: [member] });
    const top = await group({ name: 'nested-top', member_group_ids: [low] });
    expect(await read(low)).toMatchObject({ parent_group_ids: [top] });
    expect((await world.root.read(`identity/entity/id/${member}`)).body.data).toMatchObject({
      direct_group_ids: [low],
      inherited_group_ids: [top],
      group_ids: [low, top],
    });
  });

  it('gives policies from the next request on, and takes them', async () => {
    await addUser(world, 'grouped');
    const { client_token, entity_id, token_policies } = (await logIn(world, 'grouped')).body.auth;
    const own = world.anonymous.as(client_token);
    const identityPolicies = async () =>
      (await own.read('auth/token/lookup-self')).body.data.identity_policies;
    expect(await identityPolicies()).toBeUndefined();
    const low = await group({ name: 'giving', policies: ['low'], member_entity_ids: [entity_id] });
    const top = await group({ name: 'giving-more', policies: ['top', 'low'], member_group_ids: [low] });
    expect(await identityPolicies()).toEqual(['low', 'top']);
    const { auth } = (await logIn(world, 'grouped')).body;
    expect([auth.token_policies, auth.identity_policies, auth.policies]).toEqual([
      token_policies,
      ['low', 'top'],
      ['default', 'low', 'top'],
    ]);
    await world.root.remove(`identity/group/id/${top}`);
    expect(await identityPolicies()).toEqual(['low']);
    await world.root.write(`identity/group/id/${low}`, { member_entity_ids: [] });
    expect(await identityPolicies()).toBeUndefined();
  });

  it('S53 decides what is owed, direct and inherited', async () => {
    const { entityId } = await enrolledUser(world, 'owing');
    const low = await group({ name: 'owing-low', member_entity_ids: [entityId] });
    const top = await group({ name: 'owing-top', member_group_ids: [low] });
    const owed = async () =>
      Object.keys((await logIn(world, 'owing')).body.auth.mfa_requirement?.mfa_constraints ?? {});
    expect(await owed()).toEqual([]);
    for (const id of [low, top]) {
      const enforced = await world.root.write('identity/mfa/login-enforcement/by-group', {
        mfa_method_ids: [DEFAULT_METHOD],
        identity_group_ids: [id],
      });
      expect(enforced.status).toBe(204);
      expect(await owed()).toEqual(['by-group']);
    }
    await world.root.write(`identity/group/id/${low}`, { member_entity_ids: [] });
    expect(await owed()).toEqual([]);
  });
});

describe('a group alias', () => {
  const writeAlias = (body: object) => world.root.write('identity/group-alias', body);

  it('is created, read, listed, moved and deleted', async () => {
    const first = await group({ name: 'aliased', type: 'external' });
    const second = await group({ name: 'aliased-too', type: 'external' });
    const mount_accessor = world.accessor;
    const made = await writeAlias({ name: 'Engineering', mount_accessor, canonical_id: first });
    expect(made.body.data).toEqual({ id: UUID, canonical_id: first });
    const { id } = made.body.data;
    const mount = { mount_accessor, mount_type: 'userpass', mount_path: 'auth/userpass/' };
    const view = {
      id,
      canonical_id: first,
      name: 'Engineering',
      ...mount,
      metadata: null,
      merged_from_canonical_ids: null,
      creation_time: TIME,
      last_update_time: TIME,
    };
    expect((await world.root.read(`identity/group-alias/id/${id}`)).body.data).toEqual(view);
    expect((await read(first)).alias).toEqual(view);
    expect((await world.root.list('identity/group/id')).body.data.key_info[first].alias).toEqual({
      id,
      name: 'Engineering',
      ...mount,
    });
    expect((await world.root.list('identity/group-alias/id')).body.data).toEqual({
      keys: [id],
      key_info: { [id]: { canonical_id: first, name: 'Engineering', ...mount } },
    });
    for (const query of [
      { alias_id: id },
      { alias_name: 'engineering', alias_mount_accessor: mount_accessor },
    ])
      expect((await world.root.write('identity/lookup/group', query)).body.data.id).toBe(first);
    const same = { name: 'Engineering', mount_accessor, canonical_id: first };
    expect((await world.root.write(`identity/group-alias/id/${id}`, same)).status).toBe(204);
    const moved = await writeAlias({ ...same, id, canonical_id: second });
    expect(moved.body.data).toEqual({ id, canonical_id: second });
    expect((await read(first)).alias).toEqual({});
    for (let time = 0; time < 2; time += 1)
      expect((await world.root.remove(`identity/group-alias/id/${id}`)).status).toBe(204);
    expect(told(await world.root.read(`identity/group-alias/id/${id}`))).toEqual([404, { errors: [] }]);
    expect((await read(second)).alias).toEqual({});
  });

  it('without a group gets one, of type external', async () => {
    const made = await writeAlias({ name: 'lonely', mount_accessor: world.accessor });
    expect(await read(made.body.data.canonical_id)).toMatchObject({
      type: 'external',
      name: expect.stringMatching(/^group_[0-9a-f]{8}$/),
    });
  });

  it('is refused', async () => {
    const inside = await group({ name: 'inside' });
    const mount_accessor = world.accessor;
    await writeAlias({ name: 'Taken', mount_accessor });
    const refused = async (body: object) => told(await writeAlias(body));
    expect(await refused({ id: UNKNOWN })).toEqual(refusal('invalid group alias ID'));
    expect(await refused({})).toEqual(refusal('missing alias name'));
    expect(await refused({ name: 'x' })).toEqual(refusal('missing mount_accessor'));
    expect(await refused({ name: 'x', mount_accessor, canonical_id: UNKNOWN })).toEqual(
      refusal("invalid group ID given in 'canonical_id'"),
    );
    expect(await refused({ name: 'x', mount_accessor, canonical_id: inside })).toEqual(
      refusal("alias can't be set on an internal group"),
    );
    expect(await refused({ name: 'x', mount_accessor: 'nope' })).toEqual(
      refusal('invalid mount accessor "nope"'),
    );
    expect(await refused({ name: 'taken', mount_accessor })).toEqual(
      refusal('combination of mount and group alias name is already in use'),
    );
  });

  it('is refused at a mount that was disabled, or is meanwhile', () =>
    mustBeRefusedWhereAMountGoes(world, writeAlias));
});
