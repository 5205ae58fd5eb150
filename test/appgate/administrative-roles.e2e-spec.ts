import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type AdminClient, V23 } from './admin-client.js';
import { BUILT_IN, CONFLICT, FORBIDDEN, LAST_ADMINISTRATOR, NOT_FOUND, notValid } from './error-bodies.js';
import { type PrivilegeLike, withServer } from './scene.js';

const ID = '3f2b7c1e-8d4a-4a6b-9c5d-0e1f2a3b4c5d';
const NEUTRAL = { all: false, ids: [], tags: [] };
const FUNCTIONS =
  'Controller, Gateway, LogServer, LogForwarder, Connector, Portal, Metrics Aggregator, Connection Broker';
const server = withServer();
let admin: AdminClient;
beforeAll(async () => {
  admin = await server.administrator();
});

let count = 0;
const fields = (privileges: unknown, extra: object = {}) => ({
  name: `role ${++count}`,
  privileges,
  ...extra,
});
const post = async (privileges: unknown, extra: object = {}) => {
  const { status, body } = await admin.post('/administrative-roles', fields(privileges, extra));
  return [status, body] as const;
};
const create = async (privileges: PrivilegeLike[], extra: object = {}) => {
  const [status, body] = await post(privileges, extra);
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
  return body;
};
const builtIn = async () => (await admin.get('/administrative-roles?query=Builtin')).body.data[0];

describe('GET /administrative-roles/type-target-map', () => {
  it('answers the matrix to anybody who may sign in here', async () => {
    const published = JSON.parse(readFileSync('libs/privileges/src/matrix/type-target-map.json', 'utf8'));
    const reader = await server.userWith('mapreader', [{ type: 'View', target: 'AdminMessage' }]);
    const { status, body } = await reader.get('/administrative-roles/type-target-map');
    expect([status, body]).toEqual([200, { actionMatrixMap: published.actionMatrixMap }]);
    expect(Object.values<unknown[]>(body.actionMatrixMap).flat()).toHaveLength(215);
  });
});

describe('privileges in answers (appgate.md §3.2)', () => {
  it.each<[string, PrivilegeLike, object]>([
    [
      'fills a scope',
      { type: 'View', target: 'LocalUser' },
      { type: 'View', target: 'LocalUser', scope: NEUTRAL },
    ],
    [
      'fills a scope where the pair takes none',
      { type: 'View', target: 'Ztp' },
      { type: 'View', target: 'Ztp', scope: NEUTRAL },
    ],
    [
      'takes a neutral scope back',
      { type: 'View', target: 'Ztp', scope: NEUTRAL },
      { type: 'View', target: 'Ztp', scope: NEUTRAL },
    ],
    [
      'takes All/All in scope all',
      { type: 'All', target: 'All', scope: { all: true } },
      { type: 'All', target: 'All', scope: { ...NEUTRAL, all: true } },
    ],
    [
      'keeps the order of ids and tags',
      { type: 'Edit', target: 'Policy', scope: { ids: [ID, ID.replace('3', '1')], tags: ['z', 'a'] } },
      {
        type: 'Edit',
        target: 'Policy',
        scope: { all: false, ids: [ID, ID.replace('3', '1')], tags: ['z', 'a'] },
      },
    ],
    [
      'omits empty default tags',
      { type: 'Create', target: 'Entitlement', defaultTags: [] },
      { type: 'Create', target: 'Entitlement', scope: NEUTRAL },
    ],
    [
      'keeps default tags',
      { type: 'Create', target: 'All', defaultTags: ['api-created'] },
      { type: 'Create', target: 'All', scope: NEUTRAL, defaultTags: ['api-created'] },
    ],
    [
      'drops empty default tags and functions elsewhere',
      { type: 'View', target: 'Policy', defaultTags: [], functions: [] },
      { type: 'View', target: 'Policy', scope: NEUTRAL },
    ],
    [
      'omits the scope of AssignFunction and spells its functions',
      {
        type: 'AssignFunction',
        target: 'Appliance',
        scope: NEUTRAL,
        functions: ['logserver', 'METRICSAGGREGATOR', 'Connection Broker'],
      },
      {
        type: 'AssignFunction',
        target: 'Appliance',
        functions: ['LogServer', 'Metrics Aggregator', 'Connection Broker'],
      },
    ],
    [
      'answers functions even where there are none',
      { type: 'AssignFunction', target: 'All' },
      { type: 'AssignFunction', target: 'All', functions: [] },
    ],
  ])('%s', async (_, sent, answered) => {
    const role = await create([sent]);
    expect(role.privileges).toEqual([answered]);
    expect((await admin.get(`/administrative-roles/${role.id}`)).body).toEqual(role);
  });

  it('gives older clients the functions they know', async () => {
    const { id } = await create([
      { type: 'AssignFunction', target: 'Appliance', functions: ['Metrics Aggregator', 'Connection Broker'] },
    ]);
    const seenBy = async (version: number) => {
      const accept = V23.replace('23', String(version));
      const { body } = await admin.speaking(accept).get(`/administrative-roles/${id}`);
      return body.privileges[0].functions;
    };
    expect([await seenBy(21), await seenBy(22), await seenBy(23)]).toEqual([
      ['MetricsAggregator'],
      ['Metrics Aggregator'],
      ['Metrics Aggregator', 'Connection Broker'],
    ]);
  });
});

