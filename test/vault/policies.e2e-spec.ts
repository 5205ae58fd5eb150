import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addUser, logIn, startWorld, UUID, type World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

const READS = 'path "sys/auth" {\n  capabilities = ["read"]\n}\n';
const DENIED = { errors: ['1 error occurred:\n\t* permission denied\n\n'] };

/** The whole body of an answer whose `data` this is. */
const enveloped = (data: object | null, warnings: string[] | null = null) => ({
  request_id: UUID,
  lease_id: '',
  renewable: false,
  lease_duration: 0,
  data,
  wrap_info: null,
  warnings,
  auth: null,
  mount_type: 'system',
});

describe('sys/policies/acl', () => {
  it('is written by the CLI with PUT, read, listed with GET ?list=true, and deleted', async () => {
    expect(
      await world.root.send('PUT', 'sys/policies/acl/readers', { body: { policy: READS } }),
    ).toMatchObject({
      status: 204,
      text: '',
    });
    expect(await world.root.read('sys/policies/acl/readers')).toMatchObject({
      status: 200,
      body: enveloped({ name: 'readers', policy: READS }),
    });
    const listed = await world.root.read('sys/policies/acl?list=true');
    expect(listed.body).toEqual(enveloped({ keys: ['default', 'readers', 'root'] }));
    expect((await world.root.list('sys/policies/acl')).body.data).toEqual(listed.body.data);
    expect((await world.root.remove('sys/policies/acl/readers')).status).toBe(204);
    expect(await world.root.read('sys/policies/acl/readers')).toMatchObject({
      status: 404,
      body: { errors: [] },
    });
    expect((await world.root.remove('sys/policies/acl/readers')).status).toBe(204);
  });

  it('takes the text in base64 and as JSON, and keeps what was meant', async () => {
    const json = '{"path":{"sys/auth":{"capabilities":["read"]}}}';
    await world.root.write('sys/policies/acl/packed', { policy: Buffer.from(READS).toString('base64') });
    await world.root.write('sys/policies/acl/json', { policy: json });
    expect((await world.root.read('sys/policies/acl/packed')).body.data.policy).toBe(READS);
    expect((await world.root.read('sys/policies/acl/json')).body.data.policy).toBe(json);
  });

  it('S51 knows a name in lower case only, and says so', async () => {
    const written = await world.root.write('sys/policies/acl/Mixed', { policy: READS });
    expect(written).toMatchObject({
      status: 200,
      body: enveloped(null, ['policy name was converted to mixed']),
    });
    expect((await world.root.read('sys/policies/acl/MIXED')).body.data.name).toBe('mixed');
  });

  it.each(['ro%E2%80%8Bot', '%EF%BD%92%EF%BD%8F%EF%BD%8F%EF%BD%94', 'root%00', 'ro%20ot'])(
    'S51 makes no policy named %s',
    async (name) => {
      expect(await world.root.write(`sys/policies/acl/${name}`, { policy: READS })).toMatchObject({
        status: 400,
      });
    },
  );

  it.each([
    [{}, "'policy' parameter not supplied or empty"],
    [{ policy: '' }, "'policy' parameter not supplied or empty"],
    [{ policy: 'path "a" {' }, "failed to parse policy: At 1:11: expected '}', found the end of the text"],
    [
      { policy: 'path "a" {\n mfa_methods = []\n}' },
      'failed to parse policy: At 2:2: path "a": invalid key "mfa_methods"',
    ],
  ])('refuses %j', async (body, text) => {
    expect(await world.root.write('sys/policies/acl/broken', body)).toMatchObject({
      status: 400,
      body: { errors: [text] },
    });
  });

  it.each(['team/admin', 'team%2Fadmin'])('takes a name in parts: %s', async (path) => {
    await world.root.write('sys/policies/acl/keeper', {
      policy:
        'path "sys/policies/acl/team/+" { capabilities = ["read", "update", "delete"] } path "sys/auth" { capabilities = ["read"] }',
    });
    const made = await world.root.write('auth/token/create', { policies: ['keeper'] });
    const keeper = world.anonymous.as(made.body.auth.client_token);
    expect((await keeper.send('PUT', `sys/policies/acl/${path}`, { body: { policy: READS } })).status).toBe(
      204,
    );
    expect((await keeper.read(`sys/policies/acl/${path}`)).body.data).toEqual({
      name: 'team/admin',
      policy: READS,
    });
    expect((await keeper.read('sys/policies/acl/team/a/b')).body).toEqual(DENIED);
    expect((await world.root.read(`sys/policy/${path}`)).body.data).toEqual({
      name: 'team/admin',
      rules: READS,
    });
    expect((await world.root.list('sys/policies/acl')).body.data.keys).toContain('team/admin');
    await addUser(world, 'teamed', { token_policies: 'team/admin' });
    const { client_token, policies } = (await logIn(world, 'teamed')).body.auth;
    expect(policies).toEqual(['default', 'team/admin']);
    expect((await world.anonymous.as(client_token).read('sys/auth')).status).toBe(200);
    expect((await keeper.remove(`sys/policies/acl/${path}`)).status).toBe(204);
    expect((await world.root.read(`sys/policies/acl/${path}`)).status).toBe(404);
  });

  it.each(['a%2F%2Fb', '%2Fa', 'a%2F', 'root%2F'])('takes no name with an empty part: %s', async (path) => {
    const { status, body } = await world.root.write(`sys/policies/acl/${path}`, { policy: READS });
    expect([status, body]).toEqual([400, { errors: ['invalid policy name'] }]);
  });

  it('keeps root as it is, and default where it is', async () => {
    for (const name of ['root', 'ROOT', '%20root']) {
      expect((await world.root.write(`sys/policies/acl/${name}`, { policy: READS })).body.errors).toEqual([
        'cannot update "root" policy',
      ]);
      expect((await world.root.remove(`sys/policies/acl/${name}`)).body.errors).toEqual([
        'cannot delete "root" policy',
      ]);
    }
    expect((await world.root.remove('sys/policies/acl/default')).body.errors).toEqual([
      'cannot delete default policy',
    ]);
    expect((await world.root.read('sys/policies/acl/root')).body.data).toEqual({ name: 'root', policy: '' });
    const { policy } = (await world.root.read('sys/policies/acl/default')).body.data;
    expect((await world.root.write('sys/policies/acl/default', { policy })).status).toBe(204);
  });
});

