import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendRaw } from '../support/raw-socket.js';
import { startSallyport, type Sallyport } from '../support/sallyport.js';
import type { VaultClient } from './vault-client.js';
import { VaultClient as Client } from './vault-client.js';
import { addUser, logIn, startWorld, type World } from './world.js';

let world: World;
let second: Sallyport;
beforeAll(async () => {
  world = await startWorld();
  second = await startSallyport({ replicaOf: world.server });
});
afterAll(async () => {
  await second.stop();
  await world.stop();
});

const DENIED = { status: 403, body: { errors: ['1 error occurred:\n\t* permission denied\n\n'] } };

let users = 0;
const lastName = () => `u${users}`;

/** A user whose logins carry policies of these texts. */
async function holding(...texts: string[]): Promise<VaultClient> {
  const name = `u${++users}`;
  const policies = texts.map((_, at) => `${name}-${at}`);
  for (const [at, policy] of texts.entries())
    expect((await world.root.write(`sys/policies/acl/${name}-${at}`, { policy })).status).toBe(204);
  await addUser(world, name, { token_policies: policies });
  return world.anonymous.as((await logIn(world, name)).body.auth.client_token);
}

const rule = (path: string, ...words: string[]) =>
  `path "${path}" { capabilities = ${JSON.stringify(words)} }\n`;

describe('the winning rule', () => {
  it('is asked before path and mount are looked up', async () => {
    const nobody = await holding('#');
    for (const path of ['nowhere/x', 'sys/nothing', 'auth/none/users/x'])
      expect(await nobody.read(path)).toMatchObject(DENIED);
    const reader = await holding(rule('*', 'read'));
    expect(await reader.read('nowhere/x')).toMatchObject({
      status: 404,
      body: { errors: ['no handler for route "nowhere/x". route entry not found.'] },
    });
    expect(await reader.remove('nowhere/x')).toMatchObject(DENIED);
  });

  it('alone counts: lower ones add nothing, and a deny of the same pattern leaves nothing', async () => {
    const narrow = await holding(rule('sys/*', 'read', 'list') + rule('sys/policies/acl/*', 'list'));
    expect((await narrow.read('sys/policies/acl/default')).status).toBe(403);
    const denied = await holding(rule('sys/policies/acl/*', 'read'), rule('sys/policies/acl/*', 'deny'));
    expect((await denied.read('sys/policies/acl/default')).status).toBe(403);
    const both = await holding(rule('sys/policies/acl/*', 'read'), rule('sys/policies/acl/*', 'list'));
    expect((await both.read('sys/policies/acl/default')).status).toBe(200);
    expect((await both.list('sys/policies/acl')).status).toBe(200);
  });

  it('S44 judges the very path that is routed, whatever a `#` is followed by', async () => {
    const reader = await holding(
      rule('sys/policies/acl/*', 'read') + rule('sys/policies/acl/default', 'deny'),
    );
    const read = async (target: string) => {
      const head = `GET ${target} HTTP/1.1\r\nHost: x\r\nX-Vault-Token: ${reader.token}\r\nConnection: close\r\n\r\n`;
      return (await sendRaw(world.server.url, head)).statuses;
    };
    const secret = '/v1/sys/policies/acl/default';
    for (const target of [
      secret,
      `${secret}#`,
      `${secret}#/x`,
      `${secret}/#x?list=true`,
      `http://x${secret}#y`,
    ])
      expect([target, await read(target)]).toEqual([target, [403]]);
    expect(await read(`/v1/sys/policies/acl/${lastName()}-0#`)).toEqual([200]);
  });

  it('of a list is tried with the slash and without it', async () => {
    for (const path of [
      'sys/policies/acl/',
      'sys/policies/acl',
      'sys/policies/+',
      'sys/policies/acl*',
      'sys/+/acl',
    ])
      expect((await (await holding(rule(path, 'list'))).list('sys/policies/acl')).status, path).toBe(200);
    const barred = await holding(rule('sys/policies/acl/', 'deny') + rule('sys/policies/acl', 'list'));
    expect((await barred.list('sys/policies/acl')).status).toBe(403);
  });

  it('needs sudo on what is root-protected', async () => {
    const without = await holding(rule('sys/auth/*', 'read', 'update', 'delete'));
    expect(await without.read('sys/auth/userpass')).toMatchObject(DENIED);
    const withSudo = await holding(rule('sys/auth/*', 'read', 'sudo'));
    expect((await withSudo.read('sys/auth/userpass')).status).toBe(200);
  });

  it('is void after its expiration', async () => {
    const at = new Date(world.server.clock.now().getTime() + 60_000).toISOString();
    const reader = await holding(`path "sys/auth" { capabilities = ["read"] expiration = "${at}" }`);
    expect((await reader.read('sys/auth')).status).toBe(200);
    world.server.clock.advance(61);
    expect(await reader.read('sys/auth')).toMatchObject(DENIED);
  });

  it('that asks for a wrapped answer lets nobody through, for there are none', async () => {
    const reader = await holding('path "sys/auth" { capabilities = ["read"] min_wrapping_ttl = "10s" }');
    expect(await reader.read('sys/auth')).toMatchObject(DENIED);
  });
});

