import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSallyport, type Sallyport } from '../support/sallyport.js';
import { type AdminClient } from './admin-client.js';
import { FORBIDDEN, NOT_FOUND } from './error-bodies.js';
import { OTP_PROVIDER, PASSWORD, type PrivilegeLike, Scene } from './scene.js';

const ALL = { all: true };
const EVERYTHING: PrivilegeLike[] = [{ type: 'All', target: 'All', scope: ALL }];

let first: Sallyport;
let second: Sallyport;
let server: Scene;
let replica: Scene;
let admin: AdminClient;
beforeAll(async () => {
  first = await startSallyport();
  second = await startSallyport({ replicaOf: first });
  server = new Scene(first);
  replica = new Scene(second);
  admin = await server.administrator();
});
afterAll(async () => {
  await second.stop();
  await first.stop();
});

let count = 0;
const make = async (path: string, body: object) => {
  const answer = await admin.post(path, { name: `made ${++count}`, ...body });
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
  return answer.body;
};
/** What a planted user's own role holds from now on. */
const hold = (name: string, privileges: PrivilegeLike[]) => {
  const whole = privileges.map(({ scope, ...rest }) => ({
    ...rest,
    scope: { all: false, ids: [], tags: [], ...scope },
  }));
  return server.rows('UPDATE administrative_roles SET privileges = $2 WHERE name = $1', [
    `role of ${name}`,
    JSON.stringify(whole),
  ]);
};
const HARMLESS: PrivilegeLike[] = [{ type: 'Test', target: 'Appliance' }];

/** Collections, with a body for a new object and a change of one. */
const COLLECTIONS: [string, string, object, object][] = [
  ['LocalUser', '/local-users', { firstName: 'F', lastName: 'L', password: PASSWORD }, { firstName: 'G' }],
  ['AdministrativeRole', '/administrative-roles', { privileges: [] }, { notes: 'changed' }],
  ['Policy', '/policies', { expression: 'return false;', type: 'Access' }, { expression: 'return true;' }],
  ['CriteriaScript', '/criteria-scripts', { expression: 'return true;' }, { expression: 'return false;' }],
  ['UserClaimScript', '/user-scripts', { expression: 'return {};' }, { expression: 'return { a: 1 };' }],
  ['ServiceUser', '/service-users', { password: PASSWORD }, { labels: { a: 'b' } }],
  [
    'MfaProvider',
    '/mfa-providers',
    {
      type: 'Radius',
      hostnames: ['radius.example.com'],
      port: 1812,
      sharedSecret: 'radius secret',
      useUserPassword: true,
    },
    { timeout: 9 },
  ],
  [
    'IdentityProvider',
    '/identity-providers',
    { type: 'Oidc', issuer: 'https://idp.example.com', audience: 'sallyport' },
    { scope: 'openid' },
  ],
];