describe('sys/policy', () => {
  it('is what hvac and node-vault know: keys twice, data beside the envelope, rules for policy', async () => {
    expect(
      (await world.root.send('PUT', 'sys/policy/old', { body: { name: 'old', policy: READS } })).status,
    ).toBe(204);
    const data = { name: 'old', rules: READS };
    expect((await world.root.read('sys/policy/old')).body).toEqual({ ...enveloped(data), ...data });
    for (const listed of [await world.root.read('sys/policy'), await world.root.list('sys/policy')]) {
      const { keys } = listed.body.data;
      expect(keys).toContain('old');
      expect(listed.body).toEqual({ ...enveloped({ keys, policies: keys }), keys, policies: keys });
    }
    expect((await world.root.remove('sys/policy/old')).status).toBe(204);
    expect((await world.root.read('sys/policy/old')).status).toBe(404);
  });

  it('takes rules, and says that they are the older name', async () => {
    const written = await world.root.write('sys/policy/older', { rules: READS });
    expect(written).toMatchObject({ status: 200 });
    expect(written.body.warnings).toEqual(["'rules' is deprecated, please use 'policy' instead"]);
    expect((await world.root.read('sys/policies/acl/older')).body.data.policy).toBe(READS);
  });
});

describe('sys/capabilities', () => {
  it('answers the CLI, which sends path, and hvac, which sends paths', async () => {
    await addUser(world, 'cap');
    const { client_token: token, accessor } = (await logIn(world, 'cap')).body.auth;
    const own = world.anonymous.as(token);
    const one = { capabilities: ['read'], 'auth/token/lookup-self': ['read'] };
    expect((await own.write('sys/capabilities-self', { path: 'auth/token/lookup-self' })).body).toEqual({
      ...enveloped(one),
      ...one,
    });
    const two = { 'sys/auth': ['deny'], 'auth/token/renew-self': ['update'] };
    const paths = Object.keys(two);
    expect((await own.write('sys/capabilities-self', { paths })).body.data).toEqual(two);
    expect((await world.root.write('sys/capabilities', { token, paths })).body.data).toEqual(two);
    expect((await world.root.write('sys/capabilities-accessor', { accessor, paths })).body.data).toEqual(two);
    expect((await world.root.write('sys/capabilities-self', { paths: ['x'] })).body.data).toEqual({
      capabilities: ['root'],
      x: ['root'],
    });
  });

  it.each([
    ['capabilities-self', {}, 'paths must be supplied'],
    ['capabilities', { token: 'hvs.nobody', paths: ['a'] }, 'invalid token'],
    ['capabilities', { paths: ['a'] }, 'missing token'],
    ['capabilities-accessor', { accessor: 'x', paths: ['a'] }, '1 error occurred:\n\t* invalid accessor\n\n'],
    ['capabilities-accessor', { paths: ['a'] }, '1 error occurred:\n\t* missing accessor\n\n'],
    [
      'capabilities-self',
      { paths: Array.from({ length: 201 }, (_, at) => `p${at}`) },
      'too many paths: at most 200 at once',
    ],
  ])('refuses %s with %j', async (path, body, text) => {
    expect(await world.root.write(`sys/${path}`, body)).toMatchObject({
      status: 400,
      body: { errors: [text] },
    });
  });

  it('computes them as for a list', async () => {
    const policy = 'path "a/b" { capabilities = ["list"] }\npath "a/*" { capabilities = ["read"] }';
    const ask = await holding(policy);
    const { data } = (await ask.write('sys/capabilities-self', { paths: ['a/b', 'a/b/', 'a/c/', '/a/c'] }))
      .body;
    expect(data).toEqual({ 'a/b': ['list'], 'a/b/': ['list'], 'a/c/': ['read'], '/a/c': ['read'] });
  });
});