describe('create and update', () => {
  it('are two rights where the object may be missing', async () => {
    const path = 'auth/userpass/users/+';
    const [maker, changer] = [await holding(rule(path, 'create')), await holding(rule(path, 'update'))];
    const user = { password: 'plum-orbit-velvet-94' };
    expect(await changer.write('auth/userpass/users/fresh', user)).toMatchObject(DENIED);
    expect((await maker.write('auth/userpass/users/fresh', user)).status).toBe(204);
    expect(await maker.write('auth/userpass/users/Fresh', { token_ttl: 60 })).toMatchObject(DENIED);
    expect(await changer.write('auth/userpass/users/missing', user)).toMatchObject(DENIED);
    const roles = await holding(rule('auth/token/roles/+', 'create'));
    expect((await roles.write('auth/token/roles/fresh', {})).status).toBe(204);
    expect(await roles.write('auth/token/roles/FRESH', {})).toMatchObject(DENIED);
  });
});

describe('create alone', () => {
  it('overwrites nothing somebody else makes at the same time', async () => {
    const maker = await holding(
      rule('auth/userpass/users/+', 'create') + rule('auth/token/roles/+', 'create'),
    );
    const passwords = Array.from({ length: 8 }, (_, index) => `plum-orbit-velvet-${index}`);
    for (const round of ['one', 'two', 'three']) {
      const answers = await Promise.all(
        passwords.map((password, index) =>
          new Client((index % 2 === 0 ? world.server : second).url, maker.token).write(
            `auth/userpass/users/raced-${round}`,
            { password },
          ),
        ),
      );
      const winners = passwords.filter((_, index) => answers[index]!.status === 204);
      expect(winners).toHaveLength(1);
      for (const answer of answers) if (answer.status !== 204) expect(answer).toMatchObject(DENIED);
      const body = { password: winners[0] };
      expect((await world.anonymous.write(`auth/userpass/login/raced-${round}`, body)).status).toBe(200);
    }
    const roles = await Promise.all(
      [1, 2, 3, 4, 5, 6].map((ttl) => maker.write('auth/token/roles/raced', { token_explicit_max_ttl: ttl })),
    );
    expect(roles.filter(({ status }) => status === 204)).toHaveLength(1);
  });
});

describe('S51', () => {
  it('S51 no spelling of a name opens what is closed under its canonical one', async () => {
    const reader = await holding(
      rule('sys/policies/acl/*', 'read') +
        rule('sys/policies/acl/default', 'deny') +
        rule('auth/userpass/users/+', 'read') +
        rule('auth/userpass/users/kept', 'list'),
    );
    await addUser(world, 'kept');
    for (const name of ['default', 'DEFAULT', 'Default', '%20default', 'default%20'])
      expect(await reader.read(`sys/policies/acl/${name}`), name).toMatchObject(DENIED);
    for (const name of ['kept', 'KEPT'])
      expect(await reader.read(`auth/userpass/users/${name}`), name).toMatchObject(DENIED);
    expect((await reader.read(`auth/userpass/users/${lastName().toUpperCase()}`)).status).toBe(200);
    const spelled = await holding(rule('auth/userpass/users/KEPT', 'read'));
    expect((await spelled.read('auth/userpass/users/KEPT')).status).toBe(200);
  });
});

