import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addMethod,
  addUser,
  DEFAULT_METHOD,
  enforce,
  enrolledUser,
  logIn,
  PASSWORD,
  startWorld,
  type World,
} from './world.js';

const UNKNOWN = '11111111-2222-4333-8444-555555555555';

let world: World;
beforeAll(async () => {
  world = await startWorld();
  for (const path of ['second', 'third']) await world.root.write(`sys/auth/${path}`, { type: 'userpass' });
});
afterAll(() => world.stop());

const told = ({ status, body }: { status: number; body: unknown }) => [status, body];
const refusal = (text: string) => [400, { errors: [text] }];
const internal = (...bullets: string[]) =>
  refusal(
    `${bullets.length === 1 ? '1 error' : `${bullets.length} errors`} occurred:\n${bullets.map((text) => `\t* ${text}\n`).join('')}\n`,
  );
const merge = (body: object) => world.root.write('identity/entity/merge', body);
const read = async (id: string) => (await world.root.read(`identity/entity/id/${id}`)).body.data;
const entity = async (name: string): Promise<string> =>
  (await world.root.write('identity/entity', { name })).body.data.id;

/** A user of a mount who has logged in once. */
async function member(
  name: string,
  mount = 'userpass',
): Promise<{ id: string; token: string; aliasId: string }> {
  await addUser(world, name, {}, mount);
  const { auth } = (await logIn(world, name, [], mount)).body;
  const [alias] = (await read(auth.entity_id)).aliases;
  return { id: auth.entity_id, token: auth.client_token, aliasId: alias.id };
}

