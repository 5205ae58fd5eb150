import { beforeAll, describe, expect, it } from 'vitest';
import { type AdminClient } from './admin-client.js';
import { CONFLICT, FORBIDDEN, NOT_FOUND, notValid } from './error-bodies.js';
import { waiting } from '../support/planted-faults.js';
import { PASSWORD, withServer } from './scene.js';

const server = withServer();
const IN_USE = { id: 'conflict', message: 'The object is in use.' };
let admin: AdminClient;
beforeAll(async () => {
  admin = await server.administrator();
});
const find = async (name: string) =>
  (await admin.get(`/tags?query=${encodeURIComponent(name)}`)).body.data.find(
    (tag: any) => tag.name === name,
  );

const script = (name: string, tags: string[]) => ({
  name: `script ${name}`,
  expression: 'return true;',
  tags,
});

/** A transaction that holds a tag, and whoever wants to write it behind it, in their order. */
async function holding(name: string) {
  const holder = await server.sallyport.database.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM tags WHERE name = $1 FOR UPDATE', [name]);
  return {
    waitedFor: (by: number) => expect.poll(() => waiting(server.sallyport, 'Lock')).toBe(by),
    release: async () => {
      await holder.query('COMMIT');
      holder.release();
    },
  };
}

describe('/tags', () => {
  it('knows the tag of built-in objects from the start, with its uses', async () => {
    const tag = await find('builtin');
    expect(tag).toEqual({
      id: expect.any(String),
      name: 'builtin',
      notes: '',
      colorCode: expect.any(Number),
      colorName: expect.stringMatching(/^[A-Z]/),
      created: expect.stringMatching(/Z$/),
      updated: expect.stringMatching(/Z$/),
      taggedOccurrences: 10,
      linkedOccurrences: 0,
    });
    expect((await admin.get(`/tags/${tag.id}`)).body).toEqual({
      ...tag,
      taggedOccurrencesByEntityType: {
        administrativeRole: 1,
        identityProvider: 3,
        ipPool: 2,
        localUser: 1,
        mfaProvider: 2,
        policy: 1,
      },
      linkedOccurrencesByEntityType: {},
    });
  });

  it('shows a tag first used on an object by itself, and one first named in a privilege not', async () => {
    await server.plantUser(
      'tagged',
      [{ type: 'View', target: 'LocalUser', scope: { tags: ['fresh', 'only-linked'] } }],
      { tags: ['fresh', 'Fresh'] },
    );
    const tag = await find('fresh');
    expect(tag).toMatchObject({ name: 'fresh', taggedOccurrences: 1, linkedOccurrences: 1 });
    expect((await admin.get(`/tags/${tag.id}`)).body).toMatchObject({
      taggedOccurrencesByEntityType: { localUser: 1 },
      linkedOccurrencesByEntityType: { administrativeRolePrivilegeLink: 1 },
    });
    expect((await admin.get('/tags?query=fresh')).body.data.map(({ name }: any) => name).toSorted()).toEqual([
      'Fresh',
      'fresh',
    ]);
    expect((await admin.get('/tags?query=only-linked')).body.data).toEqual([]);
  });

  it('is made, coloured, noted and deleted by who holds Tag on All', async () => {
    const { status, body } = await admin.post('/tags', { name: 'aws', colorCode: 3, notes: 'n' });
    expect(status).toBe(200);
    expect(body).toEqual({
      id: body.id,
      name: 'aws',
      notes: 'n',
      colorCode: 3,
      colorName: 'Indigo',
      created: expect.any(String),
      updated: body.created,
      taggedOccurrences: 0,
      linkedOccurrences: 0,
      taggedOccurrencesByEntityType: {},
      linkedOccurrencesByEntityType: {},
    });
    expect((await admin.post('/tags', { name: 'aws' })).body).toEqual(CONFLICT);
    expect((await admin.post('/tags', { name: 'other', id: body.id })).body).toEqual(CONFLICT);
    const put = await admin.put(`/tags/${body.id}`, { ...body, colorCode: 20, notes: null });
    expect(put.body).toMatchObject({ colorCode: 20, colorName: 'Near Black', notes: '' });
    expect((await admin.put(`/tags/${body.id}`, { name: 'aws' })).body.colorCode).toBe(20);
    expect((await admin.put(`/tags/${body.id}`, { name: 'AWS' })).body).toEqual(
      notValid('name', 'may not be changed'),
    );
    expect((await admin.delete(`/tags/${body.id}`)).status).toBe(204);
    expect((await admin.get(`/tags/${body.id}`)).body).toEqual(NOT_FOUND);
    expect((await admin.delete(`/tags/${body.id}`)).body).toEqual(NOT_FOUND);
  });

  it('is filtered by its times like any named object', async () => {
    const { body: tag } = await admin.post('/tags', { name: 'timed' });
    for (const field of ['created', 'updated']) {
      const named = async (value: string) => (await admin.get(`/tags?${field}=${value}`)).body.data;
      expect(await named('1999')).toEqual([]);
      expect((await named(tag.created.slice(0, 10))).map(({ name }: any) => name)).toContain('timed');
    }
  });

  it('gets a colour by chance where none is given', async () => {
    const { colorCode } = (await admin.post('/tags', { name: 'by-chance' })).body;
    expect(colorCode).toBeGreaterThanOrEqual(1);
    expect(colorCode).toBeLessThanOrEqual(20);
  });

  it('is not deleted while it is used', async () => {
    expect((await admin.delete(`/tags/${(await find('builtin')).id}`)).body).toEqual(IN_USE);
    const { body: user } = await admin.post('/service-users', {
      name: 's',
      password: PASSWORD,
      tags: ['svc'],
    });
    const tag = await find('svc');
    expect((await admin.delete(`/tags/${tag.id}`)).body).toEqual(IN_USE);
    await admin.delete(`/service-users/${user.id}`);
    expect((await admin.delete(`/tags/${tag.id}`)).status).toBe(204);
  });

  it('is gone for a change that waits while it is deleted', async () => {
    const { id } = (await admin.post('/tags', { name: 'racing' })).body;
    const held = await holding('racing');
    const removed = admin.delete(`/tags/${id}`);
    await held.waitedFor(1);
    const changed = admin.put(`/tags/${id}`, { name: 'racing', notes: 'late' });
    await held.waitedFor(2);
    await held.release();
    expect((await removed).status).toBe(204);
    expect((await changed).body).toEqual(NOT_FOUND);
  });

  it('is there again for an object that waits while it is deleted', async () => {
    const { id } = (await admin.post('/tags', { name: 'returning' })).body;
    const held = await holding('returning');
    const removed = admin.delete(`/tags/${id}`);
    await held.waitedFor(1);
    const made = admin.post('/criteria-scripts', script('returning', ['other', 'returning']));
    await held.waitedFor(2);
    await held.release();
    expect([(await removed).status, (await made).status]).toEqual([204, 200]);
    expect(await find('returning')).toMatchObject({ taggedOccurrences: 1 });
    expect((await admin.get(`/tags/${id}`)).body).toEqual(NOT_FOUND);
  });

  it('is in use for a deletion that waits for an object with it', async () => {
    const { id } = (await admin.post('/tags', { name: 'staying' })).body;
    const holder = await server.sallyport.database.connect();
    await holder.query('BEGIN');
    await holder.query(
      `INSERT INTO criteria_scripts (id, name, name_canonical, expression, tags, created_at, updated_at)
       VALUES (gen_random_uuid(), 'staying', 'staying', 'return true;', ARRAY['staying'], now(), now())`,
    );
    const removed = admin.delete(`/tags/${id}`);
    await expect.poll(() => waiting(server.sallyport, 'Lock')).toBe(1);
    await holder.query('COMMIT');
    holder.release();
    expect((await removed).body).toEqual(IN_USE);
    expect(await find('staying')).toMatchObject({ id, taggedOccurrences: 1 });
  });

  it('may be carried by many at once, in any order', async () => {
    const names = ['d', 'c', 'b', 'a'];
    const made = await Promise.all(
      names.map((name, index) =>
        admin.post('/criteria-scripts', script(name, [...names.slice(index), ...names.slice(0, index)])),
      ),
    );
    expect(made.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    for (const name of names) expect(await find(name)).toMatchObject({ taggedOccurrences: 4 });
  });

  it.each([
    [{}, ['name', 'may not be null']],
    [{ name: '' }, ['name', 'may not be empty']],
    [{ name: 'a'.repeat(65) }, ['name', 'must be at most 64 characters']],
    [{ name: 'x', colorCode: 21 }, ['colorCode', 'must be between 1 and 20']],
    [{ name: 'x', colorCode: 'Red' }, ['colorCode', 'must be a number']],
    [{ name: 'x', id: 'y' }, ['id', 'must be a UUID']],
  ])('S81 refuses a wrong value (%#)', async (body, problems) => {
    const answer = await admin.post('/tags', body);
    expect([answer.status, answer.body]).toEqual([422, notValid(...problems)]);
  });

  it('is read by anybody with a privilege, and written with Tag on All only', async () => {
    const viewer = await server.userWith('viewer', [
      { type: 'View', target: 'Policy', scope: { all: true } },
    ]);
    expect((await viewer.get('/tags')).status).toBe(200);
    expect((await viewer.post('/tags', { name: 'no' })).body).toEqual(FORBIDDEN);
    const tagger = await server.userWith('tagger', [{ type: 'Tag', target: 'All' }]);
    expect((await tagger.post('/tags', { name: 'yes' })).status).toBe(200);
  });

  it('S45 is counted whole for everybody, and what carries it is shown to nobody for that', async () => {
    await server.plantUser('carrier', [], { tags: ['boss'] });
    const scope = { tags: ['nobody-has-it'] };
    const narrow = await server.userWith('narrow', [{ type: 'View', target: 'LocalUser', scope }]);
    expect((await narrow.get('/local-users')).body).toMatchObject({ totalCount: 0, data: [] });
    const [tag] = (await narrow.get('/tags?query=boss')).body.data;
    expect(tag).toMatchObject({ name: 'boss', taggedOccurrences: 1 });
    expect((await narrow.get(`/tags/${tag.id}`)).body).toEqual((await admin.get(`/tags/${tag.id}`)).body);
  });

  it('S86 takes a hostile name for a name', async () => {
    const name = `'; DROP TABLE tags; --%_\\`;
    expect((await admin.post('/tags', { name })).status).toBe(200);
    expect(await find(name)).toMatchObject({ name, taggedOccurrences: 0 });
  });
});

describe('/colors', () => {
  it('lists the twenty and reads one by its number', async () => {
    const { body } = await admin.get('/colors');
    expect(body).toMatchObject({ range: '0-20/20', totalCount: 20, orderBy: 'id' });
    expect(body.data[2]).toEqual({ id: 3, colorName: 'Indigo' });
    expect((await admin.get('/colors?query=blue&orderBy=colorName&range=0-1')).body).toMatchObject({
      data: [{ colorName: 'Blue' }, { colorName: 'Blue Gray' }],
      range: '0-1/3',
    });
    expect((await admin.get('/colors/20')).body).toEqual({ id: 20, colorName: 'Near Black' });
    for (const id of ['0', '21', 'x', '03'])
      expect((await admin.get(`/colors/${id}`)).body).toEqual(NOT_FOUND);
  });
});