describe.each(COLLECTIONS)('S45 scope decides on %s', (target, path, fields, change) => {
  const actor = `actor on ${target}`;
  let client: AdminClient;
  let inside: { id: string; name: string; tags: string[] };
  let outside: typeof inside;
  beforeAll(async () => {
    client = await server.userWith(actor, HARMLESS);
    inside = await make(path, { ...fields, tags: ['inside'] });
    outside = await make(path, { ...fields, tags: ['outside'] });
  });
  const viewAll = { type: 'View', target, scope: ALL };
  const put = (object: typeof inside, changes: object) =>
    client.put(`${path}/${object.id}`, { ...object, ...changes });

  const scopes = (): [string, object, boolean, boolean][] => [
    ['all', ALL, true, true],
    ['id', { ids: [inside.id] }, true, false],
    ['tag', { tags: ['inside', 'unused'] }, true, false],
    ['another id', { ids: [randomUUID()] }, false, false],
    ['neutral', {}, false, false],
  ];

  it('in what may be viewed, listed, counted and searched', async () => {
    for (const [what, scope, seesInside, seesOutside] of scopes()) {
      for (const type of ['View', 'All']) {
        await hold(actor, [{ type, target, scope }]);
        const seen = [...(seesInside ? [inside.id] : []), ...(seesOutside ? [outside.id] : [])];
        const list = (await client.get(`${path}?query=made`)).body;
        const ids = list.data
          .map(({ id }: { id: string }) => id)
          .filter((id: string) => [inside.id, outside.id].includes(id));
        expect([what, type, ids.toSorted()]).toEqual([what, type, seen.toSorted()]);
        if (what !== 'all')
          expect([list.totalCount, list.range]).toEqual([seen.length, `0-${seen.length}/${seen.length}`]);
        for (const [object, sees] of [
          [inside, seesInside],
          [outside, seesOutside],
        ] as const) {
          const found = (await client.get(`${path}?query=${encodeURIComponent(object.name)}&range=0-0`)).body;
          expect(found.data.some(({ id }: { id: string }) => id === object.id)).toBe(sees);
          const { status, body } = await client.get(`${path}/${object.id}`);
          expect(status).toBe(sees ? 200 : 404);
          if (!sees) expect(body).toEqual(NOT_FOUND);
        }
      }
    }
    expect((await client.get(`${path}/${randomUUID()}`)).body).toEqual(NOT_FOUND);
  });

  it('in what may be edited and deleted: out of view not found, in view forbidden', async () => {
    for (const [what, scope, reachesInside] of scopes()) {
      for (const type of ['Edit', 'All']) {
        await hold(actor, [viewAll, { type, target, scope }]);
        expect([what, type, (await put(inside, change)).status]).toEqual([
          what,
          type,
          reachesInside ? 200 : 403,
        ]);
        expect((await put(outside, change)).status).toBe(what === 'all' ? 200 : 403);
        await admin.put(`${path}/${inside.id}`, inside);
        await admin.put(`${path}/${outside.id}`, outside);
      }
      await hold(actor, [
        { type: 'View', target, scope: { tags: ['inside'] } },
        { type: 'Edit', target, scope: ALL },
        { type: 'Delete', target, scope: ALL },
      ]);
      expect((await put(outside, change)).body).toEqual(NOT_FOUND);
      expect((await client.delete(`${path}/${outside.id}`)).body).toEqual(NOT_FOUND);
      const doomed = await make(path, { ...fields, tags: ['inside'] });
      await hold(actor, [
        viewAll,
        { type: 'Delete', target, scope: 'ids' in scope && what === 'id' ? { ids: [doomed.id] } : scope },
      ]);
      expect([what, (await client.delete(`${path}/${doomed.id}`)).status]).toEqual([
        what,
        reachesInside ? 204 : 403,
      ]);
      if (what !== 'all') expect((await client.delete(`${path}/${outside.id}`)).body).toEqual(FORBIDDEN);
    }
  });

  it('in retagging: as the object was and as it will be', async () => {
    const scope = { tags: ['inside'] };
    await hold(actor, [viewAll, { type: 'Edit', target, scope }, { type: 'Tag', target, scope: ALL }]);
    expect((await put(inside, { ...change, tags: ['outside'] })).status).toBe(403);
    expect((await put(outside, { ...change, tags: ['inside'] })).status).toBe(403);
    expect((await put(inside, { ...change, tags: ['inside', 'more'] })).status).toBe(200);
    await admin.put(`${path}/${inside.id}`, inside);
    expect((await put(outside, { tags: ['inside'] })).status).toBe(200);
    await admin.put(`${path}/${outside.id}`, outside);
    await hold(actor, [viewAll, { type: 'Tag', target, scope: ALL }]);
    expect((await put(inside, change)).status).toBe(403);
    await hold(actor, [viewAll, { type: 'Edit', target, scope: ALL }]);
    expect((await put(inside, { tags: ['inside', 'more'] })).status).toBe(403);
    expect((await put(inside, { ...change, tags: ['inside', 'more'] })).status).toBe(403);
    expect((await admin.get(`${path}/${inside.id}`)).body.tags).toEqual(['inside']);
  });

  it('in what may be created, default tags included', async () => {
    const post = async (extra: object) => {
      const answer = await client.post(path, { name: `new ${++count}`, ...fields, ...extra });
      return answer.status === 200 ? answer.body.tags : answer.status;
    };
    const id = randomUUID();
    await hold(actor, [{ type: 'Create', target }]);
    expect(await post({ tags: ['any'] })).toEqual(['any']);
    await hold(actor, [{ type: 'Create', target, scope: { tags: ['inside'] } }]);
    expect([await post({ tags: ['outside'] }), await post({ tags: ['inside'] })]).toEqual([403, ['inside']]);
    await hold(actor, [
      { type: 'Create', target, scope: { tags: ['inside'] }, defaultTags: ['inside', 'more'] },
    ]);
    expect(await post({ tags: ['outside'] })).toEqual(['outside', 'inside', 'more']);
    await hold(actor, [{ type: 'Create', target, scope: { ids: [id] } }]);
    expect([await post({}), await post({ id })]).toEqual([403, []]);
    await hold(actor, [{ type: 'All', target }]);
    expect(await post({})).toBe(403);
    await hold(actor, [viewAll]);
    expect(await post({})).toBe(403);
  });
});

