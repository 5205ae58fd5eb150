import { beforeAll, describe, expect, it } from 'vitest';
import { type AdminClient, DEVICE } from './admin-client.js';
import { FORBIDDEN, NOT_FOUND } from './error-bodies.js';
import { OTP_PROVIDER, withServer } from './scene.js';

const server = withServer();
const VIEW = [{ type: 'View', target: 'LocalUser', scope: { all: true } }];
const MINE = '/sallyport/me/sessions';
const OF_JANE = '/sallyport/users/CN=jane,OU=local/sessions';
let jane: AdminClient;

beforeAll(async () => {
  jane = await server.userWith('jane', VIEW);
});

const session = (fields: object = {}) => ({
  accessor: expect.stringMatching(/^[A-Za-z0-9]{24}$/),
  dialect: 'admin',
  deviceId: DEVICE,
  clientAddress: '127.0.0.1',
  issued: expect.any(String),
  lastUsed: expect.any(String),
  expires: expect.any(String),
  factors: [],
  assuranceLevel: 1,
  ...fields,
});

describe('/sallyport/me/sessions', () => {
  it('lists the newest first and says which one this is', async () => {
    server.advance(10);
    const other = await server.final('jane');
    const { status, body } = await other.get(MINE);
    expect(status).toBe(200);
    expect(body).toEqual({
      data: [session({ current: true }), session({ current: false })],
      range: '0-2/2',
      orderBy: 'issued',
      descending: true,
      queries: [],
      totalCount: 2,
      filterBy: [],
    });
  });

  it('pages, orders and filters', async () => {
    const { body } = await jane.get(`${MINE}?range=0-0&orderBy=issued&descending=false`);
    expect([body.data.length, body.data[0].current, body.range]).toEqual([1, true, '0-0/2']);
    const [{ accessor }] = body.data;
    expect((await jane.get(`${MINE}?accessor=${accessor}`)).body.data).toHaveLength(1);
    expect((await jane.get(`${MINE}?query=192.0.2`)).body.data).toEqual([]);
  });

  it('shows the factors that were proven', async () => {
    await server.plantUser('proven', VIEW);
    await server.demandFactor(OTP_PROVIDER, ['CN=admin,OU=local', 'CN=jane,OU=local']);
    const { proven } = await server.enroll(await server.partial('proven'));
    const client = proven.with((await proven.get('/authorization')).body.token);
    const { body } = await client.get(MINE);
    expect(body.data).toEqual([
      session({
        current: true,
        assuranceLevel: 2,
        factors: [{ type: 'totp', methodId: OTP_PROVIDER, time: expect.any(String) }],
      }),
    ]);
    await server.demandFactor(null);
  });

  it('ends one with 204, and once', async () => {
    const [doomed] = (await jane.get(MINE)).body.data.filter(({ current }: { current: boolean }) => !current);
    const { status, text } = await jane.delete(`${MINE}/${doomed.accessor}`);
    expect([status, text]).toEqual([204, '']);
    const again = await jane.delete(`${MINE}/${doomed.accessor}`);
    expect([again.status, again.body]).toEqual([404, NOT_FOUND]);
    const unknown = await jane.delete(`${MINE}/unknown`);
    expect([unknown.status, unknown.body]).toEqual([403, FORBIDDEN]);
  });

  it('ends all others with 204', async () => {
    const other = await server.final('jane');
    const { status, text } = await jane.delete(MINE);
    expect([status, text]).toEqual([204, '']);
    expect((await other.get(MINE)).status).toBe(401);
    expect((await jane.get(MINE)).body.totalCount).toBe(1);
  });
});

describe('/sallyport/users/{userDN}/sessions', () => {
  it('lists them for administrators, whatever the case of the DN', async () => {
    const admin = await server.administrator();
    const { status, body } = await admin.get('/sallyport/users/cn=JANE,ou=Local/sessions');
    expect([status, body.data]).toEqual([200, [session()]]);
  });

  it('knows no user but those there are', async () => {
    const admin = await server.administrator();
    for (const dn of ['CN=nobody,OU=local', 'CN=jane,OU=nowhere', 'jane', 'CN=jane']) {
      const { status, body } = await admin.get(`/sallyport/users/${dn}/sessions`);
      expect([dn, status, body]).toEqual([dn, 404, NOT_FOUND]);
    }
  });

  it('takes View on SessionInfo to list and Revoke on RegisteredDevice to end', async () => {
    const held = (await (await server.administrator()).get(OF_JANE)).body.data[0].accessor;
    const viewer = await server.userWith('viewer', [
      { type: 'View', target: 'SessionInfo', scope: { all: true } },
    ]);
    expect((await viewer.get(OF_JANE)).status).toBe(200);
    expect((await viewer.delete(`${OF_JANE}/${held}`)).body).toEqual(FORBIDDEN);
    const revoker = await server.userWith('revoker', [
      { type: 'View', target: 'RegisteredDevice', scope: { all: true } },
      { type: 'Revoke', target: 'RegisteredDevice', scope: { all: true } },
    ]);
    expect((await revoker.get(OF_JANE)).body).toEqual(FORBIDDEN);
    const { status, text } = await revoker.delete(`${OF_JANE}/${held}`);
    expect([status, text]).toEqual([204, '']);
    expect((await jane.get(MINE)).status).toBe(401);
  });
});
