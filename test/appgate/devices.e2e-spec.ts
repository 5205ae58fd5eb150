import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { wireTime } from '../../apps/server/src/appgate/wire/wire-time.js';
import { type AdminClient, DEVICE } from './admin-client.js';
import { FORBIDDEN, NO_TOKEN, NOT_FOUND, notValid } from './error-bodies.js';
import { PASSWORD, withServer } from './scene.js';

const server = withServer();
const HEX = DEVICE.replaceAll('-', '');
const OTHER = '11111111-2222-4333-8444-555555555555';
const dnOf = (name: string, device = HEX) => `CN=${device},CN=${name},OU=local`;
const ALL = [{ type: 'All', target: 'All', scope: { all: true } }];

beforeAll(async () => {
  for (const name of ['ann', 'Ben', 'cyd']) await server.plantUser(name, ALL);
});

let admin: AdminClient;
beforeEach(async () => {
  server.advance(1);
  await server.rows('DELETE FROM registered_devices');
  admin = await server.administrator();
});

const from = async (username: string, deviceId: string) => {
  const answer = await server.client.post('/login', {
    providerName: 'local',
    username,
    password: PASSWORD,
    deviceId,
  });
  if (answer.status !== 200) throw new Error(answer.text);
  return server.client.with(answer.body.token);
};
const revoke = (client: AdminClient, body: object) => client.post('/on-boarded-devices/revoke-tokens', body);
const names = (answer: { body: any }) => answer.body.data.map((device: any) => device.distinguishedName);

describe('GET /on-boarded-devices', () => {
  it('shows a row for each device a token was issued to, the last seen first', async () => {
    const onBoardedAt = wireTime(server.sallyport.clock.now());
    server.advance(60);
    await from('ann', OTHER.toUpperCase());
    const { status, body } = await admin.get('/on-boarded-devices');
    expect(status).toBe(200);
    const seen = wireTime(server.sallyport.clock.now());
    expect(body).toEqual({
      data: [
        {
          distinguishedName: dnOf('ann', OTHER.replaceAll('-', '')),
          deviceId: OTHER,
          username: 'ann',
          providerName: 'local',
          device_type: 'Admin',
          onBoardedAt: seen,
          lastSeenAt: seen,
        },
        {
          distinguishedName: dnOf('admin'),
          deviceId: DEVICE,
          username: 'admin',
          providerName: 'local',
          device_type: 'Admin',
          onBoardedAt,
          lastSeenAt: onBoardedAt,
        },
      ],
      range: '0-2/2',
      orderBy: 'lastSeenAt',
      descending: true,
      queries: [],
      totalCount: 2,
      filterBy: [],
    });
  });

  it('refreshes lastSeenAt with every token, at each of the four calls, and never onBoardedAt', async () => {
    const device = async () => (await admin.get('/on-boarded-devices?query=ann')).body.data[0];
    await server.partial('ann');
    const first = await device();
    server.advance(10);
    const holder = await server.partial('ann');
    const second = await device();
    server.advance(10);
    await holder.get('/authorization');
    const third = await device();
    server.advance(10);
    await server.final('ann');
    const fourth = await device();
    expect(new Set([first, second, third, fourth].map(({ lastSeenAt }) => lastSeenAt)).size).toBe(4);
    expect(new Set([first, second, third, fourth].map(({ onBoardedAt }) => onBoardedAt)).size).toBe(1);
  });

  it('finds by a part of the DN, filters by fields and counts what the query leaves', async () => {
    await from('ann', OTHER);
    await from('Ben', OTHER);
    expect(names(await admin.get('/on-boarded-devices?query=cn%3Dben'))).toEqual([
      dnOf('Ben', OTHER.replaceAll('-', '')),
    ]);
    expect((await admin.get('/on-boarded-devices?username=ANN&range=0-0')).body).toMatchObject({
      range: '0-0/1',
      totalCount: 3,
    });
    expect(names(await admin.get('/on-boarded-devices?orderBy=username&descending=false'))).toEqual([
      dnOf('admin'),
      dnOf('ann', OTHER.replaceAll('-', '')),
      dnOf('Ben', OTHER.replaceAll('-', '')),
    ]);
    expect((await admin.get('/on-boarded-devices?orderBy=password')).status).toBe(422);
  });

  it('follows a rename of the user', async () => {
    const id = await server.plantUser('before', ALL);
    await from('before', OTHER);
    await admin.put(`/local-users/${id}`, { name: 'after', firstName: 'F', lastName: 'L' });
    expect(names(await admin.get('/on-boarded-devices?query=after'))).toEqual([
      dnOf('after', OTHER.replaceAll('-', '')),
    ]);
  });

  it('forgets devices not seen for the days that are set', async () => {
    await from('ann', OTHER);
    server.advance(89 * 86_400);
    admin = await server.administrator();
    expect((await admin.get('/on-boarded-devices')).body.totalCount).toBe(2);
    server.advance(86_401);
    admin = await server.administrator();
    expect(names(await admin.get('/on-boarded-devices'))).toEqual([dnOf('admin')]);
    expect((await admin.delete(`/on-boarded-devices/${dnOf('ann', OTHER.replaceAll('-', ''))}`)).status).toBe(
      404,
    );
    const again = await from('ann', OTHER);
    const { onBoardedAt, lastSeenAt } = (await admin.get('/on-boarded-devices?query=ann')).body.data[0];
    expect(onBoardedAt).toBe(lastSeenAt);
    expect((await again.get('/global-settings')).status).toBe(200);
  });
});

