import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addUser, DEFAULT_METHOD, enforce, logIn, startWorld, type World } from './world.js';
import type { VaultAnswer } from './vault-client.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

const told = ({ status, body }: VaultAnswer) => [status, body];
const refused = (text: string, status = 400) => [status, { errors: [text] }];
const write = (name: string, fields: object = {}) => world.root.write(`auth/token/roles/${name}`, fields);
const read = async (name: string) => (await world.root.read(`auth/token/roles/${name}`)).body.data;
const create = (name: string, fields: object = {}) => world.root.write(`auth/token/create/${name}`, fields);
const lookUp = async (answer: VaultAnswer) =>
  (await world.root.write('auth/token/lookup', { token: answer.body.auth.client_token })).body.data;

const UNTOUCHED = {
  allowed_policies: [],
  disallowed_policies: [],
  allowed_policies_glob: [],
  disallowed_policies_glob: [],
  allowed_entity_aliases: [],
  orphan: false,
  renewable: true,
  path_suffix: '',
  token_period: 0,
  period: 0,
  token_explicit_max_ttl: 0,
  explicit_max_ttl: 0,
  token_no_default_policy: false,
  token_type: 'default-service',
};

describe('a token role', () => {
  it('is created, read, changed field by field, listed and deleted', async () => {
    expect(told(await world.root.list('auth/token/roles'))).toEqual([404, { errors: [] }]);
    expect(told(await world.root.read('auth/token/roles/ci'))).toEqual([404, { errors: [] }]);
    expect((await write('ci')).status).toBe(204);
    expect(await read('ci')).toEqual({ name: 'ci', ...UNTOUCHED });
    await write('ci', {
      allowed_policies: ' Deploy, default',
      token_period: '1h',
      token_bound_cidrs: ['127.0.0.0/8'],
      token_num_uses: '5',
      path_suffix: 'build',
    });
    await write('ci', { orphan: 'true' });
    expect(await read('CI')).toEqual({
      name: 'ci',
      ...UNTOUCHED,
      allowed_policies: ['default', 'deploy'],
      token_period: 3600,
      token_bound_cidrs: ['127.0.0.0/8'],
      token_num_uses: 5,
      path_suffix: 'build',
      orphan: true,
    });
    await write('also');
    expect((await world.root.list('auth/token/roles')).body.data.keys).toEqual(['also', 'ci']);
    expect((await world.root.remove('auth/token/roles/ci')).status).toBe(204);
    expect((await world.root.remove('auth/token/roles/ci')).status).toBe(204);
    expect((await world.root.list('auth/token/roles')).body.data.keys).toEqual(['also']);
  });

  it('answers older names where they were used, until the new name is', async () => {
    await write('old', { period: '60', explicit_max_ttl: 90, bound_cidrs: '127.0.0.1' });
    expect(await read('old')).toMatchObject({
      period: 60,
      token_period: 60,
      explicit_max_ttl: 90,
      token_explicit_max_ttl: 90,
      bound_cidrs: ['127.0.0.1'],
      token_bound_cidrs: ['127.0.0.1'],
    });
    await write('old', { token_period: 30 });
    expect(await read('old')).toMatchObject({ period: 0, token_period: 30, explicit_max_ttl: 90 });
  });

  it('takes no batch tokens and no broken values', async () => {
    for (const token_type of ['batch', 'default-batch'])
      expect(told(await write('bad', { token_type }))).toEqual(refused('batch tokens are not supported'));
    expect(told(await write('bad', { token_type: 'x' }))).toEqual(refused("invalid 'token_type' value"));
    expect(told(await write('bad', { token_period: -1 }))).toEqual(
      refused("'token_period' cannot be negative"),
    );
    expect(told(await write('bad', { path_suffix: 'a/b' }))).toEqual(
      refused('given role path suffix contains invalid characters; must match \\w[\\w-]+\\w'),
    );
    expect(told(await write('bad', { token_bound_cidrs: 'nowhere' }))).toEqual(
      refused("'token_bound_cidrs' must be addresses or CIDR ranges"),
    );
  });
});

