import type { AuditAction } from '@sallyport/audit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { walkRoutes } from '../../apps/server/src/http/route-walk.js';
import { dumpOfActs, failOn } from '../support/faults.js';
import type { Answer } from '../support/send.js';
import type { Stage } from '../support/stage.js';
import { ActScene, changingActs, idleActs } from './changing-acts.js';
import { ROUTE_EVENTS } from './route-events.js';

let scene: ActScene;
let stage: Stage;

beforeAll(async () => {
  scene = await ActScene.open();
  ({ stage } = scene);
});
afterAll(() => scene.close());

/** What the failing act may leave: counts of tries, which are booked before anything is decided (S06), and stamps of use. */
async function state(): Promise<[string, string][]> {
  const tables = await dumpOfActs(stage.first.database);
  for (const counted of ['password_throttles', 'factor_throttles', 'login_counts', 'tokens', 'data_keys'])
    tables.delete(counted);
  const tokens = await stage.rows(`SELECT to_jsonb(t) - 'last_used_at' AS row FROM tokens t ORDER BY id`);
  return [...tables, ['tokens', JSON.stringify(tokens)]];
}

function withoutAudit(tables: [string, string][]): [string, string][] {
  return tables.filter(([table]) => table !== 'audit_events');
}

interface Written {
  id: string;
  action: AuditAction;
  outcome: string;
  who: string | null;
  client_address: string | null;
  request_id: string | null;
  object_type: string | null;
  object_id: string | null;
  detail: Record<string, unknown>;
}

const WRITTEN = `SELECT id, action, outcome, coalesce(actor_account_id::text, actor_principal_id::text, token_accessor) AS who, client_address,
  request_id, object_type, object_id, detail FROM audit_events`;

/** Acts on an object that was there, or is from now on: their events tell what it was and what it is. */
const CHANGING =
  /\.(created|changed|deleted|attached|detached|moved|merged|renamed|added|bound|begun|replaced|unlocked|renewed)$/;

/** Everything an event has (S73): who, from where, by which request, what, and what it was before and after. */
function expectWhole({ action, detail, ...event }: Written, { headers }: Answer): void {
  expect([action, event]).toEqual([
    action,
    {
      id: event.id,
      outcome: 'success',
      who: expect.any(String),
      client_address: '127.0.0.1',
      request_id: headers['x-request-id'],
      object_type: expect.any(String),
      object_id: expect.any(String),
    },
  ]);
  if (!CHANGING.test(action)) return;
  const { before, after } = detail as Record<string, Record<string, unknown> | null>;
  expect([action, before === undefined, after === undefined]).toEqual([action, false, false]);
  // Something is told of: what there is now, what there was, or what differs.
  expect([action, Object.keys({ ...before, ...after }).length > 0]).toEqual([action, true]);
  if (action.endsWith('.created')) expect(before).toBeNull();
  if (action.endsWith('.deleted')) expect(after).toBeNull();
}

it('S72 knows every route that changes something', () => {
  const changing = walkRoutes(stage.first.app)
    .filter(
      ({ method, path }) => !['GET', 'HEAD', 'SEARCH'].includes(method) || path === '/admin/authorization',
    )
    .map(({ method, path }) => `${method} ${path}`);
  expect([...Object.keys(changingActs()), ...Object.keys(idleActs())].toSorted()).toEqual(
    changing.toSorted(),
  );
});

for (const route of Object.keys(changingActs()))
  it(`S72 S73 ${route} does not happen where its audit row cannot be written, and leaves its events once`, async () => {
    const act = await changingActs(scene)[route]!();
    const before = await state();
    const mend = await failOn(stage.first.database, 'audit_events', ['INSERT']);
    const refused = await act().finally(mend);
    expect([refused.status, refused.headers['retry-after'] !== undefined]).toEqual([503, true]);
    expect(await state()).toEqual(before);
    const known = new Set((await stage.rows('SELECT id FROM audit_events')).map(({ id }) => id as string));
    const answer = await act();
    expect(answer.status).toBeLessThan(300);
    const events = (await stage.rows<Written>(WRITTEN)).filter(({ id }) => !known.has(id));
    expect(events.map(({ action }) => action).toSorted()).toEqual(ROUTE_EVENTS[route]);
    for (const event of events) expectWhole(event, answer);
    // Else nothing above would have been shown.
    expect(withoutAudit(await state())).not.toEqual(withoutAudit(before));
  });

for (const route of Object.keys(idleActs()))
  it(`S72 ${route} changes nothing`, async () => {
    const act = await idleActs(scene)[route]!();
    const before = await state();
    expect((await act()).status).toBeLessThan(500);
    expect(await state()).toEqual(before);
  });

it('S72 a wrong password and a wrong code are answered only when they are written down', async () => {
  stage.clock.advance(3600);
  const player = await stage.addProtected('mistaken');
  const partial = await stage.partial('mistaken');
  const requestId = await stage.request('mistaken');
  const mend = await failOn(stage.first.database, 'audit_events', ['INSERT']);
  const answers = [
    await stage.appgate().authenticate('mistaken', 'wrong'),
    await stage.vault().logIn('mistaken', 'wrong'),
    await partial.submit(stage.wrong(player)),
    await stage.vault().validate(requestId, stage.wrong(player)),
  ];
  await mend();
  expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
});