describe('POST /administrative-roles', () => {
  it('answers 200 with the whole object, its own id and an empty list of privileges', async () => {
    const [status, body] = await post([], {
      id: ID,
      name: 'Empty role_1-2',
      notes: 'n',
      tags: ['b', 'a', 'b'],
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      id: ID,
      name: 'Empty role_1-2',
      notes: 'n',
      tags: ['b', 'a'],
      created: expect.stringMatching(/Z$/),
      updated: body.created,
      privileges: [],
    });
  });

  it.each<[string, unknown, string[]]>([
    ['no privileges', undefined, ['privileges', 'may not be null']],
    ['no list', {}, ['privileges', 'must be an array']],
    ['no object', ['x'], ['privileges[0]', 'must be an object']],
    ['no type', [{ target: 'All' }], ['privileges[0].type', 'may not be null']],
    [
      'a pair outside the matrix',
      [{ type: 'Reboot', target: 'LocalUser' }],
      ['privileges[0].target', 'is not valid for this type'],
    ],
    [
      'a scope where there is none',
      [{ type: 'View', target: 'Ztp', scope: { all: true } }],
      ['privileges[0].scope', 'is not applicable'],
    ],
    [
      'a scope under Tag All',
      [{ type: 'Tag', target: 'All', scope: { tags: ['a'] } }],
      ['privileges[0].scope', 'is not applicable'],
    ],
    [
      'tags under All All',
      [{ type: 'All', target: 'All', scope: { all: true, tags: ['a'] } }],
      ['privileges[0].scope', 'is not applicable'],
    ],
    [
      'a scope of AssignFunction',
      [{ type: 'AssignFunction', target: 'All', scope: { all: true } }],
      ['privileges[0].scope', 'is not applicable'],
    ],
    [
      'default tags elsewhere',
      [{ type: 'Edit', target: 'Policy', defaultTags: ['a'] }],
      ['privileges[0].defaultTags', 'is not applicable'],
    ],
    [
      'default tags of what has none',
      [{ type: 'Create', target: 'Blacklist', defaultTags: ['a'] }],
      ['privileges[0].defaultTags', 'is not applicable'],
    ],
    [
      'functions elsewhere',
      [{ type: 'Edit', target: 'Appliance', functions: ['Portal'] }],
      ['privileges[0].functions', 'is not applicable'],
    ],
    [
      'an unknown function',
      [{ type: 'AssignFunction', target: 'All', functions: ['Portal', 'Telemetry Aggregator'] }],
      ['privileges[0].functions[1]', `must be one of [${FUNCTIONS}]`],
    ],
    [
      'no id in a scope',
      [{ type: 'View', target: 'Policy', scope: { ids: ['x'] } }],
      ['privileges[0].scope.ids[0]', 'must be a UUID'],
    ],
    [
      'no boolean',
      [{ type: 'View', target: 'Policy', scope: { all: 'yes' } }],
      ['privileges[0].scope.all', 'must be a boolean'],
    ],
    [
      'too many',
      Array.from({ length: 501 }, () => ({ type: 'View', target: 'Policy' })),
      ['privileges', 'must be between 0 and 500'],
    ],
    [
      'the third of several',
      [
        { type: 'View', target: 'Policy' },
        { type: 'View', target: 'Ztp' },
        { type: 'Revoke', target: 'Policy' },
      ],
      ['privileges[2].target', 'is not valid for this type'],
    ],
  ])('S81 refuses %s', async (_, privileges, problems) => {
    expect(await post(privileges)).toEqual([422, notValid(...problems)]);
  });

  it.each(['TokenRecord', 'FailedAuthentication', 'all'])('does not know the target %s', async (target) => {
    const [status, body] = await post([{ type: 'View', target }]);
    expect([status, body.errors[0].field, body.errors[0].message.slice(0, 30)]).toEqual([
      422,
      'privileges[0].target',
      'must be one of [All, Appliance',
    ]);
  });

  it('takes 500 privileges', async () => {
    expect((await post(Array.from({ length: 500 }, () => ({ type: 'View', target: 'Policy' }))))[0]).toBe(
      200,
    );
  });

  it.each(['a.b', 'a/b', 'a,b', 'role\u200b', 'a\nb', 'a"b', ' ', ''])(
    'refuses the name %j',
    async (name) => {
      const [status, body] = await post([], { name });
      expect([status, body.errors[0].field]).toEqual([422, 'name']);
    },
  );

  it('S51 refuses a taken or built-in name in any spelling', async () => {
    await create([], { name: 'Jürgen' });
    for (const name of [
      'JÜRGEN',
      'Ju\u0308rgen',
      'builtin administrator role',
      'Ｂuiltin Administrator Role',
      ' Builtin  Administrator Role',
    ])
      expect(await post([], { name })).toEqual([409, CONFLICT]);
    const { id, privileges } = await create([]);
    for (const name of ['JÜRGEN', 'Ｂuiltin Administrator Role']) {
      const { status, body } = await admin.put(`/administrative-roles/${id}`, { name, privileges });
      expect([status, body]).toEqual([422, notValid('name', 'must be unique')]);
    }
    const kept = await admin.get(`/administrative-roles/${id}`);
    expect(await post([], { id: kept.body.id })).toEqual([409, CONFLICT]);
  });

  it('S46 ignores read-only and unknown fields', async () => {
    const role = await create([{ type: 'View', target: 'Policy', granted: true } as never], {
      builtIn: true,
      created: 'x',
      nameCanonical: 'y',
    });
    expect(Object.keys(role)).toEqual(['id', 'name', 'notes', 'tags', 'created', 'updated', 'privileges']);
    expect((await admin.delete(`/administrative-roles/${role.id}`)).status).toBe(204);
  });
});

