import { AuditService, SERVER } from '@sallyport/audit';
import { Database } from '@sallyport/platform';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { AppgateClient } from '../support/appgate-client.js';
import { failOn } from '../support/faults.js';
import { expecting } from '../support/send.js';
import { PASSWORD, Stage, together } from '../support/stage.js';

let stage: Stage;
let free: AppgateClient;
let since: Date;

beforeAll(async () => {
  stage = await Stage.open(2);
  await stage.addUser('free');
  await expecting(200, stage.vault().logIn('free', PASSWORD));
  await stage.makeAdministrator('free');
  free = await stage.appgate().final('free', PASSWORD);
});
afterAll(() => stage.close());

beforeEach(async () => {
  stage.clock.advance(61);
  await stage.unfold();
  stage.clock.advance(61);
  await stage.unfold();
  since = stage.now;
});

function service<T>(type: new (...parts: any[]) => T, replica = 0): T {
  return stage.servers[replica]!.app.get(type, { strict: false });
}

function events(action: string) {
  return stage.rows(
    `SELECT outcome, actor_name, object_id, detail FROM audit_events WHERE at >= $1 AND action = $2 ORDER BY at, object_id`,
    [since, action],
  );
}

it('S73 S35 a partial token that opens nothing is denied, and that is an event', async () => {
  await stage.addProtected('owing');
  await stage.makeAdministrator('owing');
  since = stage.now;
  const partial = await stage.partial('owing');
  expect((await partial.get('/local-users')).status).toBe(403);
  expect(await events('access.denied')).toEqual([
    {
      outcome: 'denied',
      actor_name: 'owing',
      object_id: 'GET /admin/local-users',
      detail: { dialect: 'appgate', kind: 'forbidden', reason: 'forbidden' },
    },
  ]);
});

it('S73 a token that opens nothing any more, and one that was never given, are events; no token at all is none', async () => {
  const gone = await stage.appgate().final('free', PASSWORD);
  await expecting(204, gone.post('/authentication/logout'));
  since = stage.now;
  expect((await gone.get('/policies')).status).toBe(401);
  expect((await stage.vault().with('hvs.never-given').read('sys/auth')).status).toBe(403);
  expect((await stage.appgate().get('/policies')).status).toBe(401);
  expect((await stage.vault().read('sys/auth')).status).toBe(403);
  const denied = await events('access.denied');
  expect(denied.map(({ object_id, detail }) => [object_id, detail.dialect, detail.kind])).toEqual([
    ['GET /admin/policies', 'appgate', 'unauthenticated'],
    ['GET /v1/sys/auth', 'vault', 'forbidden'],
  ]);
});

it('S73 S48 who hands out more than they hold, and who calls at /v1 what their policies do not give', async () => {
  await stage.addUser('small');
  await expecting(200, stage.vault().logIn('small', PASSWORD));
  await stage.rows(
    `INSERT INTO administrative_roles (id, name, name_canonical, privileges, created_at, updated_at)
     VALUES (gen_random_uuid(), 'small', 'small', '[{"type":"Create","target":"AdministrativeRole","scope":{"all":true,"ids":[],"tags":[]}}]', now(), now())`,
  );
  await stage.rows(
    `INSERT INTO policies (id, name, name_canonical, type, expression, administrative_roles, created_at, updated_at)
     SELECT gen_random_uuid(), 'small', 'small', 'Admin', 'return claims.user.username === "small";', ARRAY[id], now(), now()
     FROM administrative_roles WHERE name = 'small'`,
  );
  stage.clock.advance(11);
  const small = await stage.appgate().final('small', PASSWORD);
  since = stage.now;
  const role = { name: 'more', privileges: [{ type: 'All', target: 'All', scope: { all: true } }] };
  expect((await small.post('/administrative-roles', role)).status).toBe(403);
  const { auth } = (await stage.vault().logIn('small', PASSWORD)).body;
  expect((await stage.vault().with(auth.client_token).read('sys/policies/acl/default')).status).toBe(403);
  const denied = await events('access.denied');
  expect(denied.map(({ actor_name, object_id }) => [actor_name, object_id])).toEqual([
    ['userpass-small', 'GET /v1/sys/policies/acl/:name'],
    ['small', 'POST /admin/administrative-roles'],
  ]);
});

it('S72 a denial that cannot be written down is not answered as one', async () => {
  const mend = await failOn(stage.first.database, 'audit_events', ['INSERT']);
  const answer = await stage.vault().with('hvs.never-given-either').read('sys/auth');
  await mend();
  expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
});

it('S79 one route denied on and on to one caller is one event, and one a minute with how often', async () => {
  const stranger = (replica: number) => stage.vault(replica).with('hvs.scanner').read('identity/entity/id/x');
  await together(50, (index) => stranger(index % 2));
  expect(await events('access.denied')).toHaveLength(1);
  // Another route is not hidden by it.
  await stage.vault().with('hvs.scanner').read('sys/auth');
  stage.clock.advance(61);
  await stage.unfold();
  const denied = await events('access.denied');
  expect(denied.map(({ object_id, detail }) => [object_id, detail.folded ?? 1])).toEqual([
    ['GET /v1/identity/entity/id/:id', 1],
    ['GET /v1/sys/auth', 1],
    ['GET /v1/identity/entity/id/:id', 49],
  ]);
});

it('S79 throttled passwords are folded, the refusals before them are whole', async () => {
  for (let failure = 0; failure < 5; failure += 1)
    await stage.appgate(failure % 2).authenticate('free', 'wrong');
  const throttled = await together(40, (index) => stage.appgate(index % 2).authenticate('free', PASSWORD));
  expect(new Set(throttled.map(({ status }) => status))).toEqual(new Set([429]));
  expect(await events('sign-in.password-refused')).toHaveLength(5);
  expect(await events('sign-in.password-throttled')).toHaveLength(1);
  stage.clock.advance(61);
  await stage.unfold();
  const told = await events('sign-in.password-throttled');
  expect(told.map(({ detail }) => detail.folded ?? 1)).toEqual([1, 39]);
  expect(free.token).not.toBeNull();
});

it('S79 a flood of five minutes over two replicas leaves six events with the right total, and no other event is lost', async () => {
  const flood = {
    action: 'sign-in.password-throttled',
    outcome: 'denied',
    object: { type: 'account', id: 'flooded' },
    detail: { reason: 'throttled' },
  } as const;
  let calls = 0;
  for (let second = 0; second < 300; second += 1) {
    await together(20, async (index) => {
      calls += 1;
      await service(AuditService, index % 2).recordFolded(
        service(Database, index % 2),
        SERVER,
        flood,
        'flooded',
      );
    });
    if (second % 30 === 0)
      await service(AuditService).record(service(Database), SERVER, {
        action: 'tag.changed',
        outcome: 'success',
        object: { type: 'tag', id: 'any' },
        before: null,
        after: null,
      });
    stage.clock.advance(1);
    await stage.unfold();
  }
  const told = await stage.rows(`SELECT detail FROM audit_events WHERE object_id = 'flooded'`);
  const sum = told.reduce((total, { detail }) => total + ((detail.folded as number | undefined) ?? 1), 0);
  expect([calls, sum]).toEqual([6_000, 6_000]);
  expect(told.length).toBeLessThanOrEqual(6);
  expect(await events('tag.changed')).toHaveLength(10);
  // A quiet minute later it is forgotten: the next one is a first one again.
  stage.clock.advance(61);
  await stage.unfold();
  expect(await stage.rows('SELECT 1 FROM audit_folds')).toEqual([]);
});