describe('S45 scope of users by their identity provider', () => {
  it('decides on seeds', async () => {
    const [{ id }] = (await server.rows<{ id: string }>(
      `SELECT id FROM identity_providers WHERE name = 'local'`,
    )) as [{ id: string }];
    const client = await server.userWith('seed keeper', HARMLESS);
    await server.plantUser('seeded');
    await server.demandFactor(OTP_PROVIDER, ['CN=admin,OU=local', 'CN=seed keeper,OU=local']);
    await server.enroll(await server.partial('seeded'));
    await server.demandFactor(null);
    for (const [scope, sees] of [
      [ALL, 1],
      [{ ids: [id] }, 1],
      [{ tags: ['builtin'] }, 1],
      [{ ids: [randomUUID()], tags: ['x'] }, 0],
      [{}, 0],
    ] as const) {
      await hold('seed keeper', [{ type: 'View', target: 'OtpSeed', scope: scope as object }]);
      expect((await client.get('/otp/seeds')).body.totalCount).toBe(sees);
      await hold('seed keeper', [{ type: 'Delete', target: 'OtpSeed', scope: scope as object }]);
      if (sees === 0) expect((await client.delete('/otp/seeds/CN=seeded,OU=local')).status).toBe(403);
    }
  });

  it.each([
    ['RegisteredDevice', '/on-boarded-devices', 'CN=4c07bc6757ea42ddb702c2d6c45419fc,CN=admin,OU=local'],
    ['Blacklist', '/blacklist', 'CN=nobody at all,OU=local'],
  ])('decides on %s', async (target, path, name) => {
    const [local] = await server.rows<{ id: string }>(
      `SELECT id FROM identity_providers WHERE name = 'local'`,
    );
    const keeper = `keeper of ${target}`;
    const client = await server.userWith(keeper, HARMLESS);
    await admin.post('/blacklist', { userDistinguishedName: 'CN=nobody at all,OU=local' });
    const rows: [object, boolean][] = [
      [ALL, true],
      [{ ids: [local!.id] }, true],
      [{ tags: ['builtin'] }, true],
      [{ ids: [randomUUID()], tags: ['x'] }, false],
      [{}, false],
    ];
    for (const [scope, sees] of rows) {
      await hold(keeper, [{ type: 'View', target, scope }]);
      const { data, totalCount } = (await client.get(path)).body;
      expect([scope, data.length > 0, totalCount]).toEqual([scope, sees, data.length]);
      await hold(keeper, [{ type: 'Delete', target, scope }]);
      if (!sees) expect((await client.delete(`${path}/${encodeURIComponent(name)}`)).body).toEqual(FORBIDDEN);
    }
  });
});

