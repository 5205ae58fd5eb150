import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inLine } from '../support/in-line.js';
import { addUser, DEFAULT_METHOD, enrolledUser, logIn, PASSWORD, startWorld, type World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

const told = ({ status, body }: { status: number; body: unknown }) => [status, body];
const refusal = (text: string) => [400, { errors: [text] }];
const users = (name: string) => `auth/userpass/users/${name}`;
const WRONG = refusal('invalid username or password');

const EMPTY = {
  token_policies: [],
  token_ttl: 0,
  token_max_ttl: 0,
  token_explicit_max_ttl: 0,
  token_period: 0,
  token_num_uses: 0,
  token_bound_cidrs: [],
  token_no_default_policy: false,
  token_type: 'default',
};

describe('a user', () => {
  it('S04 is created, read without its password, listed in lower case, deleted', async () => {
    expect((await addUser(world, 'Alice')).status).toBe(204);
    expect((await world.root.read(users('ALICE'))).body.data).toEqual(EMPTY);
    expect((await world.root.list('auth/userpass/users')).body.data.keys).toEqual(['admin', 'alice']);
    for (let time = 0; time < 2; time += 1)
      expect((await world.root.remove(users('alice'))).status).toBe(204);
    expect((await world.root.read(users('alice'))).status).toBe(404);
    expect(told(await logIn(world, 'alice'))).toEqual(WRONG);
  });

  it('keeps what an update does not name, and answers older names where they were used', async () => {
    await addUser(world, 'fields', { token_policies: 'b,A', token_ttl: '1h', token_type: 'service' });
    await world.root.write(users('fields'), {
      max_ttl: '2h',
      token_bound_cidrs: ['127.0.0.0/8'],
      token_num_uses: '3',
    });
    expect((await world.root.read(users('fields'))).body.data).toEqual({
      ...EMPTY,
      token_policies: ['a', 'b'],
      token_ttl: 3600,
      token_max_ttl: 7200,
      token_num_uses: 3,
      token_bound_cidrs: ['127.0.0.0/8'],
      token_type: 'service',
      max_ttl: 7200,
    });
  });

  it.each<[object, string]>([
    [{}, 'missing password'],
    [{ password: '' }, 'missing password'],
    [{ password: 'short' }, 'password must be at least 8 characters'],
    [{ password: 'password123' }, 'password is too common'],
    [{ password: PASSWORD, password_hash: 'x' }, 'password_hash is not supported'],
    [
      { password: PASSWORD, token_ttl: '2h', token_max_ttl: '1h' },
      "'token_ttl' cannot be greater than 'token_max_ttl'",
    ],
    [{ password: PASSWORD, token_ttl: -1 }, "'token_ttl' cannot be negative"],
    [{ password: PASSWORD, token_num_uses: -1 }, "'token_num_uses' cannot be negative"],
    [{ password: PASSWORD, token_type: 'batch' }, 'batch tokens are not supported'],
    [{ password: PASSWORD, token_type: 'x' }, "invalid 'token_type' value"],
    ...['x', '0177.0.0.1', '2130706433', '127.1', '0x7f.1', '010.0.0.0/8', '1.2.3'].map(
      (range): [object, string] => [
        { password: PASSWORD, token_bound_cidrs: [range] },
        "'token_bound_cidrs' must be addresses or CIDR ranges",
      ],
    ),
    [{ password: PASSWORD, token_policies: 'ro\u200bot' }, 'invalid policy name'],
  ])('S03 S51 refuses %j', async (fields, text) => {
    expect(told(await world.root.write(users('refused'), fields))).toEqual(refusal(text));
    expect((await world.root.read(users('refused'))).status).toBe(404);
  });

  it.each(['a%2Fb', 'a,b', 'a%5Cb', '%20a', 'a%E2%80%8Bb', 'a%E2%80%AEb'])(
    'S80 cannot be named %s',
    async (name) => {
      expect(told(await addUser(world, name))).toEqual(refusal('invalid username'));
    },
  );

  it('cannot be the built-in one that is deleted', async () => {
    expect(told(await world.root.remove(users('admin')))).toEqual(refusal('built-in user cannot be deleted'));
  });

  it('S13 S39 loses its tokens with a new password', async () => {
    await addUser(world, 'changing');
    const token = (await logIn(world, 'changing')).body.auth.client_token;
    expect(
      (await world.root.write(`${users('changing')}/password`, { password: 'walnut-canyon-drift-71' }))
        .status,
    ).toBe(204);
    expect((await world.anonymous.as(token).read('auth/token/lookup-self')).status).toBe(403);
    expect(told(await logIn(world, 'changing'))).toEqual(WRONG);
    const anew = await world.anonymous.write('auth/userpass/login/changing', {
      password: 'walnut-canyon-drift-71',
    });
    expect(anew.status).toBe(200);
  });

  it('has policies of its own path', async () => {
    await addUser(world, 'policies');
    expect((await world.root.write(`${users('policies')}/policies`, { policies: 'x,y' })).status).toBe(204);
    expect((await logIn(world, 'policies')).body.auth.policies).toEqual(['default', 'x', 'y']);
  });

  it('that does not exist has neither password nor policies', async () => {
    const unknown = refusal('1 error occurred:\n\t* username does not exist\n\n');
    expect(told(await world.root.write(`${users('none')}/password`, { password: PASSWORD }))).toEqual(
      unknown,
    );
    expect(told(await world.root.write(`${users('none')}/policies`, { policies: 'x' }))).toEqual(unknown);
    expect((await world.root.read(users('none'))).status).toBe(404);
  });

  it('is the same person when it comes back under its name', async () => {
    const first = await enrolledUser(world, 'phoenix');
    await world.root.remove(users('phoenix'));
    expect((await world.anonymous.as(first.token).read('auth/token/lookup-self')).status).toBe(403);
    await addUser(world, 'phoenix');
    expect((await logIn(world, 'phoenix')).body.auth.entity_id).toBe(first.entityId);
    const { data } = (await world.root.read(`identity/entity/id/${first.entityId}`)).body;
    expect(data.mfa_authenticators).toMatchObject([{ method_id: DEFAULT_METHOD, state: 'bound' }]);
  });
});

describe('a login', () => {
  it('answers a token by the settings of its user', async () => {
    await addUser(world, 'settings', {
      token_policies: 'ops',
      token_ttl: 600,
      token_num_uses: 5,
      token_no_default_policy: true,
    });
    const { auth } = (await logIn(world, 'settings')).body;
    expect(auth).toMatchObject({
      policies: ['ops'],
      token_policies: ['ops'],
      lease_duration: 600,
      num_uses: 5,
      renewable: true,
    });
  });

  it('makes no root token', async () => {
    await addUser(world, 'wouldbe', { token_policies: ' ROOT ' });
    expect(told(await logIn(world, 'wouldbe'))).toEqual(refusal('auth methods cannot create root tokens'));
  });

  it('S83 is refused from an address its tokens are not bound to, after the password', async () => {
    await addUser(world, 'bound', { token_bound_cidrs: '10.0.0.0/8' });
    expect(told(await logIn(world, 'bound'))).toEqual([403, { errors: ['permission denied'] }]);
    await addUser(world, 'mapped', { token_bound_cidrs: '::ffff:127.0.0.0/104' });
    expect((await logIn(world, 'mapped')).status).toBe(200);
    expect(
      told(await world.anonymous.write('auth/userpass/login/bound', { password: 'wrong-password-2' })),
    ).toEqual(WRONG);
  });

  it('S80 takes every spelling of a name for one user with one alias', async () => {
    await addUser(world, 'spelled');
    const ids = [];
    for (const name of ['spelled', 'SPELLED', 'Spelled'])
      ids.push((await logIn(world, name)).body.auth.entity_id);
    expect(new Set(ids).size).toBe(1);
    expect((await world.root.read(`identity/entity/id/${ids[0]}`)).body.data.aliases).toHaveLength(1);
  });

  it('needs a password', async () => {
    expect(told(await world.anonymous.write('auth/userpass/login/x'))).toEqual(refusal('missing password'));
  });

  it('tolerates what else clients send', async () => {
    await addUser(world, 'terraform');
    const answer = await world.anonymous.write('auth/userpass/login/terraform', {
      username: 'terraform',
      password: PASSWORD,
    });
    expect(answer.status).toBe(200);
  });

  it.each<[string, (entityId: string) => Promise<{ status: number }>]>([
    [
      'its password changes',
      () => world.root.write(`${users('racing')}/password`, { password: `${PASSWORD}4` }),
    ],
    ['its entity is deleted', (entityId) => world.root.remove(`identity/entity/id/${entityId}`)],
    ['it is deleted', () => world.root.remove(users('racing'))],
  ])('S37 has given a wrong password where %s meanwhile', async (_, end) => {
    await addUser(world, 'racing');
    const entityId = (await logIn(world, 'racing')).body.auth.entity_id as string;
    const hold = "SELECT 1 FROM local_users WHERE name = 'racing' FOR UPDATE";
    const [ended, late] = await inLine(world.server, hold, [
      () => end(entityId),
      () => logIn(world, 'racing'),
    ]);
    expect([ended.status, ...told(late)]).toEqual([204, ...WRONG]);
    await world.root.remove(users('racing'));
  });

  it('S07 waits after five failures: the right password too, and a name nobody has alike', async () => {
    await addUser(world, 'guessed');
    for (const name of ['guessed', 'nobody-at-all']) {
      const wrong = { password: 'wrong-password-3' };
      for (let attempt = 0; attempt < 5; attempt += 1)
        expect(told(await world.anonymous.write(`auth/userpass/login/${name}`, wrong))).toEqual(WRONG);
      expect(told(await logIn(world, name))).toEqual([403, { errors: ['permission denied'] }]);
    }
    world.server.clock.advance(30);
    expect((await logIn(world, 'guessed')).status).toBe(200);
  });

  it('S11 counts no try that was refused before the password was looked at', async () => {
    await addUser(world, 'uncounted');
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await world.anonymous.write('auth/userpass/login/uncounted', {});
      await world.anonymous.write('auth/userpass/login/uncounted', '{');
    }
    expect((await logIn(world, 'uncounted')).status).toBe(200);
  });
});

