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
const entity = async (fields: object): Promise<string> =>
  (await world.root.write('identity/entity', fields)).body.data.id;

describe('an entity', () => {
  it('is created, read by id and name, listed, changed and deleted', async () => {
    const made = await world.root.write('identity/entity', {
      name: 'Ops',
      metadata: ['team=a', 'x=y=z'],
      policies: 'B, a',
    });
    expect(made.body.data).toEqual({ id: UUID, name: 'Ops', aliases: null });
    const { id } = made.body.data;
    const view = {
      id,
      name: 'Ops',
      metadata: { team: 'a', x: 'y=z' },
      policies: ['a', 'b'],
      disabled: false,
      aliases: [],
      direct_group_ids: [],
      inherited_group_ids: [],
      group_ids: [],
      merged_entity_ids: null,
      namespace_id: 'root',
      creation_time: TIME,
      last_update_time: TIME,
      mfa_authenticators: [],
    };
    for (const path of [`id/${id}`, 'name/ops'])
      expect((await world.root.read(`identity/entity/${path}`)).body.data).toEqual(view);
    const listed = { keys: [id], key_info: { [id]: { name: 'Ops', aliases: [] } } };
    expect((await world.root.list('identity/entity/id')).body.data).toEqual(listed);
    expect((await world.root.list('identity/entity/name')).body.data).toEqual({ ...listed, keys: ['Ops'] });
    for (const body of [
      { name: 'OPS', disabled: true },
      { id, metadata: { team: 'b' } },
    ])
      expect((await world.root.write('identity/entity', body)).status).toBe(204);
    expect((await world.root.write(`identity/entity/id/${id}`, { policies: [] })).status).toBe(204);
    expect((await world.root.read(`identity/entity/id/${id}`)).body.data).toMatchObject({
      metadata: { team: 'b' },
      policies: [],
      disabled: true,
    });
    for (let time = 0; time < 2; time += 1)
      expect((await world.root.remove('identity/entity/name/ops')).status).toBe(204);
    expect(told(await world.root.read(`identity/entity/id/${id}`))).toEqual([404, { errors: [] }]);
  });

  it('without a name is given one', async () => {
    expect((await world.root.write('identity/entity')).body.data.name).toMatch(/^entity_[0-9a-f]{8}$/);
  });

  it('is refused', async () => {
    const one = await entity({ name: 'refused-one' });
    await entity({ name: 'refused-two' });
    const write = async (body: object) => told(await world.root.write('identity/entity', body));
    for (const id of [UNKNOWN, 'x']) expect(await write({ id })).toEqual(refusal('entity not found from id'));
    expect(await write({ id: one, name: 'REFUSED-two' })).toEqual(refusal('entity name is already in use'));
    for (const policies of ['root', ' ROOT', 'x,Root'])
      expect(await write({ name: 'refused-root', policies })).toEqual(
        refusal('policies cannot contain root'),
      );
    expect(await write({ name: 'a\u200bb' })).toEqual(refusal('invalid entity name'));
    expect(await write({ name: 'x', metadata: 5 })).toEqual(
      refusal('Field validation failed: error converting input for field "metadata": expected a map'),
    );
  });

  it('that is not there has no id of any kind', async () => {
    for (const path of [`id/${UNKNOWN}`, 'id/x', 'name/none']) {
      expect(told(await world.root.read(`identity/entity/${path}`))).toEqual([404, { errors: [] }]);
      expect((await world.root.remove(`identity/entity/${path}`)).status).toBe(204);
    }
  });

  it('of a login shows its alias and authenticators, never a secret', async () => {
    const { entityId } = await enrolledUser(world, 'shown');
    const { data } = (await world.root.read(`identity/entity/id/${entityId}`)).body;
    expect(data.name).toMatch(/^entity_[0-9a-f]{8}$/);
    expect(data.aliases).toEqual([
      {
        id: UUID,
        canonical_id: entityId,
        name: 'shown',
        mount_accessor: world.accessor,
        mount_type: 'userpass',
        mount_path: 'auth/userpass/',
        metadata: null,
        custom_metadata: null,
        merged_from_canonical_ids: null,
        local: false,
        creation_time: TIME,
        last_update_time: TIME,
      },
    ]);
    expect(data.mfa_authenticators).toEqual([
      {
        method_id: DEFAULT_METHOD,
        type: 'totp',
        state: 'bound',
        created: TIME,
        last_used: null,
        consecutive_failures: 0,
      },
    ]);
  });

  it('S39 that is deleted takes its tokens, aliases and seeds along', async () => {
    const { entityId, token } = await enrolledUser(world, 'deleted');
    await world.root.remove(`identity/entity/id/${entityId}`);
    expect((await world.anonymous.as(token).read('auth/token/lookup-self')).status).toBe(403);
    const anew = (await logIn(world, 'deleted')).body.auth;
    expect(anew.entity_id).not.toBe(entityId);
    const { data } = (await world.root.read(`identity/entity/id/${anew.entity_id}`)).body;
    expect(data.mfa_authenticators).toEqual([]);
  });

  it('S50 of the last full administrator is not disabled', async () => {
    const login = await world.anonymous.write('auth/userpass/login/admin', {
      password: world.server.adminPassword,
    });
    const path = `identity/entity/id/${login.body.auth.entity_id}`;
    expect(told(await world.root.write(path, { disabled: true }))).toEqual(
      refusal('a full administrator must remain'),
    );
    expect((await world.root.read(path)).body.data.disabled).toBe(false);
  });

  it('is read by its own person and by nobody else', async () => {
    await addUser(world, 'own');
    const { client_token, entity_id } = (await logIn(world, 'own')).body.auth;
    const { data } = (await world.root.read(`identity/entity/id/${entity_id}`)).body;
    const own = world.anonymous.as(client_token);
    expect((await own.read(`identity/entity/id/${entity_id}`)).status).toBe(200);
    expect((await own.read(`identity/entity/name/${data.name}`)).status).toBe(200);
    const other = await entity({ name: 'somebody' });
    expect((await own.read(`identity/entity/id/${other}`)).status).toBe(403);
    expect((await own.read('identity/entity/name/somebody')).status).toBe(403);
    expect((await own.write(`identity/entity/id/${entity_id}`, { policies: 'x' })).status).toBe(403);
  });
});