describe('S47 a change counts for the next request on every replica', () => {
  const READ: PrivilegeLike[] = [{ type: 'View', target: 'LocalUser', scope: ALL }];
  const changes: [
    string,
    number,
    (world: { user: any; role: any; policy: any; script: any }) => Promise<unknown>,
  ][] = [
    ['the role is deleted', 403, ({ role }) => admin.delete(`/administrative-roles/${role.id}`)],
    [
      'the role loses the privilege',
      403,
      ({ role }) => admin.put(`/administrative-roles/${role.id}`, { ...role, privileges: HARMLESS }),
    ],
    [
      'the policy is disabled',
      403,
      ({ policy }) => admin.put(`/policies/${policy.id}`, { ...policy, disabled: true }),
    ],
    [
      'the policy is of another type',
      403,
      ({ policy }) =>
        admin.put(`/policies/${policy.id}`, { ...policy, type: 'Access', administrativeRoles: [] }),
    ],
    [
      'the policy names no role',
      403,
      ({ policy }) => admin.put(`/policies/${policy.id}`, { ...policy, administrativeRoles: [] }),
    ],
    ['the policy is deleted', 403, ({ policy }) => admin.delete(`/policies/${policy.id}`)],
    [
      'the expression changes',
      403,
      ({ policy }) => admin.put(`/policies/${policy.id}`, { ...policy, expression: 'return false;' }),
    ],
    [
      'a criteria script changes',
      403,
      ({ script }) => admin.put(`/criteria-scripts/${script.id}`, { ...script, expression: 'return false;' }),
    ],
    ['a tag changes', 403, ({ user }) => admin.put(`/local-users/${user.id}`, { ...user, tags: [] })],
    [
      'the account is disabled',
      401,
      ({ user }) => admin.put(`/local-users/${user.id}`, { ...user, disabled: true }),
    ],
  ];

  it.each(changes)('when %s', async (what, status, change) => {
    const id = await server.plantUser(`subject ${what}`, [], { tags: [what] });
    const user = (await admin.get(`/local-users/${id}`)).body;
    const role = await make('/administrative-roles', { privileges: READ });
    const script = await make('/criteria-scripts', {
      name: `tagged${++count}`,
      expression: `return claims.user.tags.includes("${what}");`,
    });
    const expression = `return ${script.name}(claims);`;
    const policy = await make('/policies', { type: 'Admin', expression, administrativeRoles: [role.id] });
    const client = replica.client.with((await server.final(user.name)).token);
    expect((await client.get('/local-users?range=0-0')).status).toBe(200);
    await change({ user, role, policy, script });
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => client.get('/local-users?range=0-0')),
    );
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([status]));
  });
});