describe('PUT and DELETE /administrative-roles/{id}', () => {
  it('replaces the whole object, and takes back what it answered', async () => {
    const role = await create([{ type: 'Create', target: 'Policy', defaultTags: ['x'] }], {
      notes: 'gone',
      tags: ['t'],
    });
    const same = await admin.put(`/administrative-roles/${role.id}`, role);
    expect([same.status, { ...same.body, updated: role.updated }]).toEqual([200, role]);
    const { body } = await admin.put(`/administrative-roles/${role.id}`, { name: 'Renamed', privileges: [] });
    expect(body).toEqual({
      ...role,
      name: 'Renamed',
      notes: '',
      tags: [],
      privileges: [],
      updated: body.updated,
    });
    const other = await admin.put(`/administrative-roles/${role.id}`, { ...body, id: ID });
    expect([other.status, other.body]).toEqual([422, notValid('id', 'may not be changed')]);
  });

  it('is gone after DELETE, also from the policies that named it', async () => {
    const role = await create([{ type: 'View', target: 'Policy', scope: { all: true } }]);
    const other = await create([]);
    const policy = (
      await admin.post('/policies', {
        name: 'names both',
        type: 'Admin',
        expression: 'return false;',
        administrativeRoles: [role.id, other.id],
      })
    ).body;
    expect(policy.administrativeRoles).toEqual([role.id, other.id]);
    expect((await admin.delete(`/administrative-roles/${role.id}`)).status).toBe(204);
    expect((await admin.get(`/policies/${policy.id}`)).body.administrativeRoles).toEqual([other.id]);
    for (const method of ['GET', 'DELETE']) {
      const { status, body } = await admin.send({ method, path: `/administrative-roles/${role.id}` });
      expect([status, body]).toEqual([404, NOT_FOUND]);
    }
    expect((await admin.put(`/administrative-roles/${role.id}`, role)).status).toBe(404);
  });

  it('lets only notes and tags of the built-in role change, and keeps it', async () => {
    const role = await builtIn();
    expect(role.privileges).toEqual([{ type: 'All', target: 'All', scope: { ...NEUTRAL, all: true } }]);
    const path = `/administrative-roles/${role.id}`;
    const { status, body } = await admin.put(path, { ...role, name: 'Mine', privileges: [] });
    expect([status, body]).toEqual([
      422,
      notValid('name', 'may not be changed', 'privileges', 'may not be changed'),
    ]);
    expect((await admin.put(path, { ...role, notes: 'ours', tags: ['builtin', 'x'] })).status).toBe(200);
    expect((await admin.put(path, role)).body.tags).toEqual(['builtin']);
    const removed = await admin.delete(path);
    expect([removed.status, removed.body]).toEqual([403, BUILT_IN]);
  });

  it('writes an event for each act', async () => {
    const role = await create([]);
    await admin.put(`/administrative-roles/${role.id}`, { ...role, notes: 'changed' });
    await admin.delete(`/administrative-roles/${role.id}`);
    const events = await server.rows(
      'SELECT action, actor_name, detail FROM audit_events WHERE object_id = $1 ORDER BY at, action',
      [role.id],
    );
    const fields = { name: role.name, notes: '', tags: [], builtIn: false, privileges: [] };
    const last = { ...fields, notes: 'changed' };
    const detail = { name: role.name };
    const changed = { changed: ['notes'], before: { notes: '' }, after: { notes: 'changed' } };
    expect(events).toEqual([
      { action: 'role.changed', actor_name: 'admin', detail: { ...detail, ...changed } },
      { action: 'role.created', actor_name: 'admin', detail: { ...detail, before: null, after: fields } },
      { action: 'role.deleted', actor_name: 'admin', detail: { ...detail, before: last, after: null } },
    ]);
  });
});

