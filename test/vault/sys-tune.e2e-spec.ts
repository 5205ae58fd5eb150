import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AdminClient } from '../appgate/admin-client.js';
import { addUser, logIn, startWorld, type World } from './world.js';

const SYSTEM = 2_764_800;
const UNTUNED = {
  description: '',
  default_lease_ttl: SYSTEM,
  max_lease_ttl: SYSTEM,
  force_no_cache: false,
  token_type: 'default-service',
};

let world: World;
beforeAll(async () => {
  world = await startWorld();
  await world.root.write('sys/auth/people', { type: 'userpass' });
});
afterAll(() => world.stop());

const told = ({ status, body }: { status: number; body: unknown }) => [status, body];
const refusal = (text: string) => [400, { errors: [text] }];
const tuned = async (path: string) => (await world.root.read(`sys/mounts/auth/${path}/tune`)).body.data;
const fresh = async (path: string) => {
  await world.root.remove(`sys/auth/${path}`);
  await world.root.write(`sys/auth/${path}`, { type: 'userpass' });
};

describe.each(['sys/auth/people/tune', 'sys/mounts/auth/people/tune'])('%s', (path) => {
  beforeAll(() => fresh('people'));

  it('answers the leases that count, and data repeated beside it', async () => {
    const { status, body } = await world.root.read(path);
    expect([status, body.data]).toEqual([200, UNTUNED]);
    expect(body).toMatchObject({ ...UNTUNED, mount_type: 'system' });
  });

  it('changes what is sent and leaves the rest', async () => {
    const written = await world.root.write(path, {
      description: 'staff',
      default_lease_ttl: '1h',
      max_lease_ttl: 7200,
      listing_visibility: 'unauth',
      token_type: 'service',
    });
    expect([written.status, written.text]).toEqual([204, '']);
    expect((await world.root.write(path, { description: 'people', default_lease_ttl: '' })).status).toBe(204);
    expect(await tuned('people')).toEqual({
      description: 'people',
      default_lease_ttl: 3600,
      max_lease_ttl: 7200,
      force_no_cache: false,
      token_type: 'service',
      listing_visibility: 'unauth',
    });
    await world.root.write(path, { default_lease_ttl: 'system', listing_visibility: '', token_type: '' });
    expect(await tuned('people')).toEqual({
      ...UNTUNED,
      description: 'people',
      default_lease_ttl: 7200,
      max_lease_ttl: 7200,
    });
  });

  it.each<[object, string]>([
    [
      { default_lease_ttl: '3h', max_lease_ttl: '2h' },
      'backend max lease TTL of 7200 would be less than backend default lease TTL of 10800',
    ],
    [
      { default_lease_ttl: 'x' },
      'Field validation failed: error converting input for field "default_lease_ttl": expected a duration',
    ],
    [
      { max_lease_ttl: -1 },
      'Field validation failed: error converting input for field "max_lease_ttl": cannot be negative',
    ],
    [{ listing_visibility: 'all' }, 'invalid listing_visibility'],
    [{ token_type: 'x' }, "invalid value for 'token_type'"],
    [{ token_type: 'batch' }, 'batch tokens are not supported'],
    [
      { user_lockout_config: { lockout_threshold: 'five' } },
      'Field validation failed: error converting input for field "lockout_threshold": expected an integer',
    ],
    [
      { user_lockout_config: { lockout_duration: '-1s' } },
      'Field validation failed: error converting input for field "lockout_duration": cannot be negative',
    ],
    [
      { user_lockout_config: 'x' },
      'Field validation failed: error converting input for field "user_lockout_config": expected a map',
    ],
  ])('S88 refuses %j and changes nothing', async (fields, text) => {
    const before = await tuned('people');
    expect(told(await world.root.write(path, { description: 'never', ...fields }))).toEqual(refusal(text));
    expect(await tuned('people')).toEqual(before);
  });
});

describe('tuning', () => {
  it('of what is not attached is refused', async () => {
    expect(told(await world.root.read('sys/auth/none/tune'))).toEqual(
      refusal('cannot fetch sysview for path "auth/none/"'),
    );
    expect(told(await world.root.write('sys/mounts/auth/none/tune', { description: 'x' }))).toEqual(
      refusal('tune of path "auth/none/" failed: no mount entry found'),
    );
  });

  it('of token/ reaches neither its token type nor a lockout', async () => {
    expect((await world.root.read('sys/auth/token/tune')).body.data).toMatchObject({
      default_lease_ttl: SYSTEM,
    });
    expect(told(await world.root.write('sys/auth/token/tune', { token_type: 'service' }))).toEqual(
      refusal("'token_type' cannot be set for 'token' or 'ns_token' auth mounts"),
    );
    expect(
      told(await world.root.write('sys/auth/token/tune', { user_lockout_config: { lockout_threshold: 3 } })),
    ).toEqual(refusal('tuning of user lockout configuration for auth type "token" not allowed'));
  });

  it('needs sudo below sys/auth only', async () => {
    const policy =
      'path "sys/auth/+/tune" { capabilities = ["read", "update"] } path "sys/mounts/auth/+/tune" { capabilities = ["read", "update"] }';
    await world.root.write('sys/policies/acl/tuner', { policy });
    await addUser(world, 'tuner', { token_policies: ['tuner'] });
    const tuner = world.anonymous.as((await logIn(world, 'tuner')).body.auth.client_token);
    const denied = [403, { errors: ['1 error occurred:\n\t* permission denied\n\n'] }];
    expect(told(await tuner.read('sys/auth/people/tune'))).toEqual(denied);
    expect(told(await tuner.write('sys/auth/people/tune', {}))).toEqual(denied);
    expect((await tuner.read('sys/mounts/auth/people/tune')).status).toBe(200);
    expect((await tuner.write('sys/mounts/auth/people/tune', { description: 'by tuner' })).status).toBe(204);
  });

  it('gives the next login its leases', async () => {
    await fresh('people');
    await addUser(world, 'leased', {}, 'people');
    const life = async () => (await logIn(world, 'leased', [], 'people')).body.auth.lease_duration;
    expect(await life()).toBe(SYSTEM);
    await world.root.write('sys/auth/people/tune', { max_lease_ttl: '2h' });
    expect(await life()).toBe(7_200);
    await world.root.write('sys/auth/people/tune', { default_lease_ttl: '30m' });
    const { auth } = (await logIn(world, 'leased', [], 'people')).body;
    expect(auth.lease_duration).toBe(1_800);
    const renewed = await world.anonymous
      .as(auth.client_token)
      .write('auth/token/renew-self', { increment: '9h' });
    expect(renewed.body.auth.lease_duration).toBe(7_200);
  });
});