describe('S48 no escalation', () => {
  const scope = fc.record({ all: fc.boolean(), ids: fc.constant([]), tags: fc.subarray(['a', 'b']) });
  const privilege = fc.record({
    type: fc.constantFrom('All', 'View', 'Edit', 'Create'),
    target: fc.constantFrom('All', 'LocalUser', 'Site'),
    scope,
  });
  const contains = (own: any, wanted: any) =>
    (own.type === 'All' && own.target === 'All') ||
    ([wanted.type, 'All'].includes(own.type) &&
      [wanted.target, 'All'].includes(own.target) &&
      (own.scope.all ||
        (!wanted.scope.all &&
          isBounded(wanted) &&
          wanted.scope.tags.every((tag: string) => own.scope.tags.includes(tag))) ||
        makesAnything(own, wanted)));
  /** Without a scope of its own, All/All is everything, and a Create makes anything. */
  const isBounded = ({ type, target, scope: { tags } }: any) =>
    !(type === 'All' && target === 'All') && !(type === 'Create' && tags.length === 0);
  const makesAnything = (own: any, wanted: any) =>
    own.type === 'Create' && own.scope.tags.length === 0 && wanted.type === 'Create';

  it('accepts a role only if its giver holds all of it', async () => {
    const client = await server.userWith('grantor', HARMLESS);
    const writer = { type: 'Create', target: 'AdministrativeRole' };
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(privilege, { maxLength: 3 }),
        fc.array(privilege, { minLength: 1, maxLength: 2 }),
        async (held, wanted) => {
          // All/All takes no scope but everything.
          const valid = wanted.map((one) =>
            one.type === 'All' && one.target === 'All' ? { ...one, scope: ALL } : one,
          );
          await hold('grantor', [writer, ...held]);
          const { status } = await client.post('/administrative-roles', {
            name: `granted ${++count}`,
            privileges: valid,
          });
          const own = [{ ...writer, scope: { all: false, tags: [] } }, ...held];
          const expected = wanted.every((one) => own.some((other) => contains(other, one)));
          expect([status, held, valid]).toEqual([expected ? 200 : 403, held, valid]);
          if (expected) accepted += 1;
        },
      ),
      { numRuns: 150 },
    );
    expect(accepted).toBeGreaterThan(5);
  });

  it('judges by what the giver holds when the row is written', async () => {
    const client = await server.userWith('loser', EVERYTHING);
    const grant = (round: number) =>
      client.post('/administrative-roles', {
        name: `late ${round}`,
        privileges: [{ type: 'Edit', target: 'Policy', scope: ALL }],
      });
    for (let round = 0; round < 20; round += 1) {
      await hold('loser', EVERYTHING);
      const role = (await admin.get('/administrative-roles?query=role of loser')).body.data[0];
      const [given, taken] = await Promise.all([
        grant(round),
        admin.put(`/administrative-roles/${role.id}`, { ...role, privileges: HARMLESS }),
      ]);
      expect(taken.status).toBe(200);
      expect([200, 403]).toContain(given.status);
      expect((await grant(round + 1_000)).status).toBe(403);
      if (given.status === 200)
        expect(Date.parse(given.body.created)).toBeLessThanOrEqual(Date.parse(taken.body.updated));
    }
  });
});

describe('S49 no takeover upward', () => {
  const HELP_DESK: PrivilegeLike[] = [
    { type: 'View', target: 'LocalUser', scope: ALL },
    { type: 'Edit', target: 'LocalUser', scope: ALL },
    { type: 'Tag', target: 'LocalUser' },
    { type: 'Create', target: 'LocalUser' },
    { type: 'View', target: 'OtpSeed', scope: ALL },
    { type: 'Delete', target: 'OtpSeed', scope: ALL },
  ];
  let desk: AdminClient;
  beforeAll(async () => {
    await server.plantUser('plain person');
    await server.plantUser('auditor', [{ type: 'View', target: 'AuditLog' }]);
    await server.plantUser('full', EVERYTHING);
    await server.plantUser('colleague', HELP_DESK);
    desk = await server.userWith('desk', HELP_DESK);
  });
  const ROWS: [string, boolean][] = [
    ['plain person', true],
    ['colleague', true],
    ['desk', true],
    ['auditor', false],
    ['full', false],
    ['admin', false],
  ];

  it.each(ROWS)('a help desk and the account of %s', async (name, allowed) => {
    const find = async () => (await desk.get(`/local-users?query=${encodeURIComponent(name)}`)).body.data[0];
    const user = await find();
    const path = `/local-users/${user.id}`;
    const refused = { status: 403, body: FORBIDDEN };
    if (!allowed) {
      for (const change of [
        { password: 'plum-orbit-velvet-93' },
        { disabled: true },
        { failedLoginAttempts: 7 },
        { tags: ['x'] },
        { name: 'renamed' },
      ]) {
        const { status, body } = await desk.put(path, { ...user, ...change });
        if (!(name === 'admin' && 'name' in change)) expect({ status, body }).toEqual(refused);
      }
      expect(await find()).toEqual(user);
    } else {
      expect((await desk.put(path, { ...user, phone: '1' })).status).toBe(200);
    }
    if (name === 'admin') return;
    await server.demandFactor(OTP_PROVIDER, ['CN=admin,OU=local', 'CN=desk,OU=local']);
    if (name !== 'desk') await server.enroll(await server.partial(name));
    await server.demandFactor(null);
    const reset = await desk.delete(`/otp/seeds/CN=${encodeURIComponent(name)},OU=local`);
    expect(reset.status).toBe(name === 'desk' ? 404 : allowed ? 204 : 403);
    if (allowed && name !== 'desk')
      expect((await desk.put(path, { ...user, password: 'plum-orbit-velvet-93' })).status).toBe(200);
  });

  it('makes no account, and brings none, under a policy that gives more', async () => {
    const role = await make('/administrative-roles', { privileges: [{ type: 'View', target: 'AuditLog' }] });
    const expression = 'return claims.user.username === "promised" || claims.user.tags.includes("trusted");';
    await make('/policies', { type: 'Admin', expression, administrativeRoles: [role.id] });
    const fields = { firstName: 'F', lastName: 'L', password: PASSWORD };
    expect((await desk.post('/local-users', { name: 'promised', ...fields })).status).toBe(403);
    expect((await desk.post('/local-users', { name: 'unknown', ...fields, tags: ['trusted'] })).status).toBe(
      403,
    );
    const plain = (await desk.post('/local-users', { name: 'unpromised', ...fields })).body;
    expect((await desk.put(`/local-users/${plain.id}`, { ...plain, name: 'promised' })).status).toBe(403);
    expect((await desk.put(`/local-users/${plain.id}`, { ...plain, tags: ['trusted'] })).status).toBe(403);
    expect((await desk.get(`/local-users/${plain.id}`)).body).toEqual(plain);
  });
});