describe('S48 no escalation', () => {
  it('gives nobody more than the giver holds', async () => {
    const caller = await server.userWith('rolewriter', [
      { type: 'All', target: 'AdministrativeRole', scope: { all: true } },
      { type: 'View', target: 'LocalUser', scope: { tags: ['blue'] } },
    ]);
    const attempt = async (privileges: PrivilegeLike[]) =>
      (await caller.post('/administrative-roles', fields(privileges))).status;
    expect(await attempt([{ type: 'View', target: 'LocalUser', scope: { tags: ['blue'] } }])).toBe(200);
    expect(await attempt([{ type: 'Edit', target: 'AdministrativeRole', scope: { all: true } }])).toBe(200);
    expect(await attempt([{ type: 'View', target: 'LocalUser', scope: { tags: ['red'] } }])).toBe(403);
    expect(await attempt([{ type: 'View', target: 'LocalUser', scope: { all: true } }])).toBe(403);
    expect(await attempt([{ type: 'All', target: 'All', scope: { all: true } }])).toBe(403);
    const mine = (await caller.get('/administrative-roles?query=rolewriter')).body.data[0];
    const grown = [...mine.privileges, { type: 'Edit', target: 'LocalUser', scope: { tags: ['blue'] } }];
    const { status, body } = await caller.put(`/administrative-roles/${mine.id}`, {
      ...mine,
      name: 'mine',
      privileges: grown,
    });
    expect([status, body]).toEqual([403, FORBIDDEN]);
  });
});

describe('S50 one full administrator remains', () => {
  it('refuses to take the last role with everything from its last holder', async () => {
    const other = await server.userWith('second', []).catch(() => null);
    expect(other).toBeNull();
    const everything = await create([{ type: 'All', target: 'All', scope: { all: true } }]);
    const expression = 'return claims.user.username === "second";';
    const policy = { name: 'for second', type: 'Admin', expression, administrativeRoles: [everything.id] };
    expect((await admin.post('/policies', policy)).status).toBe(200);
    const second = await server.final('second');
    const builtin = (await second.get('/local-users?query=admin')).body.data[0];
    expect((await second.put(`/local-users/${builtin.id}`, { ...builtin, disabled: true })).status).toBe(200);
    const path = `/administrative-roles/${everything.id}`;
    const refused = await second.put(path, { ...everything, privileges: [] });
    expect([refused.status, refused.body]).toEqual([
      422,
      notValid('privileges', 'must leave a full administrator'),
    ]);
    const removed = await second.delete(path);
    expect([removed.status, removed.body]).toEqual([409, LAST_ADMINISTRATOR]);
    expect((await second.get(path)).body.privileges).toHaveLength(1);
    expect((await second.put(`/local-users/${builtin.id}`, builtin)).status).toBe(200);
    expect((await (await server.administrator()).delete(path)).status).toBe(204);
    expect((await second.get(path)).status).toBe(403);
  });
});
