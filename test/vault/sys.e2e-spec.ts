import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSallyport, type Sallyport } from '../support/sallyport.js';
import { VaultClient } from './vault-client.js';
import { UUID } from './world.js';

let server: Sallyport;
let root: VaultClient;
let anonymous: VaultClient;
beforeAll(async () => {
  server = await startSallyport();
  anonymous = new VaultClient(server.url);
  root = anonymous.as(server.rootToken);
});
afterAll(() => server.stop());

const told = ({ status, body }: { status: number; body: unknown }) => [status, body];
const refusal = (text: string) => [400, { errors: [text] }];

function mount(type: string, fields: object = {}) {
  return {
    type,
    description: expect.any(String),
    accessor: expect.stringMatching(new RegExp(`^auth_${type}_[0-9a-f]{8}$`)),
    uuid: UUID,
    local: false,
    seal_wrap: false,
    external_entropy_access: false,
    options: null,
    plugin_version: '',
    running_plugin_version: 'v1.19.0+builtin.vault',
    running_sha256: '',
    deprecation_status: 'supported',
    config: { default_lease_ttl: 0, max_lease_ttl: 0, force_no_cache: false, token_type: 'default-service' },
    ...fields,
  };
}

describe('sys/auth', () => {
  it('lists only token/ on a fresh install, then what is enabled', async () => {
    expect((await root.read('sys/auth')).body.data).toEqual({ 'token/': mount('token') });
    expect(told(await root.read('sys/auth/userpass'))).toEqual(refusal('No auth engine at userpass/'));
    const enabled = await root.write('sys/auth/userpass', {
      type: 'userpass',
      description: 'people',
      config: { default_lease_ttl: '', max_lease_ttl: '', force_no_cache: false, token_type: '' },
      local: false,
      seal_wrap: false,
      external_entropy_access: false,
      options: null,
      plugin_name: '',
      mount_point: 'userpass',
    });
    expect([enabled.status, enabled.text]).toEqual([204, '']);
    const read = (await root.read('sys/auth/userpass')).body;
    expect(read.data).toEqual(mount('userpass', { description: 'people' }));
    expect(read).toMatchObject({ type: 'userpass', accessor: read.data.accessor });
    expect(told(await root.write('sys/auth/userpass', { type: 'userpass' }))).toEqual(
      refusal('path is already in use at userpass/'),
    );
  });

  it('keeps the accessor and the users of userpass/ through disabling', async () => {
    const { accessor } = (await root.read('sys/auth/userpass')).body.data;
    await root.write('auth/userpass/users/stays', { password: 'plum-orbit-velvet-93' });
    for (let time = 0; time < 2; time += 1) expect((await root.remove('sys/auth/userpass')).status).toBe(204);
    expect(
      told(await anonymous.write('auth/userpass/login/stays', { password: 'plum-orbit-velvet-93' })),
    ).toEqual([403, { errors: ['permission denied'] }]);
    await root.write('sys/auth/userpass', { type: 'userpass' });
    expect((await root.read('sys/auth/userpass')).body.data.accessor).toBe(accessor);
    expect(
      (await anonymous.write('auth/userpass/login/stays', { password: 'plum-orbit-velvet-93' })).status,
    ).toBe(200);
  });

  it('takes leases and visibility', async () => {
    await root.write('sys/auth/leased', {
      type: 'userpass',
      config: { default_lease_ttl: '1h', max_lease_ttl: 7200, listing_visibility: 'unauth' },
    });
    expect((await root.read('sys/auth/leased')).body.data.config).toEqual({
      default_lease_ttl: 3600,
      max_lease_ttl: 7200,
      force_no_cache: false,
      token_type: 'default-service',
      listing_visibility: 'unauth',
    });
    await root.write('auth/leased/users/u', { password: 'plum-orbit-velvet-93' });
    const { auth } = (await anonymous.write('auth/leased/login/u', { password: 'plum-orbit-velvet-93' }))
      .body;
    expect(auth.lease_duration).toBe(3600);
    const renewed = await anonymous
      .as(auth.client_token)
      .write('auth/token/renew-self', { increment: '10h' });
    expect(renewed.body.auth.lease_duration).toBe(7200);
  });

  it.each<[string, object, string]>([
    ['x', {}, 'backend type must be specified as a string'],
    ['x', { type: 'ldap' }, 'plugin not found in the catalog: ldap'],
    ['token', { type: 'userpass' }, 'path is already in use at token/'],
    ['a/b', { type: 'userpass' }, 'mount path must be one segment of word characters, dots and dashes'],
    ['a%2Fb', { type: 'userpass' }, 'mount path must be one segment of word characters, dots and dashes'],
    ['a%20b', { type: 'userpass' }, 'mount path must be one segment of word characters, dots and dashes'],
    ['x', { type: 'userpass', config: { token_type: 'batch' } }, 'batch tokens are not supported'],
    ['x', { type: 'userpass', config: { listing_visibility: 'x' } }, 'invalid listing_visibility'],
    [
      'x',
      { type: 'userpass', config: { default_lease_ttl: 'x' } },
      'Field validation failed: error converting input for field "default_lease_ttl": expected a duration',
    ],
    [
      'x',
      { type: 'userpass', config: { default_lease_ttl: '2h', max_lease_ttl: '1h' } },
      'default_lease_ttl cannot be greater than max_lease_ttl',
    ],
  ])('refuses %s %j', async (path, body, text) => {
    expect(told(await root.write(`sys/auth/${path}`, body))).toEqual(refusal(text));
  });

  it('has no mounts below a mount', async () => {
    expect(told(await root.read('sys/auth/a/b'))).toEqual(refusal('No auth engine at a/b/'));
  });

  it('does not lose token/', async () => {
    expect(told(await root.remove('sys/auth/token'))).toEqual(
      refusal('token credential backend cannot be disabled'),
    );
  });
});