describe('S50 one full administrator remains', () => {
  it('when two remove each other at once, on two replicas', async () => {
    await server.rows(`DELETE FROM policies WHERE NOT built_in`);
    const ids = [await server.plantUser('tick', EVERYTHING), await server.plantUser('tock', EVERYTHING)];
    await server.rows(`UPDATE local_users SET disabled = true WHERE name = 'admin'`);
    const enabled = async () =>
      (await server.rows('SELECT name FROM local_users WHERE NOT disabled AND id = ANY($1)', [ids])).length;
    for (let round = 0; round < 40; round += 1) {
      await server.rows('UPDATE local_users SET disabled = false WHERE id = ANY($1)', [ids]);
      const clients = [await server.final('tick'), await replica.final('tock')] as const;
      const users = await Promise.all(
        ids.map(async (id) => (await clients[0].get(`/local-users/${id}`)).body),
      );
      const remove = (index: number) =>
        round % 2 === 0
          ? clients[1 - index]!.put(`/local-users/${ids[index]}`, { ...users[index], disabled: true })
          : clients[1 - index]!.put(`/local-users/${ids[index]}`, {
              ...users[index],
              name: index === 0 ? 'tick' : 'tock',
              disabled: true,
            });
      const answers = await Promise.all([remove(0), remove(1)]);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(await enabled()).toBe(1);
      expect(answers.every(({ status }) => [200, 401, 403, 404, 422].includes(status))).toBe(true);
    }
    await server.rows('UPDATE local_users SET disabled = false');
  }, 60_000);

  it('when one is deleted while the role of the other is emptied', async () => {
    const ids = [await server.plantUser('left', EVERYTHING), await server.plantUser('right', EVERYTHING)];
    await server.rows(`UPDATE local_users SET disabled = (id <> ALL($1))`, [ids]);
    const [left, right] = await Promise.all([server.final('left'), replica.final('right')]);
    const role = (await left.get('/administrative-roles?query=role of left')).body.data[0];
    const answers = await Promise.all([
      right.put(`/administrative-roles/${role.id}`, { ...role, name: 'emptied', privileges: [] }),
      left.delete(`/local-users/${ids[1]}`),
    ]);
    expect(answers.filter(({ status }) => status < 300)).toHaveLength(1);
  });
});