describe('merging entities', () => {
  it('S39 gives logins, memberships and enforcements to the one that stays, and ends the tokens of the others', async () => {
    const stays = await member('merge-a');
    const goes = await member('merge-a', 'second');
    await world.root.write(`identity/entity/id/${goes.id}`, { policies: ['not-moved'] });
    const group = (await world.root.write('identity/group', { member_entity_ids: [goes.id] })).body.data.id;
    const method = await addMethod(world, 'merged-owes');
    await enforce(world, 'merged-owes', [method], [goes.id]);
    expect((await merge({ to_entity_id: stays.id, from_entity_ids: goes.id })).status).toBe(204);
    expect((await world.root.read(`identity/entity/id/${goes.id}`)).status).toBe(404);
    const data = await read(stays.id);
    expect(data).toMatchObject({
      policies: [],
      merged_entity_ids: [goes.id],
      direct_group_ids: [group],
    });
    expect(data.aliases.map((alias: any) => [alias.id, alias.merged_from_canonical_ids])).toEqual([
      [stays.aliasId, null],
      [goes.aliasId, [goes.id]],
    ]);
    expect((await world.anonymous.as(goes.token).read('auth/token/lookup-self')).status).toBe(403);
    const enforced = await world.root.read('identity/mfa/login-enforcement/merged-owes');
    expect(enforced.body.data.identity_entity_ids).toEqual([stays.id]);
    expect(
      Object.keys((await logIn(world, 'merge-a', [], 'second')).body.auth.mfa_requirement.mfa_constraints),
    ).toEqual(['merged-owes']);
    await world.root.remove('identity/mfa/login-enforcement/merged-owes');
    expect((await logIn(world, 'merge-a', [], 'second')).body.auth.entity_id).toBe(stays.id);
  });

  it('moves an authenticator, which then proves the one person at every login', async () => {
    const { id } = await member('merge-b', 'second');
    const seeded = await enrolledUser(world, 'merge-b-seeded');
    expect((await merge({ to_entity_id: id, from_entity_ids: [seeded.entityId] })).status).toBe(204);
    await enforce(world, 'merge-b', [DEFAULT_METHOD], [id]);
    expect((await read(id)).mfa_authenticators).toMatchObject([
      { method_id: DEFAULT_METHOD, state: 'bound' },
    ]);
    const code = seeded.authenticator.codeAt(world.server.clock.now());
    const login = await logIn(world, 'merge-b', [`${DEFAULT_METHOD}:${code}`], 'second');
    expect(login.body.auth.entity_id).toBe(id);
    await world.root.remove('identity/mfa/login-enforcement/merge-b');
  });

  it('is refused where both have an authenticator of one method, unless forced; then the one of the target stays', async () => {
    const stays = await enrolledUser(world, 'merge-c');
    const goes = await member('merge-c', 'second');
    const made = await world.root.write('identity/mfa/method/totp/admin-generate', {
      method_id: DEFAULT_METHOD,
      entity_id: goes.id,
    });
    expect(made.body.data.url).toContain('otpauth:');
    const wish = { to_entity_id: stays.entityId, from_entity_ids: [goes.id] };
    expect(told(await merge(wish))).toEqual(
      internal(`conflicting MFA config ID "${DEFAULT_METHOD}" in entity ID "${goes.id}"`),
    );
    expect((await merge({ ...wish, force: true })).status).toBe(204);
    await enforce(world, 'merge-c', [DEFAULT_METHOD], [stays.entityId]);
    const code = stays.authenticator.codeAt(world.server.clock.now());
    expect((await logIn(world, 'merge-c', [`default:${code}`], 'second')).body.auth.entity_id).toBe(
      stays.entityId,
    );
    await world.root.remove('identity/mfa/login-enforcement/merge-c');
  });

  it('tells of two aliases at one mount, and keeps the one that is named', async () => {
    const [stays, goes] = [await member('merge-d'), await member('merge-e')];
    const wish = { to_entity_id: stays.id, from_entity_ids: [goes.id] };
    expect(told(await merge(wish))).toEqual(
      internal(
        'toEntity and at least one fromEntity have aliases with the same mount accessor, repeat the merge request specifying exactly one fromEntity, clashes: ',
        `mountAccessor: ${world.accessor}, toEntity ID: ${stays.id}, fromEntity ID: ${goes.id}, ` +
          `conflicting toEntity alias ID: ${stays.aliasId}, conflicting fromEntity alias ID: ${goes.aliasId}`,
      ),
    );
    expect(told(await merge({ ...wish, conflicting_alias_ids_to_keep: [UNKNOWN] }))).toEqual(
      refusal(
        'conflicting mount accessors in following alias IDs and neither were present in conflicting_alias_ids_to_keep: ' +
          `${goes.aliasId}, ${stays.aliasId}`,
      ),
    );
    expect((await merge({ ...wish, conflicting_alias_ids_to_keep: [goes.aliasId] })).status).toBe(204);
    expect((await read(stays.id)).aliases.map(({ id }: any) => id)).toEqual([goes.aliasId]);
    expect((await logIn(world, 'merge-e')).body.auth.entity_id).toBe(stays.id);
    const anew = (await logIn(world, 'merge-d')).body.auth.entity_id;
    expect([stays.id, goes.id]).not.toContain(anew);
  });

  it('is refused', async () => {
    const [one, two, three] = [
      await member('merge-f'),
      await member('merge-f', 'second'),
      await member('merge-g', 'second'),
    ];
    const refused = async (body: object) => told(await merge(body));
    const to_entity_id = one.id;
    expect(await refused({})).toEqual(refusal('missing entity id to merge to'));
    for (const from_entity_ids of [undefined, [], ''])
      expect(await refused({ to_entity_id, from_entity_ids })).toEqual(
        refusal('missing entity ids to merge from'),
      );
    for (const id of [UNKNOWN, 'x']) {
      expect(await refused({ to_entity_id: id, from_entity_ids: [two.id] })).toEqual(
        refusal('entity id to merge to is invalid'),
      );
      expect(await refused({ to_entity_id, from_entity_ids: [id] })).toEqual(
        refusal('entity id to merge from is invalid'),
      );
    }
    expect(await refused({ to_entity_id, from_entity_ids: [two.id, one.id] })).toEqual(
      refusal('to_entity_id should not be present in from_entity_ids'),
    );
    const both = { to_entity_id, from_entity_ids: [two.id, three.id] };
    expect(await refused({ ...both, conflicting_alias_ids_to_keep: [two.aliasId, three.aliasId] })).toEqual(
      refusal(
        'aliases conflicts cannot be resolved with multiple from entity ids - merge one entity at a time',
      ),
    );
    const { accessor } = (await world.root.read('sys/auth/second')).body.data;
    expect(await refused(both)).toEqual(
      refusal(
        `mount accessor ${accessor} found in multiple fromEntities, merge should be done with one fromEntity at a time`,
      ),
    );
    expect((await read(one.id)).aliases).toHaveLength(1);
  });

  it('S50 into a disabled entity does not take the last full administrator along', async () => {
    const login = await world.anonymous.write('auth/userpass/login/admin', {
      password: world.server.adminPassword,
    });
    const id = await entity('switched-off');
    await world.root.write(`identity/entity/id/${id}`, { disabled: true });
    const wish = { to_entity_id: id, from_entity_ids: [login.body.auth.entity_id] };
    expect(told(await merge(wish))).toEqual(refusal('a full administrator must remain'));
  });
});