describe('the lockout of a mount', () => {
  const LOCKOUT = {
    lockout_threshold: '3',
    lockout_duration: '1m',
    lockout_counter_reset_duration: '2h',
    lockout_disable: 'true',
  };
  const SHOWN = {
    user_lockout_counter_reset_duration: 7_200,
    user_lockout_threshold: 3,
    user_lockout_duration: 60,
    user_lockout_disable: true,
  };
  const miss = async (name: string, mount: string) =>
    (await world.anonymous.write(`auth/${mount}/login/${name}`, { password: 'wrong' })).status;

  it('is shown where it was tuned, nested in the mount and flat in its tuning', async () => {
    await fresh('people');
    await world.root.write('sys/mounts/auth/people/tune', { user_lockout_config: LOCKOUT });
    expect(await tuned('people')).toEqual({ ...UNTUNED, ...SHOWN });
    const { config } = (await world.root.read('sys/auth/people')).body.data;
    expect(config.user_lockout_config).toEqual(SHOWN);
    expect((await world.root.read('sys/auth')).body.data['people/'].config).toEqual(config);
    await world.root.write('sys/mounts/auth/people/tune', {
      user_lockout_duration: 'system',
      user_lockout_disable: false,
    });
    expect(await tuned('people')).toMatchObject({
      ...SHOWN,
      user_lockout_duration: 900,
      user_lockout_disable: false,
    });
    await fresh('people');
    expect(await tuned('people')).toEqual(UNTUNED);
  });

  it('may come along when the mount is enabled', async () => {
    await world.root.write('sys/auth/strict', { type: 'userpass', config: { user_lockout_config: LOCKOUT } });
    expect(await tuned('strict')).toEqual({ ...UNTUNED, ...SHOWN });
  });

  it('S07 decides when a wait begins, how long it gets and when failures are forgotten, disabled or not', async () => {
    await fresh('people');
    await addUser(world, 'unlucky', {}, 'people');
    await world.root.write('sys/auth/people/tune', { user_lockout_config: LOCKOUT });
    for (let count = 0; count < 3; count += 1) expect(await miss('unlucky', 'people')).toBe(400);
    expect(await miss('unlucky', 'people')).toBe(403);
    for (const wait of [30, 60, 60, 60]) {
      world.server.clock.advance(wait - 1);
      expect(await miss('unlucky', 'people')).toBe(403);
      world.server.clock.advance(1);
      expect(await miss('unlucky', 'people')).toBe(400);
    }
    world.server.clock.advance(7_201);
    for (let count = 0; count < 3; count += 1) expect(await miss('unlucky', 'people')).toBe(400);
    expect(await miss('unlucky', 'people')).toBe(403);
  });

  it('S10 holds for names nobody has too', async () => {
    await fresh('people');
    await world.root.write('sys/auth/people/tune', { user_lockout_threshold: 4 });
    for (let count = 0; count < 4; count += 1) expect(await miss('nobody', 'people')).toBe(400);
    expect(await miss('nobody', 'people')).toBe(403);
  });

  it('S07 of userpass/ has the threshold of the provider at /admin, and the longer of both longest waits', async () => {
    const client = new AdminClient(world.server.url);
    const { body } = await client.post('/login', {
      providerName: 'local',
      username: 'admin',
      password: world.server.adminPassword,
      deviceId: '4c07bc67-57ea-42dd-b702-c2d6c45419fc',
    });
    const admin = client.with(body.token);
    const [provider] = (await admin.get('/identity-providers?query=local')).body.data.filter(
      ({ type }: { type: string }) => type === 'LocalDatabase',
    );
    await world.root.write('sys/auth/userpass/tune', { user_lockout_config: LOCKOUT });
    const at = `/identity-providers/${provider.id}`;
    expect((await admin.get(at)).body.userLockoutThreshold).toBe(3);
    await admin.put(at, { ...provider, userLockoutThreshold: 4, userLockoutDurationMinutes: 20 });
    expect((await tuned('userpass')).user_lockout_threshold).toBe(4);
    await addUser(world, 'slow');
    // The longer wait of `/admin` is for networks known to the account.
    expect((await logIn(world, 'slow')).status).toBe(200);
    for (let count = 0; count < 4; count += 1) expect(await miss('slow', 'userpass')).toBe(400);
    for (const wait of [30, 60, 120, 240, 480, 960, 1200, 1200]) {
      world.server.clock.advance(wait - 1);
      expect(await miss('slow', 'userpass')).toBe(403);
      world.server.clock.advance(1);
      expect(await miss('slow', 'userpass')).toBe(400);
    }
    expect((await world.root.write('sys/auth/userpass/tune', { user_lockout_threshold: 5 })).status).toBe(
      204,
    );
  });
});
