import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addUser, enforce, enrolledUser, logIn, startWorld, validate, type World } from './world.js';
import type { VaultAnswer } from './vault-client.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

const told = ({ status, body }: VaultAnswer) => [status, body];
const refused = (text: string, status = 400) => [status, { errors: [text] }];
const create = (fields: object = {}, path = 'create') => world.root.write(`auth/token/${path}`, fields);
const lookUp = async (token: string) =>
  (await world.anonymous.as(token).read('auth/token/lookup-self')).body.data;

/** The `auth` block of a token that is created. */
async function created(fields: object = {}, path = 'create', by = world.root): Promise<any> {
  const answer = await by.write(`auth/token/${path}`, fields);
  expect(told(answer)).toEqual([200, expect.objectContaining({ data: null })]);
  return answer.body.auth;
}

describe('create', () => {
  it('is what terraform sends before anything else', async () => {
    const answer = await create({
      display_name: 'terraform',
      ttl: '1200s',
      explicit_max_ttl: '1200s',
      renewable: false,
    });
    expect(told(answer)).toEqual([
      200,
      {
        request_id: expect.any(String),
        lease_id: '',
        renewable: false,
        lease_duration: 0,
        data: null,
        wrap_info: null,
        warnings: null,
        mount_type: 'token',
        auth: {
          client_token: expect.stringMatching(/^hvs\.[0-9A-Za-z]{43}$/),
          accessor: expect.stringMatching(/^[0-9A-Za-z]{24}$/),
          policies: ['root'],
          token_policies: ['root'],
          metadata: null,
          lease_duration: 1200,
          renewable: false,
          entity_id: '',
          token_type: 'service',
          orphan: false,
          mfa_requirement: null,
          num_uses: 0,
        },
      },
    ]);
    expect(await lookUp(answer.body.auth.client_token)).toMatchObject({
      path: 'auth/token/create',
      display_name: 'token-terraform',
      explicit_max_ttl: 1200,
      ttl: 1200,
      creation_ttl: 1200,
      orphan: false,
      renewable: false,
    });
  });

  it('is what the CLI sends, with its strings', async () => {
    const answer = await world.root.send('PUT', 'auth/token/create', {
      body: {
        policies: ['default'],
        ttl: '1h',
        explicit_max_ttl: '0s',
        period: '0s',
        display_name: '',
        num_uses: '0',
        renewable: 'true',
        type: 'service',
        no_default_policy: 'false',
        meta: { team: 'ops' },
      },
    });
    expect(answer.body.auth).toMatchObject({
      policies: ['default'],
      lease_duration: 3600,
      metadata: { team: 'ops' },
    });
    expect(await lookUp(answer.body.auth.client_token)).toMatchObject({
      meta: { team: 'ops' },
      display_name: 'token',
    });
  });

  it('of root by root never ends, and is not renewable', async () => {
    const auth = await created();
    expect(auth).toMatchObject({ policies: ['root'], lease_duration: 0, renewable: false, orphan: false });
    expect(await lookUp(auth.client_token)).toMatchObject({ expire_time: null, ttl: 0, creation_ttl: 0 });
  });

  it('gives what is set nowhere 768 h, and caps what is longer', async () => {
    expect((await created({ policies: 'default' })).lease_duration).toBe(2764800);
    const { body } = await create({ policies: 'default', ttl: '1000h' });
    expect([body.auth.lease_duration, body.warnings]).toEqual([
      2764800,
      ['TTL of "1000h0m0s" exceeded the effective max_ttl of "768h0m0s"; TTL value is capped accordingly'],
    ]);
  });

  it('adds default, unless it is not wanted', async () => {
    await world.root.write('sys/policies/acl/team', {
      policy: 'path "sys/auth" { capabilities = ["read"] }',
    });
    expect((await created({ policies: [' Team '] })).policies).toEqual(['default', 'team']);
    expect((await created({ policies: 'team', no_default_policy: true })).policies).toEqual(['team']);
  });

  it('S51 drops everything beside root, in any spelling', async () => {
    expect((await created({ policies: ['team', ' ROOT'], ttl: 60 })).policies).toEqual(['root']);
  });

  it('warns of a policy that does not exist', async () => {
    const { body } = await create({ policies: 'nowhere,root-like' });
    expect(body.warnings).toEqual(['Policy "nowhere" does not exist', 'Policy "root-like" does not exist']);
  });

  it('takes an id, if it is no weaker than a token must be', async () => {
    const id = 'a-token-of-our-own-choosing';
    expect((await created({ id, policies: 'default' })).client_token).toBe(id);
    expect((await lookUp(id)).id).toBe(id);
    expect(told(await create({ id }))).toEqual(refused('cannot create a token with a duplicate ID'));
    expect(told(await create({ id: 'short' }))).toEqual(
      refused('custom token ID must have 22 to 255 visible characters'),
    );
    expect(told(await create({ id: `hvs.${'a'.repeat(43)}` }))).toEqual(
      refused("custom token ID cannot have the 'hvs.' prefix"),
    );
    expect(told(await create({ id: 'with.a-dot.and-long-enough' }))).toEqual(
      refused("custom token ID cannot have the '.' in the value"),
    );
  });

  it('refuses batch tokens and what is negative', async () => {
    expect(told(await create({ type: 'batch' }))).toEqual(refused('batch tokens are not supported'));
    expect(told(await create({ type: 'other' }))).toEqual(refused("invalid 'type' value"));
    expect(told(await create({ ttl: '-1s' }))).toEqual(refused('ttl must be positive'));
    expect(told(await create({ explicit_max_ttl: -1 }))).toEqual(
      refused('explicit_max_ttl must be positive'),
    );
    expect(told(await create({ period: '-5m' }))).toEqual(refused('period must be positive'));
    expect(told(await create({ num_uses: -1 }))).toEqual(refused('number of uses cannot be negative'));
  });

  it('makes an orphan by no_parent or create-orphan, without anything of its parent', async () => {
    expect((await created({ no_parent: true, policies: 'default' })).orphan).toBe(true);
    const auth = await created({ policies: 'default' }, 'create-orphan');
    expect(auth).toMatchObject({ orphan: true, entity_id: '' });
    expect(await lookUp(auth.client_token)).toMatchObject({ path: 'auth/token/create-orphan', orphan: true });
  });

  it('cleans the display name', async () => {
    const { client_token } = await created({ policies: 'default', display_name: 'my app/ß!' });
    expect((await lookUp(client_token)).display_name).toBe('token-my-app--');
  });

  it('makes a periodic token, which lives as long as it is renewed', async () => {
    const { client_token } = await created({ policies: 'default', period: '24h' });
    for (let day = 0; day < 40; day += 1) {
      world.server.clock.advance(86_399);
      const { body } = await world.anonymous.as(client_token).write('auth/token/renew-self');
      expect(body.auth.lease_duration).toBe(86_400);
    }
    expect(await lookUp(client_token)).toMatchObject({ period: 86_400, ttl: 86_400 });
  });
});

