import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { AppgateClient } from '../support/appgate-client.js';
import { dumpOfActs, failOn } from '../support/faults.js';
import { type Answer, expecting } from '../support/send.js';
import { DEFAULT_METHOD, PASSWORD, type Player, Stage } from '../support/stage.js';

const REASON = 'telephone lost, known by voice';

let stage: Stage;
let admin: AppgateClient;
let player: Player;
let people = 0;
beforeAll(async () => {
  stage = await Stage.open(2, { settings: { SALLYPORT_ENROLMENT_WINDOW: '7' } });
});
afterAll(() => stage.close());

beforeEach(async () => {
  people += 1;
  admin = await stage.administrator();
  player = await stage.addPlayer(`owner-${people}`);
  stage.clock.advance(60);
});

const place = (name = player.name) => `/sallyport/users/CN=${name},OU=local/authenticators`;

async function idOf(name = player.name): Promise<string> {
  return (await expecting(200, admin.get(place(name)))).body.data[0].id;
}

const reset = async (client: AppgateClient, body: object, name = player.name): Promise<Answer> =>
  client.post(`${place(name)}/${await idOf(name)}/reset`, body);

it('S63 a reset without a reason is invalid, and changes nothing', async () => {
  const before = await stage.rows('SELECT id FROM totp_enrollments ORDER BY id');
  for (const body of [{}, { reason: '' }, { reason: ' \n' }, { reason: null }, { reason: 7 }]) {
    const refused = await reset(admin, body);
    expect([refused.status, refused.body.errors[0].field]).toEqual([422, 'reason']);
  }
  expect(await stage.rows('SELECT id FROM totp_enrollments ORDER BY id')).toEqual(before);
});

it('S63 deletes the authenticator and its failures, ends every token, reopens the window, remembers the reason and tells the owner', async () => {
  const { auth } = (await expecting(200, stage.vault(1).logIn(player.name, PASSWORD))).body;
  await stage.rows(
    `INSERT INTO factor_throttles (principal_id, method_id, failures, updated_at) VALUES ($1, $2, 7, now())`,
    [player.entityId, DEFAULT_METHOD],
  );
  stage.clock.advance(30 * 86_400);
  admin = await stage.administrator();
  const done = await expecting(204, reset(admin, { reason: REASON }));
  expect(done.text).toBe('');
  expect(
    await stage.rows('SELECT 1 FROM factor_throttles WHERE principal_id = $1', [player.entityId]),
  ).toEqual([]);
  await expecting(403, stage.vault(1).with(auth.client_token).read('auth/token/lookup-self'));
  expect((await expecting(200, admin.get(place()))).body.data).toEqual([]);
  const [person] = await stage.rows('SELECT enrolment_reopened_at FROM principals WHERE id = $1', [
    player.entityId,
  ]);
  expect(person!.enrolment_reopened_at).toEqual(stage.now);
  const [last] = await stage.rows(
    'SELECT kind, reason, set_by_another, actor_name FROM factor_history WHERE principal_id = $1 ORDER BY at DESC LIMIT 1',
    [player.entityId],
  );
  expect(last).toEqual({ kind: 'reset', reason: REASON, set_by_another: true, actor_name: 'admin' });
  const [notice] = await stage.rows(
    'SELECT kind, detail FROM notices WHERE principal_id = $1 ORDER BY created_at DESC LIMIT 1',
    [player.entityId],
  );
  expect(notice).toMatchObject({ kind: 'factor-reset', detail: { reason: REASON, setByAnother: true } });
  const [event] = await stage.rows(
    `SELECT detail FROM audit_events WHERE action = 'enrollment.removed' AND object_id = $1`,
    [player.entityId],
  );
  expect(event!.detail).toEqual({
    methodId: DEFAULT_METHOD,
    reason: REASON,
    before: { seed: true },
    after: null,
  });
});