describe('deleting entities together', () => {
  it('deletes them all; unknown ids are passed over', async () => {
    const [one, two] = [await member('batch-a'), await member('batch-b')];
    const body = { entity_ids: [one.id, two.id, UNKNOWN, 'x', one.id] };
    expect((await world.root.write('identity/entity/batch-delete', body)).status).toBe(204);
    for (const { id, token } of [one, two]) {
      expect((await world.root.read(`identity/entity/id/${id}`)).status).toBe(404);
      expect((await world.anonymous.as(token).read('auth/token/lookup-self')).status).toBe(403);
    }
    for (const entity_ids of [undefined, [], ''])
      expect(told(await world.root.write('identity/entity/batch-delete', { entity_ids }))).toEqual(
        refusal('missing entity ids to delete'),
      );
  });

  it('S81 takes no more of them than one transaction is good for', async () => {
    const many = (count: number) => Array.from({ length: count }, () => UNKNOWN);
    const write = (fields: object, path: string) => world.root.write(`identity/entity/${path}`, fields);
    const refused = refusal('too many entity ids');
    expect(told(await write({ entity_ids: many(1_001) }, 'batch-delete'))).toEqual(refused);
    const wish = { to_entity_id: UNKNOWN, from_entity_ids: many(51) };
    expect(told(await write(wish, 'merge'))).toEqual(refused);
  });
});

describe('looking up', () => {
  const lookup = (body: object) => world.root.write('identity/lookup/entity', body);

  it('finds an entity by name, id, alias id, or alias name and mount, and answers 204 for none', async () => {
    const { id, aliasId } = await member('looked-up');
    const { name } = await read(id);
    const whole = await read(id);
    for (const body of [
      { name },
      { id },
      { alias_id: aliasId },
      { alias_name: 'Looked-UP', alias_mount_accessor: world.accessor },
    ])
      expect((await lookup(body)).body.data).toEqual(whole);
    for (const body of [
      { name: 'nobody-there' },
      { id: UNKNOWN },
      { id: 'x' },
      { id: '' },
      { alias_id: UNKNOWN },
      { alias_name: 'nobody-there', alias_mount_accessor: world.accessor },
      { alias_name: 'looked-up', alias_mount_accessor: 'x' },
    ])
      expect([(await lookup(body)).status, (await lookup(body)).text]).toEqual([204, '']);
  });

  it('does not find whom nobody has seen yet', async () => {
    await addUser(world, 'unseen');
    expect((await lookup({ alias_name: 'unseen', alias_mount_accessor: world.accessor })).status).toBe(204);
  });

  it.each([
    [{}, 'query parameter not supplied'],
    [{ id: UNKNOWN, name: 'x' }, 'query parameter conflict; please supply distinct set of query parameters'],
    [
      { id: UNKNOWN, alias_name: 'x', alias_mount_accessor: 'y' },
      'query parameter conflict; please supply distinct set of query parameters',
    ],
    [{ alias_name: 'x' }, "both 'alias_name' and 'alias_mount_accessor' needs to be set"],
    [{ alias_mount_accessor: 'x' }, "both 'alias_name' and 'alias_mount_accessor' needs to be set"],
  ])('of %j is refused', async (body, text) => {
    expect(told(await lookup(body))).toEqual(refusal(text));
    expect(told(await world.root.write('identity/lookup/group', body))).toEqual(refusal(text));
  });

  it('finds a group by name and id, and answers 204 for none', async () => {
    const { id } = (await world.root.write('identity/group', { name: 'Sought' })).body.data;
    for (const body of [{ name: 'sought' }, { id }])
      expect((await world.root.write('identity/lookup/group', body)).body.data).toMatchObject({
        id,
        name: 'Sought',
      });
    for (const body of [{ name: 'none' }, { id: UNKNOWN }, { id: 'x' }, { alias_id: UNKNOWN }])
      expect((await world.root.write('identity/lookup/group', body)).status).toBe(204);
  });

  it('terraform looks for the alias before it makes one', async () => {
    await addUser(world, 'tf-user');
    const query = { alias_name: 'tf-user', alias_mount_accessor: world.accessor };
    expect((await lookup(query)).status).toBe(204);
    const canonical_id = await entity('tf-entity');
    await world.root.send('PUT', 'identity/entity-alias', {
      body: { name: 'tf-user', mount_accessor: world.accessor, canonical_id },
    });
    expect((await lookup(query)).body.data.id).toBe(canonical_id);
    const login = await world.anonymous.write('auth/userpass/login/tf-user', { password: PASSWORD });
    expect(login.body.auth.entity_id).toBe(canonical_id);
  });
});
