import { beforeAll, describe, expect, it } from 'vitest';
import { type AdminClient } from './admin-client.js';
import { CONFLICT, FORBIDDEN, NOT_FOUND, notValid, WRONG_PASSWORD } from './error-bodies.js';
import { PASSWORD, withServer } from './scene.js';

const ID = '3f2b7c1e-8d4a-4a6b-9c5d-0e1f2a3b4c5d';
const server = withServer();
let admin: AdminClient;
beforeAll(async () => {
  admin = await server.administrator();
});
const create = async (name: string, extra: object = {}) => {
  const { status, body, text } = await admin.post('/service-users', { name, password: PASSWORD, ...extra });
  if (status !== 200) throw new Error(text);
  return body;
};

describe('/service-users', () => {
  it('answers a new one whole, labels always', async () => {
    const { status, body } = await admin.post('/service-users', {
      name: 'job',
      password: PASSWORD,
      id: ID,
      labels: null,
      tags: null,
      notes: '',
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      id: ID,
      name: 'job',
      notes: '',
      tags: [],
      created: expect.stringMatching(/Z$/),
      updated: body.created,
      labels: {},
      disabled: false,
      failedLoginAttempts: 0,
    });
    expect((await admin.get(`/service-users/${ID}`)).body).toEqual(body);
  });

  it('follows sdpctl: create, list, get, update what was read, delete', async () => {
    const made = await create('sdp', {
      disabled: true,
      labels: { team: 'ops', empty: '' },
      notes: 'n',
      tags: ['a'],
    });
    expect((await admin.get('/service-users')).body.data.map(({ name }: any) => name)).toEqual([
      'job',
      'sdp',
    ]);
    const read = (await admin.get(`/service-users/${made.id}`)).body;
    expect(read).toEqual(made);
    server.advance(1);
    const { status, body } = await admin.put(`/service-users/${made.id}`, {
      ...read,
      name: 'sdp2',
      labels: { ...read.labels, more: 'x' },
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      ...made,
      name: 'sdp2',
      labels: { team: 'ops', empty: '', more: 'x' },
      updated: expect.any(String),
    });
    expect((await admin.delete(`/service-users/${made.id}`)).status).toBe(204);
    expect((await admin.get(`/service-users/${made.id}`)).body).toEqual(NOT_FOUND);
    expect((await admin.delete(`/service-users/${made.id}`)).body).toEqual(NOT_FOUND);
  });

  it('keeps labels of any name', async () => {
    const labels = { constructor: 'build', toString: 'x', 'a b': 'y' };
    const made = await create('labelled', { labels });
    expect(made.labels).toEqual(labels);
    expect((await admin.get(`/service-users/${made.id}`)).body.labels).toEqual(labels);
    const put = await admin.put(`/service-users/${made.id}`, {
      name: 'labelled',
      labels: { constructor: '' },
    });
    expect(put.body.labels).toEqual({ constructor: '' });
  });

  it('keeps failedLoginAttempts and lockStart as written', async () => {
    const made = await create('locked', { failedLoginAttempts: 30, lockStart: '2020-04-27T09:51:03Z' });
    expect(made).toMatchObject({ failedLoginAttempts: 30, lockStart: '2020-04-27T09:51:03Z' });
    const bare = await admin.put(`/service-users/${made.id}`, { name: 'locked' });
    expect(bare.body).toMatchObject({ failedLoginAttempts: 0, labels: {}, tags: [] });
    expect(bare.body).not.toHaveProperty('lockStart');
  });

  it('S04 keeps a hash, changes it on PUT with a password and only then', async () => {
    const hash = async () =>
      (
        await server.rows<{ h: string }>(`SELECT password_hash AS h FROM service_users WHERE id = $1`, [ID])
      )[0]!.h;
    const before = await hash();
    expect(before).toMatch(/^\$argon2id\$/);
    await admin.put(`/service-users/${ID}`, { name: 'job' });
    expect(await hash()).toBe(before);
    await admin.put(`/service-users/${ID}`, { name: 'job', password: 'another long passphrase' });
    expect(await hash()).not.toBe(before);
  });

  it('cannot sign in here', async () => {
    for (const providerName of ['service', 'local']) {
      const { status, body } = await server.client.post('/login', {
        ...server.credentials('job', PASSWORD),
        providerName,
      });
      expect([status, body]).toEqual([401, WRONG_PASSWORD]);
    }
  });

  it('refuses a taken name or id', async () => {
    expect((await admin.post('/service-users', { name: 'JOB', password: PASSWORD })).body).toEqual(CONFLICT);
    expect((await admin.post('/service-users', { name: 'other', password: PASSWORD, id: ID })).body).toEqual(
      CONFLICT,
    );
    const other = await create('other');
    expect((await admin.put(`/service-users/${other.id}`, { name: 'Job' })).body).toEqual(
      notValid('name', 'must be unique'),
    );
  });

  it.each([
    [{ name: 'a,b' }, ['name', 'contains invalid characters']],
    [{ name: null }, ['name', 'may not be null']],
    [{ password: null }, ['password', 'may not be null']],
    [{ password: 'short' }, ['password', 'must be at least 8 characters']],
    [{ password: 'password1' }, ['password', 'is too common']],
    [{ labels: [] }, ['labels', 'must be an object']],
    [{ labels: { a: 1 } }, ['labels.a', 'must be a string']],
    [{ labels: { 'a\u0000': 'x' } }, ['labels', 'contains invalid characters']],
    [{ disabled: 'no' }, ['disabled', 'must be a boolean']],
  ])('S81 refuses a wrong value (%#)', async (extra, problems) => {
    const { status, body } = await admin.post('/service-users', {
      name: 'refused',
      password: PASSWORD,
      ...extra,
    });
    expect([status, body]).toEqual([422, notValid(...problems)]);
  });

  it('S45 shows and changes only what is in scope, and gives default tags', async () => {
    const mine = await create('mine', { tags: ['mine'] });
    const scope = { tags: ['mine'] };
    const scoped = await server.userWith('scoped', [
      ...['View', 'Edit', 'Delete'].map((type) => ({ type, target: 'ServiceUser', scope })),
      { type: 'Create', target: 'ServiceUser', defaultTags: ['mine'] },
    ]);
    expect((await scoped.get('/service-users')).body).toMatchObject({
      data: [{ name: 'mine' }],
      totalCount: 1,
    });
    expect((await scoped.get(`/service-users/${ID}`)).body).toEqual(NOT_FOUND);
    expect((await scoped.put(`/service-users/${mine.id}`, { name: 'mine', tags: ['else'] })).body).toEqual(
      FORBIDDEN,
    );
    expect(
      (await scoped.put(`/service-users/${mine.id}`, { name: 'mine', tags: ['mine'], notes: 'x' })).status,
    ).toBe(200);
    expect((await scoped.post('/service-users', { name: 'made', password: PASSWORD })).body.tags).toEqual([
      'mine',
    ]);
  });
});