describe('a further mount', () => {
  it('has users of its own', async () => {
    await world.root.write('sys/auth/team', { type: 'userpass' });
    await addUser(world, 'twice');
    await addUser(world, 'twice', {}, 'team');
    const here = (await logIn(world, 'twice')).body.auth;
    const there = (await logIn(world, 'twice', [], 'team')).body.auth;
    expect(there.entity_id).not.toBe(here.entity_id);
    const self = await world.anonymous.as(there.client_token).read('auth/token/lookup-self');
    expect(self.body.data).toMatchObject({ path: 'auth/team/login/twice', display_name: 'team-twice' });
    expect((await world.root.list('auth/team/users')).body.data.keys).toEqual(['twice']);
    await world.root.remove('sys/auth/team');
    expect((await world.anonymous.as(there.client_token).read('auth/token/lookup-self')).status).toBe(403);
    await world.root.write('sys/auth/team', { type: 'userpass' });
    expect((await world.root.list('auth/team/users')).status).toBe(404);
    expect((await logIn(world, 'twice')).status).toBe(200);
  });

  it.each([
    ['users/new', 'write'],
    ['users/old', 'write'],
    ['users/old/password', 'write'],
    ['users/old', 'remove'],
  ] as const)('that goes while %s is asked to %s is gone to it', async (path, verb) => {
    await world.root.write('sys/auth/leaving', { type: 'userpass' });
    await addUser(world, 'old', {}, 'leaving');
    const [{ status }, answer] = await inLine(
      world.server,
      "SELECT 1 FROM auth_mounts WHERE path = 'leaving' FOR UPDATE",
      [
        () => world.root.remove('sys/auth/leaving'),
        () => world.root[verb](`auth/leaving/${path}`, { password: PASSWORD }),
      ],
    );
    expect([status, ...told(answer)]).toEqual([
      204,
      404,
      { errors: [`no handler for route "auth/leaving/${path}". route entry not found.`] },
    ]);
  });
});