describe('a token of a role', () => {
  it('carries its name, its path and its limits', async () => {
    await write('limited', {
      path_suffix: 'build',
      token_explicit_max_ttl: '1h',
      token_num_uses: 7,
      token_bound_cidrs: '127.0.0.0/8',
      renewable: false,
    });
    const made = await create('limited', { policies: 'default', num_uses: 9, renewable: true });
    expect(made.body.auth).toMatchObject({ num_uses: 7, lease_duration: 3600, renewable: false });
    expect(await lookUp(made)).toMatchObject({
      role: 'limited',
      path: 'auth/token/create/limited/build',
      explicit_max_ttl: 3600,
      bound_cidrs: ['127.0.0.0/8'],
    });
  });

  it('has the lesser of what the call and the role say', async () => {
    await write('lesser', { token_explicit_max_ttl: '1h', token_period: '10m' });
    const { body } = await create('lesser', { policies: 'default', explicit_max_ttl: '2h', period: '5m' });
    expect([body.auth.lease_duration, body.warnings]).toEqual([
      300,
      [
        'Explicit max TTL specified both during creation call and in role; using the lesser value of 3600 seconds',
        'Period specified both during creation call and in role; using the lesser value of 300 seconds',
      ],
    ]);
  });

  it('has all allowed policies, or those of them it asks for', async () => {
    await write('some', { allowed_policies: 'deploy,read', allowed_policies_glob: 'team-*' });
    expect((await create('some')).body.auth.policies).toEqual(['default', 'deploy', 'read']);
    expect(
      (await create('some', { policies: 'read,team-a', no_default_policy: true })).body.auth.policies,
    ).toEqual(['read', 'team-a']);
    expect(told(await create('some', { policies: 'other' }))).toEqual(
      refused(
        `token policies (["default" "other"]) must be subset of the role's allowed policies (["default" "deploy" "read"]) or glob policies (["team-*"])`,
      ),
    );
  });

  it('has no disallowed policy', async () => {
    await write('not', { disallowed_policies: 'root,default', disallowed_policies_glob: 'team-*' });
    expect(told(await create('not'))).toEqual(refused('token policy "root" is disallowed by this role'));
    expect(told(await create('not', { policies: 'team-b' }))).toEqual(
      refused('token policy "team-b" is disallowed by this role'),
    );
    expect((await create('not', { policies: 'other' })).body.auth.policies).toEqual(['other']);
  });

  it('is unknown where its role is', async () => {
    expect(told(await create('nothing'))).toEqual(refused('unknown role nothing'));
  });

  it('S34 follows its role when renewed, and is renewed no more once that is gone', async () => {
    await write('moving', { token_period: '10m', orphan: true });
    const made = await create('moving', { policies: 'default' });
    const token = made.body.auth.client_token;
    await write('moving', { token_period: '5m' });
    expect((await world.root.write('auth/token/renew', { token })).body.auth.lease_duration).toBe(300);
    await world.root.remove('auth/token/roles/moving');
    expect(told(await world.root.write('auth/token/renew', { token }))).toEqual(
      refused('1 error occurred:\n\t* original token role "moving" could not be found, not renewing\n\n'),
    );
  });
});

describe('entity_alias', () => {
  it('makes a token of a person a role names', async () => {
    await addUser(world, 'Robot');
    const { entity_id } = (await logIn(world, 'robot')).body.auth;
    await write('robots', { allowed_entity_aliases: 'robot*', allowed_policies: 'default' });
    const made = await create('robots', { entity_alias: 'ROBOT' });
    expect(made.body.auth).toMatchObject({ entity_id, orphan: false });
    expect((await lookUp(made)).mfa).toEqual([]);
    await world.root.write(`identity/entity/id/${entity_id}`, { disabled: true });
    expect(told(await create('robots', { entity_alias: 'robot' }))).toEqual(
      refused('1 error occurred:\n\t* permission denied\n\n', 403),
    );
    expect(told(await world.root.write('auth/token/lookup', { token: made.body.auth.client_token }))).toEqual(
      refused('bad token', 403),
    );
  });

  it('is refused without a role that names it, and for whom nobody knows', async () => {
    expect(told(await world.root.write('auth/token/create', { entity_alias: 'robot' }))).toEqual(
      refused("'entity_alias' is only allowed in combination with token role"),
    );
    await write('nobody', { allowed_entity_aliases: 'someone' });
    for (const entity_alias of ['someone', 'robot'])
      expect(told(await create('nobody', { entity_alias }))).toEqual(refused("invalid 'entity_alias' value"));
  });

  it('S53 is refused where the person owes a factor', async () => {
    await addUser(world, 'owing');
    const { entity_id } = (await logIn(world, 'owing')).body.auth;
    await enforce(world, 'for-owing', [DEFAULT_METHOD], [entity_id]);
    await write('owing', { allowed_entity_aliases: 'owing' });
    expect(told(await create('owing', { entity_alias: 'owing' }))).toEqual(
      refused('1 error occurred:\n\t* permission denied\n\n', 403),
    );
  });
});
