import { beforeAll, describe, expect, it } from 'vitest';
import type { AdminClient } from './admin-client.js';
import { FORBIDDEN, NO_TOKEN } from './error-bodies.js';
import { PASSWORD, withServer } from './scene.js';

const server = withServer();
const VIEW = [{ type: 'View', target: 'LocalUser', scope: { all: true } }];
let id: string;
let jane: AdminClient;

beforeAll(async () => {
  id = await server.plantUser('jane', VIEW, { email: 'jane@example.com' });
  jane = await server.final('jane');
});

const profile = (fields: object) => ({
  id,
  userDistinguishedName: 'CN=jane,OU=local',
  username: 'jane',
  providerName: 'local',
  firstName: 'F',
  lastName: 'L',
  ...fields,
  created: expect.any(String),
  updated: expect.any(String),
});

describe('GET /sallyport/me', () => {
  it('answers the account of the caller; what is unset is left out', async () => {
    const { status, body } = await jane.get('/sallyport/me');
    expect([status, body]).toEqual([200, profile({ email: 'jane@example.com' })]);
    expect(body.created).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  });

  it('takes a final token', async () => {
    expect((await server.client.get('/sallyport/me')).body).toEqual(NO_TOKEN);
    const partial = await server.partial('jane');
    const { status, body } = await partial.get('/sallyport/me');
    expect([status, body]).toEqual([403, FORBIDDEN]);
  });

  it('takes the Accept header of every call', async () => {
    expect((await jane.speaking('application/json').get('/sallyport/me')).status).toBe(406);
  });
});

describe('PUT /sallyport/me', () => {
  it('replaces names and addresses; what is left out is taken away', async () => {
    const fields = { firstName: 'Jane', lastName: 'Doe', phone: '+1-202-555-0172' };
    const { status, body } = await jane.put('/sallyport/me', fields);
    expect([status, body]).toEqual([200, profile(fields)]);
    expect((await jane.get('/sallyport/me')).body).toEqual(body);
  });

  it('touches nothing else of the user', async () => {
    const admin = await server.administrator();
    const before = (await admin.get(`/local-users/${id}`)).body;
    const sent = {
      firstName: 'Jane',
      lastName: 'Roe',
      disabled: true,
      name: 'joan',
      tags: ['x'],
      notes: 'n',
    };
    await jane.put('/sallyport/me', { ...sent, phone: '+1-202-555-0172' });
    const after = (await admin.get(`/local-users/${id}`)).body;
    expect(after).toEqual({ ...before, lastName: 'Roe', updated: after.updated });
  });

  it('names what is missing or not acceptable', async () => {
    const { status, body } = await jane.put('/sallyport/me', { lastName: 7, email: '' });
    expect(status).toBe(422);
    expect(body).toEqual({
      id: 'unprocessable entity',
      message: 'The request is not valid.',
      errors: [
        { field: 'firstName', message: 'may not be null' },
        { field: 'lastName', message: 'must be a string' },
        { field: 'email', message: 'may not be empty' },
      ],
    });
  });

  it('forbids writing oneself into a policy that gives more', async () => {
    await server.plantRole(
      'by-name',
      [{ type: 'All', target: 'All', scope: { all: true } }],
      'return claims.user.lastName === "Root";',
    );
    const { status, body } = await jane.put('/sallyport/me', { firstName: 'Jane', lastName: 'Root' });
    expect([status, body]).toEqual([403, FORBIDDEN]);
    expect((await jane.get('/sallyport/me')).body.lastName).toBe('Roe');
  });

  it('refuses a body that is no JSON', async () => {
    expect((await jane.put('/sallyport/me', '{')).status).toBe(400);
  });
});

describe('POST /sallyport/me/step-up', () => {
  it('answers a token like /authorization does', async () => {
    const before = (await jane.get('/authorization')).body;
    const { status, body } = await jane.post('/sallyport/me/step-up', { password: PASSWORD });
    expect([status, body]).toEqual([200, { ...before, token: body.token }]);
    expect(body.token).not.toBe(before.token);
    expect((await jane.get('/sallyport/me')).body).toEqual(NO_TOKEN);
    jane = jane.with(body.token);
  });

  it('wants the password or a code', async () => {
    const { status, body } = await jane.post('/sallyport/me/step-up', {});
    expect([status, body.errors]).toEqual([422, [{ field: 'code', message: 'may not be null' }]]);
    const without = await jane.post('/sallyport/me/step-up', { code: '123456' });
    expect([without.status, without.body.errors]).toEqual([
      422,
      [{ field: 'authenticatorId', message: 'does not exist' }],
    ]);
  });
});

describe('PUT /sallyport/me/password', () => {
  it('answers 204 without a body, and the token lives', async () => {
    const next = 'another long enough passphrase';
    const { status, text } = await jane.put('/sallyport/me/password', {
      currentPassword: PASSWORD,
      newPassword: next,
    });
    expect([status, text]).toEqual([204, '']);
    expect((await jane.get('/sallyport/me')).status).toBe(200);
    expect((await server.authenticate('jane', next)).status).toBe(200);
  });

  it('names what is missing', async () => {
    const { status, body } = await jane.put('/sallyport/me/password', {});
    expect([status, body.errors]).toEqual([
      422,
      [
        { field: 'currentPassword', message: 'may not be null' },
        { field: 'newPassword', message: 'may not be null' },
      ],
    ]);
  });
});

describe('GET /sallyport/me/notices', () => {
  it('lists what happened to the account, the newest first, by the conventions of lists', async () => {
    const { status, body } = await jane.get('/sallyport/me/notices?range=0-1&filterBy[kind]=address');
    expect(status).toBe(200);
    expect(body).toEqual({
      data: [
        {
          id: expect.any(String),
          kind: 'address-changed',
          created: expect.any(String),
          detail: { by: 'jane' },
        },
      ],
      range: '0-1/1',
      orderBy: 'created',
      descending: true,
      queries: [],
      totalCount: expect.any(Number),
      filterBy: [{ name: 'kind', value: 'address' }],
    });
    const other = (await server.administrator()).get('/sallyport/me/notices?query=address');
    expect((await other).body.data).toEqual([]);
  });

  it('refuses an order it does not have', async () => {
    const { status, body } = await jane.get('/sallyport/me/notices?orderBy=detail');
    expect([status, body.errors]).toEqual([
      422,
      [{ field: 'orderBy', message: 'must be one of [created, kind]' }],
    ]);
  });
});
