import { beforeAll, describe, expect, it } from 'vitest';
import { type AdminClient } from './admin-client.js';
import { BUILT_IN, CONFLICT, FORBIDDEN, LAST_ADMINISTRATOR, NOT_FOUND, notValid } from './error-bodies.js';
import { OTP_PROVIDER, PASSWORD, withServer } from './scene.js';

const ID = '3f2b7c1e-8d4a-4a6b-9c5d-0e1f2a3b4c5d';
const server = withServer();
let admin: AdminClient;
beforeAll(async () => {
  admin = await server.administrator();
});

const fields = (name: string, extra: object = {}) => ({
  name,
  firstName: 'Jane',
  lastName: 'Doe',
  password: PASSWORD,
  ...extra,
});
const create = async (name: string, extra: object = {}) => {
  const { status, body, text } = await admin.post('/local-users', fields(name, extra));
  if (status !== 200) throw new Error(`${status} ${text}`);
  return body;
};
const refusal = async (extra: object) => {
  const { status, body } = await admin.post('/local-users', fields('refused', extra));
  return [status, body];
};

describe('POST /local-users', () => {
  it('answers 200 with the whole object, its own id and defaults', async () => {
    const { status, body } = await admin.post('/local-users', fields('jdoe', { id: ID.toUpperCase() }));
    expect(status).toBe(200);
    expect(body).toEqual({
      id: ID,
      name: 'jdoe',
      notes: '',
      tags: [],
      created: expect.stringMatching(/Z$/),
      updated: body.created,
      firstName: 'Jane',
      lastName: 'Doe',
      disabled: false,
      failedLoginAttempts: 0,
    });
    expect((await admin.get(`/local-users/${ID}`)).body).toEqual(body);
    expect((await admin.get(`/local-users/${ID.toUpperCase()}`)).body).toEqual(body);
  });

  it('keeps every field, failedLoginAttempts and lockStart too', async () => {
    const whole = {
      notes: 'line one\nline two',
      tags: ['terraform', 'api-created', 'terraform'],
      email: 'jane@example.com',
      phone: '+1-202-555-0172',
      disabled: true,
      failedLoginAttempts: 30,
      lockStart: '2020-04-27T09:51:03Z',
    };
    const user = await create('whole', whole);
    expect(user).toMatchObject({ ...whole, tags: ['terraform', 'api-created'] });
    expect((await admin.get(`/local-users/${user.id}`)).body).toEqual(user);
  });

  it.each([
    [{ name: null }, ['name', 'may not be null']],
    [{ name: '' }, ['name', 'may not be empty']],
    [{ name: 'a,b' }, ['name', 'contains invalid characters']],
    [{ name: 'a/b' }, ['name', 'contains invalid characters']],
    [{ name: 'a\\b' }, ['name', 'contains invalid characters']],
    [{ name: ' a' }, ['name', 'contains invalid characters']],
    [{ name: 'a\u200bb' }, ['name', 'contains invalid characters']],
    [{ name: 'a\u202eb' }, ['name', 'contains invalid characters']],
    [{ name: 'a'.repeat(256) }, ['name', 'must be at most 255 characters']],
    [{ firstName: null, lastName: '' }, ['firstName', 'may not be null', 'lastName', 'may not be empty']],
    [{ email: '' }, ['email', 'may not be empty']],
    [{ email: 5 }, ['email', 'must be a string']],
    [{ phone: 'a\u0000' }, ['phone', 'contains invalid characters']],
    [{ disabled: 'no' }, ['disabled', 'must be a boolean']],
    [{ failedLoginAttempts: '3' }, ['failedLoginAttempts', 'must be a number']],
    [{ failedLoginAttempts: -1 }, ['failedLoginAttempts', 'must be between 0 and 2147483647']],
    [{ lockStart: 'yesterday' }, ['lockStart', 'must be a date-time']],
    [{ tags: ['a', ''] }, ['tags[1]', 'may not be empty']],
    [{ tags: ['a'.repeat(65)] }, ['tags[0]', 'must be at most 64 characters']],
    [{ notes: 'a'.repeat(10_001) }, ['notes', 'must be at most 10000 characters']],
    [{ id: 'not-a-uuid' }, ['id', 'must be a UUID']],
    [{ password: null }, ['password', 'may not be null']],
    [{ password: '' }, ['password', 'may not be empty']],
    [{ password: 'short' }, ['password', 'must be at least 8 characters']],
    [{ password: 'a'.repeat(257) }, ['password', 'must be at most 256 characters']],
    [{ password: 'password1' }, ['password', 'is too common']],
  ])('S81 refuses a wrong value (%#)', async (extra, problems) => {
    expect(await refusal(extra)).toEqual([422, notValid(...problems)]);
  });

  it('S46 ignores read-only and unknown fields', async () => {
    const sent = {
      created: 'x',
      updated: 'y',
      accountId: ID,
      isAdmin: true,
      passwordHash: 'x',
      credentialVersion: 9,
      builtIn: true,
    };
    const user = await create('ignores', sent);
    expect(Object.keys(user)).toEqual([
      'id',
      'name',
      'notes',
      'tags',
      'created',
      'updated',
      'firstName',
      'lastName',
      'disabled',
      'failedLoginAttempts',
    ]);
    expect((await admin.delete(`/local-users/${user.id}`)).status).toBe(204);
  });

  it('S80 refuses a taken name in any spelling, and a taken id', async () => {
    await create('Jürgen');
    for (const name of ['jürgen', 'JÜRGEN', 'Ju\u0308rgen']) {
      expect((await admin.post('/local-users', fields(name))).body).toEqual(CONFLICT);
    }
    const taken = await admin.post('/local-users', fields('other', { id: (await create('keeper')).id }));
    expect([taken.status, taken.body]).toEqual([409, CONFLICT]);
  });

  it('allows all else in a name', async () => {
    const name = `Jürgen O'Neil+x=y "z" <&>`;
    expect((await create(name)).name).toBe(name);
    expect((await server.authenticate(name)).status).toBe(200);
  });
});

