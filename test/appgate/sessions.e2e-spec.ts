import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { wireTime } from '../../apps/server/src/appgate/wire/wire-time.js';
import { type AdminClient, DEVICE } from './admin-client.js';
import { FORBIDDEN, NO_TOKEN, NOT_FOUND } from './error-bodies.js';
import { PASSWORD, withServer } from './scene.js';

const server = withServer();
const ALL = [{ type: 'All', target: 'All', scope: { all: true } }];
const OTHER = '11111111-2222-4333-8444-555555555555';
const dnOf = (name: string, device = DEVICE) => `CN=${device.replaceAll('-', '')},CN=${name},OU=local`;
let admin: AdminClient;

beforeAll(() => server.plantUser('Ann', ALL, { tags: ['x'] }));
beforeEach(async () => {
  server.advance(1);
  await server.rows('DELETE FROM registered_devices');
  await server.rows('DELETE FROM sign_ins');
  admin = await server.administrator();
});
const from = async (deviceId: string) => {
  const { body } = await server.client.post('/login', {
    providerName: 'local',
    username: 'Ann',
    password: PASSWORD,
    deviceId,
  });
  return server.client.with(body.token);
};
const device = (name: string, deviceId = DEVICE) => ({
  distinguishedName: dnOf(name, deviceId),
  deviceId,
  username: name,
  providerName: 'local',
});

describe('/stats/active-sessions', () => {
  it('lists a device once for any number of live final tokens, and no partial one', async () => {
    await from(OTHER);
    await from(OTHER);
    await server.partial('Ann');
    const { status, body } = await admin.get('/stats/active-sessions/dn');
    expect(status).toBe(200);
    expect(body).toEqual({
      data: [
        { ...device('admin'), gateways: ['controller'] },
        { ...device('Ann', OTHER), gateways: ['controller'] },
      ],
      range: '0-2/2',
      orderBy: 'username',
      descending: false,
      queries: [],
      totalCount: 2,
      filterBy: [],
    });
    expect((await admin.get('/stats/active-sessions/dashboard')).body).toEqual({
      totalCount: 2,
      geoIpData: [],
      versions: {},
    });
  });

  it('S42 leaves out what a token check would refuse: idle, logged out, disabled, expired', async () => {
    const ann = await from(OTHER);
    const count = async () => (await admin.get('/stats/active-sessions/dashboard')).body.totalCount;
    expect(await count()).toBe(2);
    await ann.post('/authentication/logout');
    expect(await count()).toBe(1);
    await from(OTHER);
    server.advance(3_500);
    expect((await admin.get('/global-settings')).status).toBe(200);
    server.advance(200);
    expect(await count()).toBe(1);
  });

  it('S45 shows sessions by the scope of the identity provider', async () => {
    const outside = await server.userWith('outside', [
      { type: 'View', target: 'SessionInfo', scope: { ids: [OTHER] } },
    ]);
    expect((await outside.get('/stats/active-sessions/dn')).body).toMatchObject({ data: [], totalCount: 0 });
    expect((await outside.get('/stats/active-sessions/dashboard')).body.totalCount).toBe(0);
    expect((await outside.get(`/session-info/${dnOf('admin')}`)).body).toEqual(NOT_FOUND);
    expect(new Set(Object.values((await outside.get('/stats/user-logins')).body.data))).toEqual(new Set([0]));
    expect((await outside.get('/stats/on-boarded-devices')).body).toEqual(FORBIDDEN);
    expect((await outside.get('/license/users')).body).toEqual(FORBIDDEN);
  });
});

describe('/session-info', () => {
  it('answers the claims of the session, with exactly one entry of data, for a raw DN', async () => {
    await from(OTHER);
    const { status, body } = await admin.get(`/session-info/${dnOf('ANN', OTHER)}`);
    expect(status).toBe(200);
    expect(body).toEqual({
      deviceId: OTHER,
      username: 'Ann',
      providerName: 'local',
      data: {
        controller: {
          userClaims: {
            id: expect.any(String),
            username: 'Ann',
            firstName: 'F',
            lastName: 'L',
            tags: ['x'],
            ag: { identityProviderId: expect.any(String), identityProviderName: 'local' },
            agScripted: {},
          },
          deviceClaims: { deviceId: OTHER },
          systemClaims: { clientSrcIP: '127.0.0.1', connectTime: server.sallyport.clock.now().toISOString() },
          entitlementInfos: {},
          vpn: {},
          site: '',
        },
      },
    });
  });

  it.each([dnOf('Ann', OTHER), dnOf('nobody'), 'CN=Ann,OU=local', `${dnOf('Ann')}x`])(
    'answers 404 without a live final token: %s',
    async (dn) => {
      await server.partial('Ann');
      expect((await admin.get(`/session-info/${dn}`)).body).toEqual(NOT_FOUND);
    },
  );
});