describe('an entity alias', () => {
  const write = (body: object) => world.root.write('identity/entity-alias', body);

  it('terraform makes before the first login: user, entity, alias', async () => {
    await addUser(world, 'planned');
    expect(JSON.stringify((await world.root.list('identity/entity-alias/id')).body)).not.toContain('planned');
    const id = await entity({ name: 'planned-entity' });
    const made = await write({
      name: 'planned',
      canonical_id: id,
      mount_accessor: world.accessor,
      custom_metadata: { k: 'v' },
    });
    expect(made.body.data).toEqual({ id: UUID, canonical_id: id });
    expect((await logIn(world, 'planned')).body.auth.entity_id).toBe(id);
    const read = await world.root.read(`identity/entity-alias/id/${made.body.data.id}`);
    expect(read.body.data).toMatchObject({ canonical_id: id, name: 'planned', custom_metadata: { k: 'v' } });
    const { keys, key_info } = (await world.root.list('identity/entity-alias/id')).body.data;
    expect(keys).toContain(made.body.data.id);
    expect(key_info[made.body.data.id]).toEqual({
      name: 'planned',
      canonical_id: id,
      mount_accessor: world.accessor,
      mount_type: 'userpass',
      mount_path: 'auth/userpass/',
      local: false,
    });
  });

  it('that changes nothing answers 204; another entity takes it over', async () => {
    const [one, two] = [await entity({ name: 'from' }), await entity({ name: 'to' })];
    const alias = { name: 'mover', mount_accessor: world.accessor };
    const made = await write({ ...alias, canonical_id: one });
    expect((await write({ ...alias, canonical_id: one })).status).toBe(204);
    const moved = await write({ ...alias, canonical_id: two });
    expect(moved.body.data).toEqual({ id: made.body.data.id, canonical_id: two });
    expect((await world.root.remove(`identity/entity-alias/id/${made.body.data.id}`)).status).toBe(204);
    expect((await world.root.read(`identity/entity-alias/id/${made.body.data.id}`)).status).toBe(404);
  });

  it('is refused', async () => {
    const id = await entity({ name: 'holder' });
    await write({ name: 'held', canonical_id: id, mount_accessor: world.accessor });
    const refused = async (body: object) => told(await write(body));
    const incomplete = refusal("'id' or 'mount_accessor' and 'name' must be provided");
    expect(await refused({})).toEqual(incomplete);
    expect(await refused({ name: 'x' })).toEqual(incomplete);
    expect(await refused({ name: 'x', mount_accessor: 'nope' })).toEqual(
      refusal('invalid mount accessor "nope"'),
    );
    for (const canonical_id of [UNKNOWN, 'x'])
      expect(await refused({ name: 'x', mount_accessor: world.accessor, canonical_id })).toEqual(
        refusal('invalid canonical ID'),
      );
    expect(await refused({ name: 'another', mount_accessor: world.accessor, canonical_id: id })).toEqual(
      refusal('Alias already exists for requested entity and mount accessor'),
    );
    expect(await refused({ name: 'a/b', mount_accessor: world.accessor, canonical_id: id })).toEqual(
      refusal('invalid alias name'),
    );
  });

  it('is refused at a mount that was disabled, or is meanwhile', () =>
    mustBeRefusedWhereAMountGoes(world, write));
});