describe('PUT /local-users/{id}', () => {
  it('replaces the whole object; what is left out returns to its default', async () => {
    const before = await create('replaced', {
      notes: 'n',
      tags: ['t'],
      email: 'e@example.com',
      phone: '1',
      disabled: true,
    });
    server.advance(5);
    const { status, body } = await admin.put(`/local-users/${before.id}`, {
      name: 'replaced',
      firstName: 'A',
      lastName: 'B',
      tags: null,
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      id: before.id,
      name: 'replaced',
      notes: '',
      tags: [],
      created: before.created,
      updated: body.updated,
      firstName: 'A',
      lastName: 'B',
      disabled: false,
      failedLoginAttempts: 0,
    });
    expect(Date.parse(body.updated)).toBe(Date.parse(before.updated) + 5000);
  });

  it('takes back what GET answered, and keeps the password', async () => {
    const before = await create('round trip', {
      tags: ['kept'],
      lockStart: '2020-04-27T09:51:03Z',
      failedLoginAttempts: 2,
    });
    const { status, body } = await admin.put(`/local-users/${before.id}`, before);
    expect([status, body]).toEqual([200, { ...before, updated: body.updated }]);
    expect((await server.authenticate('round trip')).status).toBe(200);
  });

  it('changes the password where one is sent', async () => {
    const user = await create('new password');
    await admin.put(`/local-users/${user.id}`, { ...user, password: 'another long passphrase' });
    expect((await server.authenticate('new password')).status).toBe(401);
    expect((await server.authenticate('new password', 'another long passphrase')).status).toBe(200);
  });

  it('refuses another id and a taken name', async () => {
    const user = await create('fixed');
    const other = await admin.put(`/local-users/${user.id}`, { ...user, id: ID });
    expect([other.status, other.body]).toEqual([422, notValid('id', 'may not be changed')]);
    await create('Taken');
    const taken = await admin.put(`/local-users/${user.id}`, { ...user, name: 'taken' });
    expect([taken.status, taken.body]).toEqual([422, notValid('name', 'must be unique')]);
    expect((await admin.put(`/local-users/${user.id}`, { ...user, name: 'FIXED' })).body.name).toBe('FIXED');
  });

  it('lets the seed follow the user through a rename', async () => {
    const user = await create('before rename');
    await server.demandFactor(OTP_PROVIDER, ['CN=admin,OU=local']);
    const { secret } = await server.enroll(await server.partial('before rename'));
    await admin.put(`/local-users/${user.id}`, { ...user, name: 'after rename' });
    server.advance(30);
    const pending = await server.partial('after rename');
    expect((await pending.post('/authentication/otp/initialize', {})).body.type).toBe('AlreadySeeded');
    expect((await pending.post('/authentication/otp', { otp: server.code(secret) })).status).toBe(200);
    await server.demandFactor(null);
  });
});