describe('PUT /token-records/revoked/by-dn/{DN}', () => {
  const body = { revocationReason: 'Triggered', delayMinutes: 0, tokensPerSecond: 7 };

  it('ends the tokens of devices whose DN ends so and answers each, as AGextension asks', async () => {
    const [one, two] = [await from(OTHER), await from(OTHER)];
    const partial = await server.partial('Ann');
    const now = wireTime(server.sallyport.clock.now());
    const answer = await admin.put('/token-records/revoked/by-dn/CN=Ann,OU=local', body);
    expect(answer.status).toBe(200);
    const common = { expires: expect.stringMatching(/Z$/), issued: now, revoked: true, revocationTime: now };
    expect(answer.body).toMatchObject({ range: '0-3/3', totalCount: 3, queries: [], filterBy: [] });
    expect(answer.body.data).toEqual([
      { tokenType: 'administration', ...common, ...device('Ann', OTHER) },
      { tokenType: 'administration', ...common, ...device('Ann', OTHER) },
      { tokenType: 'adminclaims', ...common, ...device('Ann') },
    ]);
    for (const client of [one, two, partial])
      expect((await client.get('/authorization')).body).toEqual(NO_TOKEN);
    expect((await admin.get('/global-settings')).status).toBe(200);
  });

  it('takes a device DN, a type in any case, and no body', async () => {
    const ann = await from(OTHER);
    expect(
      (await admin.put(`/token-records/revoked/by-dn/${dnOf('Ann', OTHER)}?tokenType=adminclaims`)).body.data,
    ).toEqual([]);
    expect(
      (await admin.put(`/token-records/revoked/by-dn/${dnOf('Ann', OTHER)}?tokenType=other`)).body.data,
    ).toEqual([]);
    expect((await ann.get('/global-settings')).status).toBe(200);
    expect(
      (await admin.put(`/token-records/revoked/by-dn/${dnOf('Ann', OTHER)}?tokenType=ADMINISTRATION`)).body
        .data,
    ).toHaveLength(1);
    expect((await ann.get('/global-settings')).status).toBe(401);
  });

  it('matches at the end only', async () => {
    await from(OTHER);
    for (const dn of [`CN=${OTHER.replaceAll('-', '')}`, 'CN=Ann', 'nonsense'])
      expect((await admin.put(`/token-records/revoked/by-dn/${dn}`, body)).body.data).toEqual([]);
    expect((await admin.put('/token-records/revoked/by-dn/OU=local', body)).body.data).toHaveLength(2);
  });
});

describe('/license/users', () => {
  it('lists each user with a device once, with the first and the last date', async () => {
    const first = wireTime(server.sallyport.clock.now());
    await from(OTHER);
    server.advance(30);
    await from(DEVICE);
    const last = wireTime(server.sallyport.clock.now());
    const { body } = await admin.get('/license/users');
    expect(body).toMatchObject({ totalCount: 2, orderBy: 'username' });
    expect(body.data[1]).toEqual({
      userDistinguishedName: 'CN=Ann,OU=local',
      username: 'Ann',
      providerName: 'local',
      type: 'Normal',
      created: first,
      lastSeenAt: last,
    });
  });
});

describe('/fido2-devices', () => {
  it('has none, and none to remove', async () => {
    expect((await admin.get('/fido2-devices')).body).toEqual({
      data: [],
      range: '0-0/0',
      orderBy: 'username',
      descending: false,
      queries: [],
      totalCount: 0,
      filterBy: [],
    });
    expect((await admin.get('/fido2-devices?range=x')).status).toBe(422);
    expect((await admin.delete('/fido2-devices/CN=Ann,OU=local')).body).toEqual(NOT_FOUND);
  });
});