let users = 0;

/** A user whose logins carry a policy of this text, besides default. */
async function holding(policy: string) {
  const name = `holder${++users}`;
  expect((await world.root.write(`sys/policies/acl/${name}`, { policy })).status).toBe(204);
  await addUser(world, name, { token_policies: [name] });
  return world.anonymous.as((await logIn(world, name)).body.auth.client_token);
}

describe('S48 writing policies', () => {
  const WRITER = 'path "sys/policies/acl/*" { capabilities = ["create", "update", "delete", "read"] }\n';

  it('S48 gives nobody more than the writer may do', async () => {
    const writer = await holding(`${WRITER}path "identity/entity/*" { capabilities = ["read"] }`);
    const write = (policy: string) => writer.write('sys/policies/acl/granted', { policy });
    expect((await write('path "identity/entity/name/+" { capabilities = ["read"] }')).status).toBe(204);
    expect(
      (await write('path "identity/entity/id/{{identity.entity.id}}" { capabilities = ["read"] }')).status,
    ).toBe(204);
    for (const policy of [
      'path "*" { capabilities = ["read"] }',
      'path "identity/entity/name/x" { capabilities = ["delete"] }',
      'path "sys/auth" { capabilities = ["read"] }',
      'path "identity/+/id" { capabilities = ["read"] }',
      'path "identity/{{identity.entity.name}}/id" { capabilities = ["read"] }',
    ])
      expect(await write(policy), policy).toMatchObject({ status: 403, body: DENIED });
    expect((await write('path "*" { capabilities = ["deny"] }')).status).toBe(204);
  });

  it('S48 gives the writer no more by a policy they hold', async () => {
    const writer = await holding(WRITER);
    const name = `holder${users}`;
    const wider = { policy: `${WRITER}path "*" { capabilities = ["sudo", "read"] }` };
    expect(await writer.write(`sys/policies/acl/${name}`, wider)).toMatchObject({
      status: 403,
      body: DENIED,
    });
    expect((await writer.read('sys/auth')).status).toBe(403);
  });

  it('S48 takes no deny away from over what the writer may not do', async () => {
    await world.root.write('sys/policies/acl/all-auth', {
      policy: 'path "sys/*" { capabilities = ["read"] }',
    });
    const guard = { policy: 'path "sys/auth" { capabilities = ["deny"] }' };
    await world.root.write('sys/policies/acl/guard', guard);
    const writer = await holding(WRITER);
    for (const act of [
      () => writer.remove('sys/policies/acl/guard'),
      () => writer.write('sys/policies/acl/guard', { policy: '#' }),
      () =>
        writer.write('sys/policies/acl/guard', {
          policy: 'path "sys/auth" { capabilities = ["deny"] expiration = "2040-01-01T00:00:00Z" }',
        }),
    ])
      expect(await act()).toMatchObject({ status: 403, body: DENIED });
    expect((await writer.write('sys/policies/acl/guard', guard)).status).toBe(204);
  });
});