describe('DELETE /local-users/{id}', () => {
  it('answers 204, and 404 to everything after', async () => {
    const { id } = await create('gone');
    const { status, text } = await admin.delete(`/local-users/${id}`);
    expect([status, text]).toEqual([204, '']);
    for (const answer of [
      await admin.get(`/local-users/${id}`),
      await admin.delete(`/local-users/${id}`),
      await admin.put(`/local-users/${id}`, {}),
    ])
      expect([answer.status, answer.body]).toEqual([404, NOT_FOUND]);
  });
});

describe('the built-in administrator', () => {
  const builtIn = async () => (await admin.get('/local-users?query=admin')).body.data[0];

  it('is not deleted and not renamed', async () => {
    const user = await builtIn();
    const deleted = await admin.delete(`/local-users/${user.id}`);
    expect([deleted.status, deleted.body]).toEqual([403, BUILT_IN]);
    const renamed = await admin.put(`/local-users/${user.id}`, { ...user, name: 'root' });
    expect([renamed.status, renamed.body]).toEqual([422, notValid('name', 'may not be changed')]);
  });

  it('S50 is disabled only while another full administrator remains', async () => {
    const user = await builtIn();
    const alone = await admin.put(`/local-users/${user.id}`, { ...user, disabled: true });
    expect([alone.status, alone.body]).toEqual([
      422,
      notValid('disabled', 'must leave a full administrator'),
    ]);
    const second = await server.userWith('second', [{ type: 'All', target: 'All', scope: { all: true } }]);
    expect((await second.put(`/local-users/${user.id}`, { ...user, disabled: true })).status).toBe(200);
    const { id } = (await second.get('/local-users?query=second')).body.data[0];
    const last = await second.delete(`/local-users/${id}`);
    expect([last.status, last.body]).toEqual([409, LAST_ADMINISTRATOR]);
    expect((await second.put(`/local-users/${user.id}`, { ...user, disabled: false })).status).toBe(200);
    admin = await server.administrator();
  });
});