describe('parameters', () => {
  const path = 'auth/userpass/users/+';
  it('are judged by the body, before anything is done', async () => {
    const writer = await holding(
      `path "${path}" { capabilities = ["create", "update"]
        required_parameters = ["password"] allowed_parameters = { password = [], token_ttl = ["60", "3*"] } }`,
    );
    const password = 'plum-orbit-velvet-95';
    const write = (body: object) => writer.write('auth/userpass/users/by-parameters', body);
    for (const body of [
      {},
      { token_ttl: 60 },
      { password, token_ttl: 61 },
      { password, token_policies: 'default' },
      { PASSWORD: password, x: 1 },
    ])
      expect(await write(body), JSON.stringify(body)).toMatchObject(DENIED);
    expect((await world.root.read('auth/userpass/users/by-parameters')).status).toBe(404);
    expect((await write({ password, token_ttl: 60 })).status).toBe(204);
    expect((await write({ password, token_ttl: '300' })).status).toBe(204);
  });

  it('may be denied by value, in an array and in a text with commas too', async () => {
    const writer = await holding(
      `path "auth/token/create" { capabilities = ["update"] denied_parameters = { policies = ["default"], meta = [] } }`,
    );
    for (const body of [
      { policies: ['default'] },
      { policies: 'x, default' },
      { meta: { a: 'b' } },
      { policies: 'default' },
    ])
      expect(await writer.write('auth/token/create', body), JSON.stringify(body)).toMatchObject(DENIED);
    expect((await writer.write('auth/token/create', { ttl: 60 })).status).toBe(200);
  });

  it('of a read are its query', async () => {
    const reader = await holding(
      'path "sys/auth" { capabilities = ["read"] denied_parameters = { "*" = [] } }',
    );
    expect((await reader.read('sys/auth')).status).toBe(200);
    expect(await reader.read('sys/auth?x=1')).toMatchObject(DENIED);
  });
});

describe('templates', () => {
  it('open to everybody their own, and nothing that is not to be resolved', async () => {
    const reader = await holding(
      rule('identity/entity/id/{{identity.entity.id}}', 'read') +
        rule('identity/entity/name/{{identity.entity.metadata.none}}', 'read'),
    );
    const { entity_id: id } = (await reader.read('auth/token/lookup-self')).body.data;
    const { name } = (await reader.read(`identity/entity/id/${id}`)).body.data;
    expect((await reader.read(`identity/entity/name/${name}`)).status).toBe(200); // by default
    const other = await holding('#');
    expect(await other.read(`identity/entity/id/${id}`)).toMatchObject(DENIED);
    expect(await other.read(`identity/entity/name/${name}`)).toMatchObject(DENIED);
  });

  it('of a name that holds a wildcard or a slash open nothing', async () => {
    const reader = await holding(rule('identity/entity/name/{{identity.entity.name}}', 'read'));
    const { entity_id: id } = (await reader.read('auth/token/lookup-self')).body.data;
    for (const name of ['a*', 'a+b', 'a/b']) {
      expect((await world.root.write(`identity/entity/id/${id}`, { name })).status, name).toBe(204);
      expect((await reader.read(`identity/entity/name/${encodeURIComponent(name)}`)).status, name).toBe(403);
    }
  });
});

describe('effective policies', () => {
  it('are the token’s, the entity’s and those of groups and the groups above, as of the request', async () => {
    await world.root.write('sys/policies/acl/of-auth', { policy: rule('sys/auth', 'read') });
    const reader = await holding('#');
    const { entity_id: id } = (await reader.read('auth/token/lookup-self')).body.data;
    expect(await reader.read('sys/auth')).toMatchObject(DENIED);
    await world.root.write(`identity/entity/id/${id}`, { policies: ['of-auth'] });
    expect((await reader.read('sys/auth')).status).toBe(200);
    await world.root.write(`identity/entity/id/${id}`, { policies: [] });
    expect(await reader.read('sys/auth')).toMatchObject(DENIED);
    const child = (await world.root.write('identity/group', { name: `child-${id}`, member_entity_ids: [id] }))
      .body.data;
    await world.root.write('identity/group', {
      name: `parent-${id}`,
      policies: ['of-auth'],
      member_group_ids: [child.id],
    });
    expect((await reader.read('sys/auth')).status).toBe(200);
  });

  it('S51 "root" and its spellings are in nobody’s hands but a root token’s', async () => {
    for (const name of [' root', 'ROOT', 'root']) {
      await addUser(world, 'aspirant', { token_policies: [name] });
      const { auth } = (await logIn(world, 'aspirant')).body;
      if (auth) expect(await world.anonymous.as(auth.client_token).read('sys/auth')).toMatchObject(DENIED);
    }
  });
});

describe('S47', () => {
  it('S47 a policy written on one replica decides the next request on the other', async () => {
    const reader = await holding(rule('sys/auth', 'read'));
    const policy = `sys/policies/acl/${lastName()}-0`;
    const there = new Client(second.url, reader.token);
    for (let round = 0; round < 20; round += 1) {
      expect((await there.read('sys/auth')).status).toBe(200);
      await world.root.write(policy, { policy: '#' });
      const refused = await Promise.all(Array.from({ length: 10 }, () => there.read('sys/auth')));
      expect(refused.map(({ status }) => status)).toEqual(Array(10).fill(403));
      await world.root.write(policy, { policy: rule('sys/auth', 'read') });
    }
    expect((await there.read('sys/auth')).status).toBe(200);
    await world.root.remove(policy);
    expect(await there.read('sys/auth')).toMatchObject(DENIED);
  });
});