describe('server status', () => {
  it('tells health', async () => {
    const { status, body } = await anonymous.read('sys/health');
    expect([status, body]).toEqual([
      200,
      {
        initialized: true,
        sealed: false,
        standby: false,
        performance_standby: false,
        replication_performance_mode: 'disabled',
        replication_dr_mode: 'disabled',
        server_time_utc: Math.floor(server.clock.now().getTime() / 1000),
        version: '1.19.0',
        enterprise: false,
        cluster_name: 'sallyport',
        cluster_id: UUID,
        echo_duration_ms: 0,
        clock_skew_ms: 0,
        replication_primary_canary_age_ms: 0,
        sallyport_version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      },
    ]);
  });

  it('answers the code asked for, by HEAD too', async () => {
    expect((await anonymous.read('sys/health?activecode=299')).status).toBe(299);
    const head = await anonymous.send('HEAD', 'sys/health?activecode=299&standbyok=true');
    expect([head.status, head.text]).toEqual([299, '']);
    expect(told(await anonymous.read('sys/health?sealedcode=x'))).toEqual([400, { errors: [] }]);
  });

  it('tells the seal, the leader and init', async () => {
    expect((await anonymous.read('sys/seal-status')).body).toEqual({
      type: 'shamir',
      initialized: true,
      sealed: false,
      t: 1,
      n: 1,
      progress: 0,
      nonce: '',
      version: '1.19.0',
      build_date: expect.any(String),
      migration: false,
      cluster_name: 'sallyport',
      cluster_id: UUID,
      recovery_seal: false,
      storage_type: 'postgresql',
      sallyport_version: expect.any(String),
    });
    expect((await anonymous.read('sys/leader')).body).toEqual({
      ha_enabled: false,
      is_self: false,
      active_time: '0001-01-01T00:00:00Z',
      leader_address: '',
      leader_cluster_address: '',
      performance_standby: false,
    });
    expect((await anonymous.read('sys/init')).body).toEqual({ initialized: true });
    expect(told(await anonymous.write('sys/init'))).toEqual(refusal('Vault is already initialized'));
  });
});

describe('sys/mounts', () => {
  it('lists no secret engines, and makes none', async () => {
    const { status, body } = await root.read('sys/mounts');
    expect([status, body.data]).toEqual([200, {}]);
    expect((await root.write('sys/mounts/kv', { type: 'kv' })).status).toBe(404);
    expect((await anonymous.read('sys/mounts')).status).toBe(403);
  });

  it('reads one auth mount as sys/auth does, without sudo', async () => {
    await root.write('sys/auth/staff', { type: 'userpass', description: 'staff' });
    const policy =
      'path "sys/mounts/auth/+" { capabilities = ["read"] } path "sys/auth/+" { capabilities = ["read"] }';
    await root.write('sys/policies/acl/mount-reader', { policy });
    const made = await root.write('auth/token/create', { policies: ['mount-reader'] });
    const reader = anonymous.as(made.body.auth.client_token);
    for (const path of ['staff', 'token']) {
      const { data } = (await root.read(`sys/auth/${path}`)).body;
      const { status, body } = await reader.read(`sys/mounts/auth/${path}`);
      expect([path, status, body]).toEqual([path, 200, expect.objectContaining({ ...data, data })]);
      expect((await reader.read(`sys/auth/${path}`)).status).toBe(403);
    }
    for (const path of ['gone', 'a/b'])
      expect(told(await root.read(`sys/mounts/auth/${path}`))).toEqual(
        refusal(`No secret engine mount at auth/${path}/`),
      );
    expect((await root.remove('sys/mounts/auth/staff')).status).toBe(405);
    expect((await anonymous.read('sys/mounts/auth/staff')).status).toBe(403);
    await root.remove('sys/auth/staff');
  });
});

describe('metadata', () => {
  const pairs = (count: number, key = 4, value = 4) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, at) => [String(at).padEnd(key, 'k').slice(-key), 'v'.repeat(value)]),
    );
  const PLACES: [path: string, field: string, others: object][] = [
    ['identity/entity', 'metadata', { name: 'kept' }],
    ['identity/group', 'metadata', { name: 'kept' }],
    ['auth/token/create', 'meta', {}],
  ];

  it.each(PLACES)('of %s is 64 pairs at most, of 128 and 512 bytes', async (path, field, others) => {
    const write = (metadata: object) => root.write(path, { ...others, [field]: metadata });
    expect([200, 204]).toContain((await write(pairs(64, 128, 512))).status);
    for (const [metadata, text] of [
      [pairs(65), 'metadata cannot contain more than 64 key/value pairs'],
      [pairs(1, 129), 'metadata key is too long (limit: 128 bytes)'],
      [pairs(1, 4, 513), 'metadata value is too long (limit: 512 bytes)'],
    ] as const) {
      const { status, body } = await write(metadata);
      expect([status, JSON.stringify(body.errors)]).toEqual([400, expect.stringContaining(text)]);
    }
  });
});