describe('GET /local-users', () => {
  beforeAll(async () => {
    for (const name of ['list b', 'list a', 'List C']) {
      server.advance(1);
      await create(name, { tags: [name.slice(-1)], firstName: `First ${name}` });
    }
  });
  const names = async (query: string, client = admin) =>
    (await client.get(`/local-users?${query}`)).body.data.map(({ name }: { name: string }) => name);

  it('answers the envelope', async () => {
    const { body } = await admin.get('/local-users?query=LIST%20');
    const [total] = await server.rows<{ n: number }>(`SELECT count(*)::int AS n FROM local_users`);
    expect(Object.keys(body)).toEqual([
      'data',
      'range',
      'orderBy',
      'descending',
      'queries',
      'totalCount',
      'filterBy',
    ]);
    expect({ ...body, data: body.data.map(({ name }: { name: string }) => name) }).toEqual({
      data: ['list a', 'list b', 'List C'],
      range: '0-3/3',
      orderBy: 'name',
      descending: false,
      queries: ['LIST '],
      totalCount: total!.n,
      filterBy: [],
    });
  });

  it('cuts ranges, both ends included', async () => {
    expect((await admin.get('/local-users?query=list&range=0-10')).body.range).toBe('0-3/3');
    const page = (await admin.get('/local-users?query=list&range=1-1')).body;
    expect([page.range, page.data.map(({ name }: { name: string }) => name)]).toEqual(['1-1/3', ['list b']]);
    const beyond = (await admin.get('/local-users?query=list&range=7-9')).body;
    expect([beyond.range, beyond.data]).toEqual(['7-3/3', []]);
  });

  it('orders and turns round', async () => {
    expect(await names('query=list&descending=true')).toEqual(['List C', 'list b', 'list a']);
    expect(await names('query=list&orderBy=created')).toEqual(['list b', 'list a', 'List C']);
    expect(await names('query=list&orderBy=firstName&descending=true')).toEqual([
      'List C',
      'list b',
      'list a',
    ]);
  });

  it('wants every query, in the name only', async () => {
    expect(await names('query=list&query=C')).toEqual(['List C']);
    expect(await names('query=First')).toEqual([]);
    expect(await names('query=%25')).toEqual([]);
  });

  it('puts the equal name first', async () => {
    await create('list');
    expect((await names('query=list&orderBy=name&range=0-10'))[0]).toBe('list');
    expect((await names('query=List&orderBy=name&descending=true&range=0-1'))[0]).toBe('list');
  });

  it.each([
    'tags=a',
    'filterBy[tags]=a',
    'filterBy%5Btags%5D=a',
    'filterBy=map[tags:a%20firstName:first]',
    'firstName=list%20A&nonsense=1',
  ])('filters by %s', async (query) => {
    expect(await names(query)).toEqual(['list a']);
  });

  it('echoes the filters', async () => {
    expect((await admin.get('/local-users?filterBy[tags]=a&name=list')).body.filterBy).toEqual([
      { name: 'tags', value: 'a' },
      { name: 'name', value: 'list' },
    ]);
  });

  it.each([
    ['range=5-2', 'range', 'is not applicable'],
    ['range=x', 'range', 'contains invalid characters'],
    [
      'orderBy=password_hash',
      'orderBy',
      'must be one of [name, id, created, updated, disabled, firstName, lastName, email]',
    ],
    ['descending=1', 'descending', 'must be a boolean'],
    ['range=0-1&range=0-2', 'range', 'must be a string'],
    ['query=%00', 'query', 'contains invalid characters'],
  ])('S81 refuses ?%s', async (query, field, message) => {
    const { status, body } = await admin.get(`/local-users?${query}`);
    expect([status, body]).toEqual([422, notValid(field, message)]);
  });

  it('S86 takes hostile values for values', async () => {
    const hostile = encodeURIComponent(`' OR '1'='1'; DROP TABLE local_users; --`);
    for (const name of ['query', 'tags', 'name', 'created', 'disabled', 'id', 'email'])
      expect(await names(`${name}=${hostile}`)).toEqual([]);
    expect((await admin.get(`/local-users?orderBy=${hostile}`)).status).toBe(422);
    expect((await names('query=admin')).length).toBeGreaterThan(0);
  });
});