it('S63 the code of the authenticator that was taken away is rejected, also by a sign-in already begun', async () => {
  await stage.enforce(`for-${people}`, [player.entityId]);
  const requestId = await stage.request(player.name, 1);
  await expecting(204, reset(admin, { reason: REASON }));
  await expecting(403, stage.vault(1).validate(requestId, stage.code(player)));
});

it('S63 all of it or nothing, where one of its writes fails at COMMIT', async () => {
  const counted = /^(audit_.*|tokens)$/;
  const state = async () =>
    [...(await dumpOfActs(stage.first.database))].filter(([table]) => !counted.test(table));
  const before = await state();
  for (const table of ['totp_enrollments', 'principals', 'factor_history', 'notices']) {
    const moments = table === 'totp_enrollments' ? (['DELETE'] as const) : (['INSERT', 'UPDATE'] as const);
    const id = await idOf();
    const mend = await failOn(stage.first.database, table, [...moments], true);
    const refused = await admin.post(`${place()}/${id}/reset`, { reason: REASON }).finally(mend);
    expect([table, refused.status >= 500]).toEqual([table, true]);
    expect(await state()).toEqual(before);
  }
});

/** Somebody with these privileges over everything, signed in. */
async function helperWith(...pairs: [type: string, target: string][]): Promise<AppgateClient> {
  const helper = `helper-${++people}`;
  await stage.addUser(helper);
  const privileges = pairs.map(([type, target]) => ({
    type,
    target,
    scope: { all: true, ids: [], tags: [] },
  }));
  await stage.rows(
    `WITH role AS (INSERT INTO administrative_roles (id, name, name_canonical, privileges, created_at, updated_at)
       VALUES (gen_random_uuid(), $1, $1, $2::jsonb, now(), now()) RETURNING id)
     INSERT INTO policies (id, name, name_canonical, type, expression, administrative_roles, created_at, updated_at)
     SELECT gen_random_uuid(), $1, $1, 'Admin', $3, ARRAY[id], now(), now() FROM role`,
    [helper, JSON.stringify(privileges), `return claims.user.username === "${helper}";`],
  );
  return stage.appgate().final(helper, PASSWORD);
}

it('S49 the help desk resets an equal, and nobody who holds more', async () => {
  const desk = await helperWith(['View', 'OtpSeed'], ['Delete', 'OtpSeed']);
  await stage.makeAdministrator(player.name);
  await expecting(403, reset(desk, { reason: REASON }));
  const lesser = await stage.addPlayer(`lesser-${people}`);
  await expecting(204, reset(desk, { reason: REASON }, lesser.name));
});

it('S45 without the privilege, out of scope and of somebody there is not', async () => {
  const viewer = await helperWith(['View', 'OtpSeed']);
  await expecting(200, viewer.get(place()));
  await expecting(403, reset(viewer, { reason: REASON }));
  await expecting(403, viewer.get(`/sallyport/users/CN=${player.name},OU=local/sessions`));
  await expecting(404, admin.get(place('nobody')));
  const other = await stage.addPlayer(`other-${people}`);
  const elsewhere = await admin.post(`${place(other.name)}/${await idOf()}/reset`, { reason: REASON });
  expect(elsewhere.status).toBe(404);
});

it('S59 shows no seed to an administrator', async () => {
  const { text, body } = await expecting(200, admin.get(place()));
  expect(text).not.toContain(player.authenticator.secret);
  expect(Object.keys(body.data[0]).toSorted()).toEqual([
    'created',
    'disabled',
    'id',
    'methodId',
    'methodName',
    'name',
    'type',
    'verified',
  ]);
});

it('S61 nobody goes round the fresh proof by resetting their own', async () => {
  await stage.makeAdministrator(player.name);
  const self = await stage.appgate().final(player.name, PASSWORD);
  await expecting(403, reset(self, { reason: REASON }));
  expect(await idOf()).toBeTruthy();
});
