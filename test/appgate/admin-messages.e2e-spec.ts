import { beforeAll, describe, expect, it } from 'vitest';
import { type AdminClient, DEVICE } from './admin-client.js';
import { FORBIDDEN, NOT_FOUND, notValid } from './error-bodies.js';
import { withServer } from './scene.js';

const server = withServer();
let admin: AdminClient;
let failing: { id: string; name: string };
const text = (name: string, error: string) => `The expression of the policy "${name}" failed: ${error}`;
const fail = async (name: string, expression: string) => {
  const role = (await admin.post('/administrative-roles', { name: `role of ${name}`, privileges: [] })).body;
  const policy = { name, type: 'Admin', expression, administrativeRoles: [role.id] };
  return (await admin.post('/policies', policy)).body;
};
const summaries = async () => (await admin.get('/admin-messages/summarize')).body.data;

/** Tokens of an hour ago are idle ones. */
const anHourLater = async () => {
  server.advance(3_601);
  admin = await server.administrator();
};

beforeAll(async () => {
  admin = await server.administrator();
  failing = await fail('failing', 'return nothing.at.all;');
  await admin.get('/local-users');
});

describe('/admin-messages', () => {
  it('lists what the server tells, without the list envelope', async () => {
    const { status, body } = await admin.get('/admin-messages');
    expect([status, body]).toEqual([
      200,
      {
        data: [
          {
            id: expect.any(String),
            level: 'Error',
            category: 'Configuration',
            message: text('failing', "ReferenceError: 'nothing' is not defined"),
            source: 'controller',
            created: expect.stringMatching(/Z$/),
          },
        ],
      },
    ]);
  });

  it('tells of the same failure once an hour, and counts', async () => {
    for (let call = 0; call < 3; call += 1) await admin.get('/local-users');
    expect((await summaries())[0].count).toBe(1);
    await anHourLater();
    const [summary] = await summaries();
    const { data } = (await admin.get('/admin-messages')).body;
    expect(data).toHaveLength(2);
    expect(summary).toEqual({
      level: 'Error',
      category: 'Configuration',
      message: data[0].message,
      source: 'controller',
      sources: ['controller'],
      created: data[0].created,
      count: 2,
      metadata: { id: expect.any(String), message: data[0].message, status: 'Unresolved' },
    });
  });

  it('keeps what an administrator says of a message, until it comes again', async () => {
    const [{ message, metadata }] = await summaries();
    const put = await admin.put(`/admin-messages/${metadata.id}`, { message, status: 'Resolved' });
    expect([put.status, put.body]).toEqual([
      200,
      {
        id: metadata.id,
        message,
        status: 'Resolved',
        appliedAt: expect.stringMatching(/Z$/),
        appliedBy: 'CN=admin,OU=local',
        appliedByUsername: 'admin',
        appliedByProviderName: 'local',
        appliedByDeviceId: DEVICE,
      },
    ]);
    expect((await summaries())[0].metadata).toEqual(put.body);
    await anHourLater();
    expect((await summaries())[0].metadata.status).toBe('Unresolved');
    await admin.put(`/admin-messages/${metadata.id}`, { message, status: 'Muted' });
    await anHourLater();
    expect((await summaries())[0].metadata.status).toBe('Muted');
  });

  it('refuses a wrong status, another text and an unknown id', async () => {
    const [{ message, metadata }] = await summaries();
    const put = async (id: string, body: object) => {
      const answer = await admin.put(`/admin-messages/${id}`, body);
      return [answer.status, answer.body];
    };
    expect(await put(metadata.id, {})).toEqual([
      422,
      notValid('message', 'may not be null', 'status', 'may not be null'),
    ]);
    expect(await put(metadata.id, { message, status: 'Done' })).toEqual([
      422,
      notValid('status', 'must be one of [Unresolved, Resolved, Muted]'),
    ]);
    expect(await put(metadata.id, { message: 'other', status: 'Muted' })).toEqual([
      422,
      notValid('message', 'may not be changed'),
    ]);
    expect(await put(DEVICE, { message, status: 'Muted' })).toEqual([404, NOT_FOUND]);
    expect(await put(DEVICE, {})).toEqual([404, NOT_FOUND]);
    expect(await put('x', { message, status: 'Muted' })).toEqual([404, NOT_FOUND]);
  });

  it.each([
    ['?message=a&message=b&source=controller', notValid('message', 'must be a string')],
    ['?message=a&source=controller&source=controller', notValid('source', 'must be a string')],
    ['?message=%00&source=controller', notValid('message', 'contains invalid characters')],
    ['?message=a&source=%00', notValid('source', 'contains invalid characters')],
  ])('S81 deletes nothing for a text or source that is none (%s)', async (query, problems) => {
    const before = await summaries();
    const answer = await admin.delete(`/admin-messages${query}`);
    expect([answer.status, answer.body]).toEqual([422, problems]);
    expect(await summaries()).toEqual(before);
    expect(before).toHaveLength(1);
  });

  it('deletes those of one text and source, or all', async () => {
    await fail('second', 'throw "again";');
    await admin.get('/local-users');
    const message = text('second', 'again');
    expect((await summaries()).map((entry: { message: string }) => entry.message)).toContain(message);
    const query = `?message=${encodeURIComponent(message)}&source=controller`;
    expect((await admin.delete(`/admin-messages${query}`)).status).toBe(204);
    expect((await summaries()).map((entry: { message: string }) => entry.message)).not.toContain(message);
    expect(await summaries()).toHaveLength(1);
    expect((await admin.delete('/admin-messages')).status).toBe(204);
    expect((await admin.get('/admin-messages')).body).toEqual({ data: [] });
  });

  it('asks for the privilege, and for Delete to set a status', async () => {
    const reader = await server.userWith('reader', [{ type: 'View', target: 'AdminMessage' }]);
    expect((await reader.get('/admin-messages/summarize')).status).toBe(200);
    const put = await reader.put(`/admin-messages/${failing.id}`, { message: 'x', status: 'Muted' });
    expect([put.status, put.body]).toEqual([403, FORBIDDEN]);
    expect((await reader.delete('/admin-messages')).body).toEqual(FORBIDDEN);
    const other = await server.userWith('other', [
      { type: 'View', target: 'LocalUser', scope: { all: true } },
    ]);
    expect((await other.get('/admin-messages')).body).toEqual(FORBIDDEN);
  });
});