describe('DELETE /on-boarded-devices/{deviceDN}', () => {
  it('S39 removes the device and every token of it, partial ones too, and spares the others', async () => {
    const [here, there] = [await from('ann', DEVICE), await from('ann', OTHER)];
    const partial = await server.partial('ann');
    expect(
      (await admin.delete(`/on-boarded-devices/cn=${HEX.toUpperCase()}%2CCN=ANN%2COU=Local`)).status,
    ).toBe(204);
    expect((await here.get('/global-settings')).body).toEqual(NO_TOKEN);
    expect((await partial.get('/authorization')).body).toEqual(NO_TOKEN);
    expect((await there.get('/global-settings')).status).toBe(200);
    expect((await admin.delete(`/on-boarded-devices/${dnOf('ann')}`)).body).toEqual(NOT_FOUND);
  });

  it('does not let an old token live again when the device comes back', async () => {
    const old = await from('ann', OTHER);
    await admin.delete(`/on-boarded-devices/${dnOf('ann', OTHER.replaceAll('-', ''))}`);
    const fresh = await from('ann', OTHER);
    expect((await old.get('/global-settings')).status).toBe(401);
    expect((await fresh.get('/global-settings')).status).toBe(200);
  });

  it.each(['CN=ann,OU=local', 'nonsense', dnOf('nobody'), `CN=${HEX},CN=ann,OU=elsewhere`])(
    'answers 404 to %s',
    async (dn) => {
      expect((await admin.delete(`/on-boarded-devices/${encodeURIComponent(dn)}`)).body).toEqual(NOT_FOUND);
    },
  );
});

