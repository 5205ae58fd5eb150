import { beforeAll, describe, expect, it } from 'vitest';
import type { AdminClient } from './admin-client.js';
import { NOT_FOUND, WRONG_OTP } from './error-bodies.js';
import { OTP_PROVIDER, withServer } from './scene.js';

const server = withServer();
const VIEW = [{ type: 'View', target: 'LocalUser', scope: { all: true } }];
const MINE = '/sallyport/me/authenticators';
let jane: AdminClient;
let secret: string;
let id: string;

beforeAll(async () => {
  await server.plantUser('jane', VIEW);
  await server.demandFactor(OTP_PROVIDER, ['CN=admin,OU=local']);
  const enrolled = await server.enroll(await server.partial('jane'));
  secret = enrolled.secret;
  jane = enrolled.proven.with((await enrolled.proven.get('/authorization')).body.token);
  id = (await jane.get(MINE)).body.data[0].id;
});

const authenticator = (fields: object = {}) => ({
  id,
  name: 'default',
  type: 'totp',
  methodId: OTP_PROVIDER,
  methodName: 'default',
  verified: true,
  disabled: false,
  created: expect.any(String),
  lastUsed: expect.any(String),
  ...fields,
});

describe('/sallyport/me/authenticators', () => {
  it('lists those that are bound, and no seed', async () => {
    const { status, body, text } = await jane.get(MINE);
    expect([status, body]).toEqual([
      200,
      {
        data: [authenticator()],
        range: '0-1/1',
        orderBy: 'name',
        descending: false,
        queries: [],
        totalCount: 1,
        filterBy: [],
      },
    ]);
    expect(text).not.toContain(secret);
  });

  it('shows none that waits for its first code', async () => {
    await server.plantUser('halfway', VIEW);
    const partial = await server.partial('halfway');
    await partial.post('/authentication/otp/initialize', {});
    const admin = await server.administrator();
    expect((await admin.get('/sallyport/users/CN=halfway,OU=local/authenticators')).body.data).toEqual([]);
  });

  it('renames', async () => {
    const { status, body } = await jane.put(`${MINE}/${id}`, { name: 'my telephone' });
    expect([status, body]).toEqual([200, authenticator({ name: 'my telephone' })]);
    expect((await jane.get(`${MINE}?query=TELE`)).body.data).toEqual([body]);
  });

  it('looks for the object before it looks at the fields', async () => {
    const unknown = `${MINE}/00000000-0000-4000-8000-000000000000`;
    for (const answer of [
      await jane.put(unknown, {}),
      await jane.delete(unknown),
      await jane.post(`${unknown}/replacement`, {}),
      await jane.post(`${unknown}/replacement/confirm`, {}),
      await jane.put(`${MINE}/no-uuid`, {}),
    ])
      expect([answer.status, answer.body]).toEqual([404, NOT_FOUND]);
    const { status, body } = await jane.put(`${MINE}/${id}`, { name: '' });
    expect([status, body.errors]).toEqual([422, [{ field: 'name', message: 'may not be empty' }]]);
  });

  it('keeps the last one that is required', async () => {
    const { status, body } = await jane.delete(`${MINE}/${id}`);
    expect([status, body]).toEqual([409, { id: 'conflict', message: 'A required factor must remain.' }]);
  });

  it('is replaced by two codes, one of each', async () => {
    const wrong = await jane.post(`${MINE}/${id}/replacement`, { code: server.wrongCode(secret) });
    expect([wrong.status, wrong.body]).toEqual([401, WRONG_OTP]);
    server.advance(30);
    const begun = await jane.post(`${MINE}/${id}/replacement`, { code: server.code(secret) });
    expect([begun.status, begun.body]).toEqual([
      200,
      { otpAuthUrl: expect.stringMatching(/^otpauth:\/\/totp\//), barcode: expect.any(String) },
    ]);
    const next = new URL(begun.body.otpAuthUrl).searchParams.get('secret')!;
    server.advance(30);
    const none = await jane.post(`${MINE}/${id}/replacement/confirm`, { code: server.wrongCode(next) });
    expect([none.status, none.body]).toEqual([401, WRONG_OTP]);
    const done = await jane.post(`${MINE}/${id}/replacement/confirm`, { code: server.code(next) });
    expect([done.status, done.text]).toEqual([204, '']);
    expect((await jane.get(MINE)).body.data).toEqual([authenticator({ name: 'my telephone' })]);
    const again = await jane.post(`${MINE}/${id}/replacement/confirm`, { code: server.code(next) });
    expect([again.status, again.body]).toEqual([
      409,
      { id: 'conflict', message: 'No replacement is in progress.' },
    ]);
    secret = next;
  });

  it('is removed with 204 where nothing requires it', async () => {
    await server.demandFactor(null);
    const { status, text } = await jane.delete(`${MINE}/${id}`);
    expect([status, text]).toEqual([204, '']);
    expect((await jane.get(MINE)).body.data).toEqual([]);
    expect((await jane.delete(`${MINE}/${id}`)).status).toBe(404);
  });
});