describe('scope', () => {
  const tagged = (...tags: string[]) => ({ tags });
  let inside: string;
  let outside: string;
  beforeAll(async () => {
    inside = (await create('inside', { tags: ['team'] })).id;
    outside = (await create('outside', { tags: ['other'] })).id;
  });

  it('S45 lists and counts what may be viewed, and finds nothing else', async () => {
    const viewer = await server.userWith('viewer', [
      { type: 'View', target: 'LocalUser', scope: tagged('team') },
    ]);
    const { body } = await viewer.get('/local-users');
    expect([body.data.map(({ name }: { name: string }) => name), body.totalCount, body.range]).toEqual([
      ['inside'],
      1,
      '0-1/1',
    ]);
    expect((await viewer.get(`/local-users/${inside}`)).status).toBe(200);
    expect((await viewer.get(`/local-users/${outside}`)).body).toEqual(NOT_FOUND);
    expect((await viewer.put(`/local-users/${inside}`, {})).body).toEqual(FORBIDDEN);
    expect((await viewer.delete(`/local-users/${inside}`)).body).toEqual(FORBIDDEN);
  });

  it('S45 finds nothing with an empty scope', async () => {
    const blind = await server.userWith('blind', [{ type: 'View', target: 'LocalUser' }]);
    expect((await blind.get('/local-users')).body).toMatchObject({ data: [], totalCount: 0, range: '0-0/0' });
    expect((await blind.get(`/local-users/${inside}`)).status).toBe(404);
  });

  it('S45 changes what is in scope before and after', async () => {
    const editor = await server.userWith('editor', [
      { type: 'View', target: 'LocalUser', scope: { all: true } },
      { type: 'Edit', target: 'LocalUser', scope: tagged('team') },
      { type: 'Tag', target: 'LocalUser', scope: { all: true } },
    ]);
    const user = (await editor.get(`/local-users/${inside}`)).body;
    expect((await editor.put(`/local-users/${inside}`, { ...user, firstName: 'New' })).status).toBe(200);
    expect(
      (
        await editor.put(`/local-users/${outside}`, {
          name: 'outside',
          firstName: 'X',
          lastName: 'Y',
          tags: ['other'],
        })
      ).body,
    ).toEqual(FORBIDDEN);
    const moved = await editor.put(`/local-users/${inside}`, {
      ...user,
      firstName: 'Newer',
      tags: ['other'],
    });
    expect([moved.status, moved.body]).toEqual([403, FORBIDDEN]);
    expect(
      (await editor.put(`/local-users/${inside}`, { ...user, firstName: 'New', tags: ['team', 'b'] })).body
        .tags,
    ).toEqual(['team', 'b']);
  });

  it('lets whoever may tag change tags alone', async () => {
    const tagger = await server.userWith('tagger', [
      { type: 'View', target: 'LocalUser', scope: { all: true } },
      { type: 'Tag', target: 'LocalUser', scope: {} },
    ]);
    const user = (await tagger.get(`/local-users/${outside}`)).body;
    expect(
      (await tagger.put(`/local-users/${outside}`, { ...user, tags: ['other', 'c'] })).body.tags,
    ).toEqual(['other', 'c']);
    expect((await tagger.put(`/local-users/${outside}`, { ...user, tags: ['d'], notes: 'x' })).body).toEqual(
      FORBIDDEN,
    );
  });

  it('adds the default tags of every privilege that let create', async () => {
    const creator = await server.userWith('creator', [
      { type: 'Create', target: 'LocalUser', defaultTags: ['made'] },
      { type: 'Create', target: 'All', scope: { all: true }, defaultTags: ['anywhere'] },
    ]);
    const { status, body } = await creator.post('/local-users', fields('created', { tags: ['own'] }));
    expect([status, body.tags]).toEqual([200, ['own', 'made', 'anywhere']]);
    expect((await creator.get(`/local-users/${body.id}`)).status).toBe(403);
  });

  it('S48 makes no user who would hold more than its maker', async () => {
    await server.plantRole(
      'by tag',
      [{ type: 'All', target: 'All', scope: { all: true } }],
      `return (claims.user.tags || []).includes('root');`,
    );
    const creator = await server.userWith('small creator', [
      { type: 'Create', target: 'LocalUser' },
      { type: 'View', target: 'LocalUser', scope: { all: true } },
      { type: 'Edit', target: 'LocalUser', scope: { all: true } },
      { type: 'Tag', target: 'LocalUser', scope: {} },
    ]);
    const raised = await creator.post('/local-users', fields('raised', { tags: ['root'] }));
    expect([raised.status, raised.body]).toEqual([403, FORBIDDEN]);
    expect((await admin.get('/local-users?name=raised')).body.data).toEqual([]);
    const plain = (await creator.post('/local-users', fields('plain'))).body;
    expect((await creator.put(`/local-users/${plain.id}`, { ...plain, tags: ['root'] })).status).toBe(403);
  });

  it('S49 sets no password of a user who holds more', async () => {
    const helper = await server.userWith('helper', [
      { type: 'View', target: 'LocalUser', scope: { all: true } },
      { type: 'Edit', target: 'LocalUser', scope: { all: true } },
    ]);
    const root = (await admin.get('/local-users?query=admin')).body.data[0];
    const { status, body } = await helper.put(`/local-users/${root.id}`, {
      ...root,
      password: 'a takeover passphrase',
    });
    expect([status, body]).toEqual([403, FORBIDDEN]);
    expect((await server.authenticate()).status).toBe(200);
  });

  it('S49 S48 counts what a user holds in some sign-ins only', async () => {
    const role = await admin.post('/administrative-roles', {
      name: 'everything at the desk',
      privileges: [{ type: 'All', target: 'All', scope: { all: true } }],
    });
    const policy = await admin.post('/policies', {
      name: 'bosses at their desk',
      type: 'Admin',
      expression: 'return claims.user.tags.includes("boss") && claims.system.clientSrcIP === "203.0.113.9";',
      administrativeRoles: [role.body.id],
    });
    expect([role.status, policy.status]).toEqual([200, 200]);
    const values = { firstName: 'F', lastName: 'L', password: 'a passphrase of a boss' };
    const boss = (await admin.post('/local-users', { ...values, name: 'boss', tags: ['boss'] })).body;
    const clerk = (await admin.post('/local-users', { ...values, name: 'clerk' })).body;
    const helper = await server.userWith('desk', [
      { type: 'View', target: 'LocalUser', scope: { all: true } },
      { type: 'Edit', target: 'LocalUser', scope: { all: true } },
      { type: 'Tag', target: 'LocalUser', scope: { all: true } },
    ]);
    const own = (await admin.get('/local-users?query=desk')).body.data[0];

    const taken = await helper.put(`/local-users/${boss.id}`, {
      ...boss,
      password: 'a takeover passphrase',
    });
    expect([taken.status, taken.body]).toEqual([403, FORBIDDEN]);
    const joined = await helper.put(`/local-users/${own.id}`, { ...own, tags: [...own.tags, 'boss'] });
    expect([joined.status, joined.body]).toEqual([403, FORBIDDEN]);
    // Nobody else is in the policy's reach, wherever they sign in.
    expect((await helper.put(`/local-users/${clerk.id}`, { ...clerk, notes: 'seen' })).status).toBe(200);
    expect((await helper.put(`/local-users/${own.id}`, { ...own, notes: 'mine' })).status).toBe(200);
    await admin.delete(`/policies/${policy.body.id}`);
  });

  it('S49 leaves to users what is theirs in another sign-in', async () => {
    const role = await admin.post('/administrative-roles', {
      name: 'everything afar',
      privileges: [{ type: 'All', target: 'All', scope: { all: true } }],
    });
    const policy = await admin.post('/policies', {
      name: 'afar',
      type: 'Admin',
      expression: 'return claims.user.username === "rover" && claims.system.clientSrcIP === "203.0.113.9";',
      administrativeRoles: [role.body.id],
    });
    expect([role.status, policy.status]).toEqual([200, 200]);
    const rover = await server.userWith('rover', [
      { type: 'View', target: 'LocalUser', scope: { all: true } },
      { type: 'Edit', target: 'LocalUser', scope: { all: true } },
    ]);
    const own = (await admin.get('/local-users?query=rover')).body.data[0];
    expect((await rover.put(`/local-users/${own.id}`, { ...own, notes: 'mine' })).status).toBe(200);
    await admin.delete(`/policies/${policy.body.id}`);
  });
});