describe('POST /on-boarded-devices/revoke-tokens', () => {
  const O = OTHER.replaceAll('-', '');

  it('ends the tokens of one device and answers it, as sdpctl asks', async () => {
    const [ann, ben] = [await from('ann', OTHER), await from('Ben', OTHER)];
    const answer = await revoke(admin, {
      distinguishedNameFilter: dnOf('ann', O),
      devicesPerSecond: 7,
      delayMinutes: 5,
      revocationReason: 'lost',
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      data: [
        {
          distinguishedName: dnOf('ann', O),
          deviceId: OTHER,
          username: 'ann',
          providerName: 'local',
          device_type: 'Admin',
          onBoardedAt: expect.stringMatching(/Z$/),
          lastSeenAt: expect.stringMatching(/Z$/),
        },
      ],
      range: '0-1/1',
      orderBy: 'onBoardedAt',
      descending: true,
      queries: [],
      totalCount: 1,
      filterBy: [],
    });
    expect((await ann.get('/global-settings')).status).toBe(401);
    expect((await ben.get('/global-settings')).status).toBe(200);
    expect((await admin.get('/on-boarded-devices?query=ann')).body.data).toHaveLength(1);
    expect(names(await revoke(admin, { distinguishedNameFilter: dnOf('ann', O) }))).toEqual([]);
  });

  it.each([
    ['OU=local', [dnOf('ann', O), dnOf('Ben'), dnOf('admin')]],
    ['ou=LOCAL', [dnOf('ann', O), dnOf('Ben'), dnOf('admin')]],
    ['CN=ben,OU=local', [dnOf('Ben')]],
    [`CN=${O},CN=ann`, [dnOf('ann', O)]],
    [`CN=${HEX}`, [dnOf('Ben'), dnOf('admin')]],
    ['', [dnOf('ann', O), dnOf('Ben'), dnOf('admin')]],
    ['CN=ann', []],
    ['OU=loc', []],
    ['local', []],
    ['CN=%', []],
    ['OU=other', []],
  ])('S42 matches whole components at the start or the end: %j', async (distinguishedNameFilter, revoked) => {
    server.advance(1);
    await from('Ben', DEVICE);
    server.advance(1);
    await from('ann', OTHER);
    expect(names(await revoke(admin, { distinguishedNameFilter }))).toEqual(revoked);
  });

  it('S40 does not spare the caller, and lets a token issued afterwards live', async () => {
    const ann = await from('ann', OTHER);
    await revoke(admin, { distinguishedNameFilter: '' });
    expect((await admin.get('/global-settings')).status).toBe(401);
    expect((await ann.get('/global-settings')).status).toBe(401);
    expect((await (await from('ann', OTHER)).get('/global-settings')).status).toBe(200);
  });

  it('S40 ends everybody of one kind, an unfinished sign-in too, and writes down that all were meant', async () => {
    const final = await from('ann', OTHER);
    const partial = await server.partial('Ben');
    const everybody = (tokenType?: string) => revoke(admin, { distinguishedNameFilter: '', tokenType });
    expect(names(await everybody('AdminClaims'))).toEqual([dnOf('Ben')]);
    expect((await partial.get('/authorization')).body).toEqual(NO_TOKEN);
    expect((await final.get('/global-settings')).status).toBe(200);
    expect(names(await everybody('Claims'))).toEqual([]);
    server.advance(1);
    const { body } = await everybody('administration');
    expect(body).toMatchObject({ range: '0-2/2', totalCount: 2, orderBy: 'onBoardedAt', descending: true });
    expect((await final.get('/global-settings')).body).toEqual(NO_TOKEN);
    const rows = await server.rows(
      `SELECT detail FROM audit_events WHERE action = 'device.tokens-revoked' ORDER BY at DESC, id DESC LIMIT 1`,
    );
    expect(rows).toMatchObject([{ detail: { asked: '', devices: 'all', full: true, partial: false } }]);
  });

  it('reads the type without regard to case and ends tokens of that type only', async () => {
    const final = await from('ann', DEVICE);
    const partial = await server.partial('ann');
    const of = (tokenType: string) =>
      revoke(admin, { distinguishedNameFilter: 'CN=ann,OU=local', tokenType });
    expect(names(await of('claims'))).toEqual([]);
    expect(names(await of('Entitlement'))).toEqual([]);
    expect(names(await of('ADMINCLAIMS'))).toEqual([dnOf('ann')]);
    expect((await partial.get('/authorization')).status).toBe(401);
    expect((await final.get('/global-settings')).status).toBe(200);
    expect(names(await of('administration'))).toEqual([dnOf('ann')]);
    expect((await final.get('/global-settings')).status).toBe(401);
  });

  it('touches only the specific devices beside an empty filter', async () => {
    const [ann, ben] = [await from('ann', DEVICE), await from('Ben', DEVICE)];
    const specificDistinguishedNames = [dnOf('ANN'), dnOf('nobody')];
    expect(names(await revoke(admin, { distinguishedNameFilter: '', specificDistinguishedNames }))).toEqual([
      dnOf('ann'),
    ]);
    expect((await ann.get('/global-settings')).status).toBe(401);
    expect((await ben.get('/global-settings')).status).toBe(200);
    expect(
      names(await revoke(admin, { distinguishedNameFilter: '', specificDistinguishedNames: [] })),
    ).toEqual([]);
    expect(
      names(await revoke(admin, { distinguishedNameFilter: 'CN=ben,OU=local', specificDistinguishedNames })),
    ).toEqual([dnOf('Ben')]);
  });

  it('matches nothing at a site', async () => {
    expect(names(await revoke(admin, { distinguishedNameFilter: '', siteId: OTHER }))).toEqual([]);
  });

  it.each([
    [{}, ['distinguishedNameFilter', 'may not be null']],
    [{ distinguishedNameFilter: null }, ['distinguishedNameFilter', 'may not be null']],
    [{ distinguishedNameFilter: 5 }, ['distinguishedNameFilter', 'must be a string']],
    [
      { distinguishedNameFilter: '', tokenType: 'Access' },
      ['tokenType', 'must be one of [Claims, AdminClaims, Entitlement, Administration]'],
    ],
    [{ distinguishedNameFilter: '', tokenType: ['claims'] }, ['tokenType', 'must be a string']],
    [
      { distinguishedNameFilter: '', specificDistinguishedNames: ['CN=ann,OU=local'] },
      ['specificDistinguishedNames[0]', 'must be a distinguished name'],
    ],
    [{ distinguishedNameFilter: '', delayMinutes: 1.5 }, ['delayMinutes', 'must be a number']],
    [{ distinguishedNameFilter: '', devicesPerSecond: '7' }, ['devicesPerSecond', 'must be a number']],
    [{ distinguishedNameFilter: '', siteId: 'x' }, ['siteId', 'must be a UUID']],
  ])('S81 refuses a wrong value and ends nothing (%#)', async (body, problems) => {
    const answer = await revoke(admin, body);
    expect([answer.status, answer.body]).toEqual([422, notValid(...problems)]);
    expect((await admin.get('/global-settings')).status).toBe(200);
  });

  it('S72 writes down who revoked what, and why', async () => {
    await from('ann', OTHER);
    await revoke(admin, { distinguishedNameFilter: 'CN=ann,OU=local', revocationReason: 'stolen' });
    const [row] = await server.rows(
      `SELECT actor_name, detail FROM audit_events WHERE action = 'device.tokens-revoked' ORDER BY at DESC LIMIT 1`,
    );
    expect(row).toEqual({
      actor_name: 'admin',
      detail: { asked: 'CN=ann,OU=local', reason: 'stolen', full: true, partial: true, devices: 1 },
    });
  });
});