describe('a use limit', () => {
  it('S41 is counted down in what the token itself sees', async () => {
    const { client_token, num_uses } = await created({ policies: 'default', num_uses: 3 });
    expect(num_uses).toBe(3);
    expect([(await lookUp(client_token)).num_uses, (await lookUp(client_token)).num_uses]).toEqual([2, 1]);
  });

  it('S41 lets three of twenty parallel requests pass', async () => {
    const { client_token } = await created({ policies: 'default', num_uses: 3 });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => world.anonymous.as(client_token).read('auth/token/lookup-self')),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
  });

  it('S41 makes no children', async () => {
    const { client_token } = await created({ num_uses: 3, ttl: 60 });
    const answer = await world.anonymous.as(client_token).write('auth/token/create');
    expect(told(answer)).toEqual(refused('restricted use token cannot generate child tokens'));
  });
});

describe('a child', () => {
  it('S43 has the factors of its parent; an orphan and a child of root have none', async () => {
    const { entityId, authenticator } = await enrolledUser(world, 'proven');
    const [method] = (await world.root.read(`identity/mfa/method/totp?list=true`)).body.data.keys;
    await enforce(world, 'for-proven', [method], [entityId]);
    await world.root.write('sys/policies/acl/maker', {
      policy: 'path "auth/token/create*" { capabilities = ["update"] }',
    });
    await world.root.write('auth/userpass/users/proven', { token_policies: 'maker' });
    const { mfa_request_id } = (await logIn(world, 'proven')).body.auth.mfa_requirement;
    const code = authenticator.codeAt(world.server.clock.now());
    const { auth } = (await validate(world, mfa_request_id, { [method]: [code] })).body;
    const maker = world.anonymous.as(auth.client_token);
    const parent = await lookUp(auth.client_token);
    const child = await created({}, 'create', maker);
    const orphan = await created({}, 'create-orphan', maker);
    expect(parent.mfa).toEqual([{ method_id: method, type: 'totp', time: expect.any(String) }]);
    expect(await lookUp(child.client_token)).toMatchObject({
      mfa: parent.mfa,
      entity_id: entityId,
      orphan: false,
    });
    expect(await lookUp(orphan.client_token)).toMatchObject({ mfa: [], entity_id: '', orphan: true });
    expect((await lookUp((await created({ ttl: 60 })).client_token)).mfa).toEqual([]);
  });

  it('S41 ends no later than its parent, and is told so', async () => {
    const parent = await created({ ttl: '1h' });
    const by = world.anonymous.as(parent.client_token);
    const { body } = await by.write('auth/token/create', { ttl: '2h' });
    expect([body.auth.lease_duration, body.warnings]).toEqual([
      3600,
      ['TTL of "2h0m0s" exceeded the effective max_ttl of "1h0m0s"; TTL value is capped accordingly'],
    ]);
    world.server.clock.advance(1800);
    const renewed = await world.anonymous
      .as(body.auth.client_token)
      .write('auth/token/renew-self', { increment: '5h' });
    expect(renewed.body.auth.lease_duration).toBe(1800);
  });

  it('S41 ends earlier where its parent is renewed for less', async () => {
    const parent = await created({ ttl: '1h', policies: 'root' });
    const child = await created({}, 'create', world.anonymous.as(parent.client_token));
    await world.root.write('auth/token/renew', { token: parent.client_token, increment: 60 });
    expect((await lookUp(child.client_token)).ttl).toBe(60);
  });

  it('S41 dies with its grandparent', async () => {
    const first = await created({ ttl: '1h' });
    const second = await created({}, 'create', world.anonymous.as(first.client_token));
    const third = await created({}, 'create', world.anonymous.as(second.client_token));
    await world.root.write('auth/token/revoke', { token: first.client_token });
    expect([await lookUp(second.client_token), await lookUp(third.client_token)]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('S39 dies with its disabled person', async () => {
    await world.root.write('sys/policies/acl/maker', {
      policy: 'path "auth/token/create*" { capabilities = ["update"] }',
    });
    await addUser(world, 'mother', { token_policies: 'maker' });
    const { auth } = (await logIn(world, 'mother')).body;
    const child = await created({}, 'create', world.anonymous.as(auth.client_token));
    await world.root.write(`identity/entity/id/${auth.entity_id}`, { disabled: true });
    const answer = await world.anonymous.as(child.client_token).read('auth/token/lookup-self');
    expect(told(answer)).toEqual(refused('permission denied', 403));
  });

  it('of an expiring root token is no root token without end', async () => {
    const parent = await created({ ttl: '1h' });
    const by = world.anonymous.as(parent.client_token);
    expect((await created({}, 'create', by)).lease_duration).toBe(3600);
    expect(told(await by.write('auth/token/create-orphan'))).toEqual(
      refused('expiring root tokens cannot create non-expiring root tokens'),
    );
  });
});