describe('POST /on-boarded-devices/reevaluate/{DN}', () => {
  it('names the devices that match at the end, and revokes nothing', async () => {
    const ann = await from('ann', OTHER);
    const dn = dnOf('ann', OTHER.replaceAll('-', ''));
    const answer = await admin.post(
      `/on-boarded-devices/reevaluate/${encodeURIComponent('CN=ann,OU=local')}`,
    );
    expect([answer.status, answer.body]).toEqual([200, { reevaluatedDistinguishedNames: [dn] }]);
    expect(
      (await admin.post('/on-boarded-devices/reevaluate/OU=local')).body.reevaluatedDistinguishedNames,
    ).toHaveLength(2);
    expect((await admin.post(`/on-boarded-devices/reevaluate/CN=${HEX}`)).body).toEqual({
      reevaluatedDistinguishedNames: [],
    });
    expect((await ann.get('/global-settings')).status).toBe(200);
  });
});

describe('S45 scopes are by the identity provider of the user', () => {
  it('shows, revokes and removes nothing out of reach', async () => {
    const [{ id }] = (await server.rows<{ id: string }>(
      `SELECT id FROM identity_providers WHERE name = 'local'`,
    )) as [{ id: string }];
    const scoped = (ids: string[]) =>
      ['View', 'Revoke', 'Delete', 'Reevaluate'].map((type) => ({
        type,
        target: 'RegisteredDevice',
        scope: { ids },
      }));
    const inside = await server.userWith('inside', scoped([id]));
    const outside = await server.userWith('outside', scoped([OTHER]));
    await from('ann', OTHER);

    expect((await outside.get('/on-boarded-devices')).body).toMatchObject({
      data: [],
      totalCount: 0,
      range: '0-0/0',
    });
    expect(names(await revoke(outside, { distinguishedNameFilter: '' }))).toEqual([]);
    expect((await outside.post('/on-boarded-devices/reevaluate/OU=local')).body).toEqual({
      reevaluatedDistinguishedNames: [],
    });
    expect((await outside.delete(`/on-boarded-devices/${dnOf('ann')}`)).body).toEqual(FORBIDDEN);
    expect((await outside.delete(`/on-boarded-devices/${dnOf('nobody')}`)).body).toEqual(FORBIDDEN);
    expect((await admin.get('/global-settings')).status).toBe(200);

    expect((await inside.get('/on-boarded-devices')).body.totalCount).toBe(4);
    expect(names(await revoke(inside, { distinguishedNameFilter: 'CN=ann,OU=local' }))).toHaveLength(1);
  });
});
