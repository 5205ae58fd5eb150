import { HostResolver } from '@sallyport/platform';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OktaServer, PUSH_FACTOR, TOTP_FACTOR } from '../support/okta-server.js';
import {
  atAdmin,
  countOf,
  events,
  finish,
  METHOD,
  openPushes,
  owing,
  PATIENCE,
  refused,
  REJECTED,
  requestOf,
  SILENT,
  startVendorWorld,
  throttled,
  TIMED_OUT,
  told,
  userName,
  waitFor,
} from './vendor-scene.js';
import { addUser, logIn, UUID, validate, type World } from './world.js';

const OKTA = `${METHOD}/okta`;
const WAITING = { factorResult: 'WAITING' };
const SUCCESS = { factorResult: 'SUCCESS' };
const NUMBER = { factorResult: 'WAITING', _embedded: { challenge: { correctAnswer: 92 } } };
const NO_PUSH = 'no push-type MFA factor found for user';

let world: World;
let okta: OktaServer;
let methodId: string;
let users = 0;
let name: string;
let entityId: string;

/** An Okta method of its own for the organisation. */
async function addOkta(fields: object = {}): Promise<string> {
  const own = { org_name: 'acme', base_url: okta.baseUrl, api_token: OktaServer.token };
  const made = await world.root.write(OKTA, { ...own, username_format: userName(world), ...fields });
  return made.body.data.method_id;
}

/** The name server of the tests: the organisation's name leads to the tests' own server. */
function plantNames(): void {
  const names: Record<string, string[]> = { [`acme.${OktaServer.domain}`]: ['127.0.0.1'] };
  const resolver = world.server.app.get(HostResolver, { strict: false });
  resolver.addressesOf = (host) =>
    names[host] === undefined ? Promise.reject(new Error('ENOTFOUND')) : Promise.resolve(names[host]);
}

beforeAll(async () => {
  okta = await OktaServer.start();
  world = await startVendorWorld(`https://acme.${okta.baseUrl},https://127.0.0.1:${okta.vendor.port}`);
  plantNames();
  methodId = await addOkta({ method_name: 'okta' });
});
afterAll(async () => {
  await world.stop();
  okta.vendor.close();
});
beforeEach(async () => {
  users += 1;
  name = `olaf${users}`;
  okta.begin([WAITING, SUCCESS]);
  okta.users = [
    { id: '00u1', login: name, email: `${name}@example.com`, factors: [TOTP_FACTOR, PUSH_FACTOR] },
  ];
  entityId = await owing(world, name, methodId);
});

describe('a push of Okta', () => {
  it('that is approved finishes the login: the user, the factor, the push, and its state until there is one', async () => {
    const { status, body } = await finish(world, name, methodId);
    expect([status, body.auth.entity_id]).toEqual([200, entityId]);
    expect(
      okta.vendor.calls.map(({ method, path }) => `${method} ${path.replace('/api/v1/users', '')}`),
    ).toEqual([
      'GET ',
      'GET /00u1/factors',
      'POST /00u1/factors/opf1/verify',
      'GET /00u1/factors/opf1/transactions/v2mst.1',
      'GET /00u1/factors/opf1/transactions/v2mst.1',
    ]);
    expect(okta.vendor.calls[0]!.query.get('filter')).toBe(`profile.login eq "${name}"`);
    expect(okta.pushes[0]!.headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'user-agent': 'Sallyport',
    });
  });

  it('is what one phase waits for where the header names the method', async () => {
    expect((await logIn(world, name, ['okta'])).status).toBe(200);
    okta.begin([{ factorResult: 'REJECTED' }]);
    expect(told(await logIn(world, name, [methodId]))).toEqual([403, { errors: ['permission denied'] }]);
  });

  it('that is rejected says so and counts as a failure', async () => {
    okta.begin([WAITING, { factorResult: 'REJECTED', secret: 'secret of Okta' }]);
    const answer = await finish(world, name, methodId);
    expect(told(answer)).toEqual(refused(name, methodId, REJECTED));
    expect(await countOf(world, entityId)).toEqual({ failures: 1, booked: 0 });
    expect(await openPushes(world, entityId)).toBe(0);
    okta.begin([SUCCESS]);
    expect((await finish(world, name, methodId)).status).toBe(200);
    expect(await countOf(world, entityId)).toEqual({ failures: 0, booked: 0 });
  });

  it.each([
    ['Okta', { factorResult: 'TIMEOUT' }],
    ['this server', WAITING],
  ])('that %s gives up waiting for counts neither way, and stays one of the few', async (_, last) => {
    okta.begin([WAITING, last]);
    expect(told(await finish(world, name, methodId))).toEqual(refused(name, methodId, TIMED_OUT));
    expect(await countOf(world, entityId)).toEqual({ failures: 0, booked: 0 });
    expect(await openPushes(world, entityId)).toBe(1);
    expect(await events(world, entityId, 'sign-in.factor-unanswered')).toBe(1);
  });

  it.each([
    ['with the push', () => ({ sent: NUMBER, statuses: [SUCCESS] })],
    ['later', () => ({ statuses: [WAITING, NUMBER, SUCCESS] })],
    [
      'within the factor',
      () => ({
        statuses: [
          { ...WAITING, _embedded: { factor: { _embedded: { challenge: { correctAnswer: 7 } } } } },
          SUCCESS,
        ],
      }),
    ],
  ])('S25 whose number is asked for %s proves nothing, for a guess could approve it', async (_, state) => {
    Object.assign(okta, state());
    expect(told(await finish(world, name, methodId))).toEqual(
      refused(name, methodId, 'push verification asks for a number that this login cannot show'),
    );
    expect(await openPushes(world, entityId)).toBe(1);
    expect(await countOf(world, entityId)).toEqual({ failures: 0, booked: 0 });
  });

  it('S25 is not sent a fourth time within an hour while three were not answered', async () => {
    for (let sent = 0; sent < 3; sent += 1) {
      okta.begin([{ factorResult: 'TIMEOUT' }]);
      expect((await finish(world, name, methodId)).status).toBe(403);
    }
    okta.begin([SUCCESS]);
    expect(told(await finish(world, name, methodId))).toEqual(refused(name, methodId, throttled(3, 3600)));
    expect(okta.vendor.calls).toEqual([]);
    world.server.clock.advance(3600);
    expect((await finish(world, name, methodId)).status).toBe(200);
  });

  it('S25 counts over all methods of a person', async () => {
    const other = await addOkta();
    for (const id of [methodId, other, methodId]) {
      okta.begin([{ factorResult: 'TIMEOUT' }]);
      await world.root.write(`identity/mfa/login-enforcement/for-${name}`, {
        mfa_method_ids: [id],
        identity_entity_ids: [entityId],
      });
      expect((await finish(world, name, id)).status).toBe(403);
    }
    okta.begin([SUCCESS]);
    expect(told(await finish(world, name, methodId))).toEqual(refused(name, methodId, throttled(3, 3600)));
  });

  it('S25 serves its own login once', async () => {
    const request = await requestOf(world, name);
    expect((await validate(world, request, { [methodId]: [] })).status).toBe(200);
    expect(told(await validate(world, request, { [methodId]: [] }))).toEqual([
      400,
      { errors: ['invalid request ID'] },
    ]);
    expect(okta.pushes.length).toBe(1);
  });

  it('keeps nobody else waiting: no database connection is held meanwhile', async () => {
    waitFor(world, 60_000);
    okta.begin([WAITING]);
    const waiting = [];
    for (let count = 0; count < 3; count += 1) waiting.push(await requestOf(world, name));
    const answers = Promise.all(waiting.map((id) => validate(world, id, { [methodId]: [] })));
    await expect.poll(() => okta.pushes.length, { interval: 5 }).toBe(3);
    await addUser(world, `${name}-else`);
    expect((await logIn(world, `${name}-else`)).status).toBe(200);
    waitFor(world, PATIENCE);
    okta.statuses = [SUCCESS];
    expect((await answers).map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});

describe('a person at Okta', () => {
  it.each([
    ['is not there', () => [], 'no users found for e-mail address'],
    [
      'is there twice',
      () => [okta.users[0]!, { ...okta.users[0]!, id: '00u2' }],
      'more than one user found for e-mail address',
    ],
    ['has no push', () => [{ ...okta.users[0]!, factors: [TOTP_FACTOR] }], NO_PUSH],
    ['has no factor', () => [{ ...okta.users[0]!, factors: [] }], NO_PUSH],
    [
      'has a push that waits for activation',
      () => [{ ...okta.users[0]!, factors: [{ ...PUSH_FACTOR, status: 'PENDING_ACTIVATION' }] }],
      NO_PUSH,
    ],
  ])('who %s is sent no push, and that counts as nothing', async (_, present, reason) => {
    okta.users = present();
    expect(told(await finish(world, name, methodId))).toEqual(refused(name, methodId, reason));
    expect(okta.pushes).toEqual([]);
    expect(await openPushes(world, entityId)).toBe(0);
    expect(await countOf(world, entityId)).toEqual({ failures: 0, booked: 0 });
  });

  it('is found by the e-mail address where the method says so', async () => {
    const id = await addOkta({ primary_email: true, username_format: `${userName(world)}@example.com` });
    await world.root.write(`identity/mfa/login-enforcement/for-${name}`, {
      mfa_method_ids: [id],
      identity_entity_ids: [entityId],
    });
    expect((await finish(world, name, id)).status).toBe(200);
    expect(okta.vendor.calls[0]!.query.get('filter')).toBe(`profile.email eq "${name}@example.com"`);
  });

  it('is nobody else, whatever stands in the name', async () => {
    const id = await addOkta({ username_format: '{{identity.entity.metadata.okta}}' });
    const strange = 'x" or profile.login sw "';
    await world.root.write(`identity/entity/id/${entityId}`, { metadata: { okta: strange } });
    await world.root.write(`identity/mfa/login-enforcement/for-${name}`, {
      mfa_method_ids: [id],
      identity_entity_ids: [entityId],
    });
    expect(told(await finish(world, name, id))).toEqual(
      refused(name, id, 'no users found for e-mail address'),
    );
    okta.users = [{ ...okta.users[0]!, login: strange }];
    expect((await finish(world, name, id)).status).toBe(200);
  });
});

describe('an Okta that does not answer', () => {
  it.each([
    ['refuses the token', () => ({ status: 401, text: '{"errorSummary":"secret of Okta"}' })],
    ['says too many', () => ({ status: 429, text: '{"errorSummary":"secret of Okta"}' })],
    ['says no JSON', () => ({ text: '<html>secret of Okta</html>' })],
    ['says JSON of another shape', () => ({ text: '{"factorResult":"SUCCESS"}' })],
    [
      'sends elsewhere',
      () => ({ status: 302, headers: { Location: `https://127.0.0.1:${okta.vendor.port}/` } }),
    ],
    ['breaks off', () => ({ text: '[{"id":"00u1"}]', broken: 'cut' as const })],
    ['never stops', () => ({ text: '[', broken: 'endless' as const })],
  ])('S87 because it %s, counts neither way and is told nothing of', async (_, reply) => {
    okta.instead = reply;
    const answer = await finish(world, name, methodId);
    expect(told(answer)).toEqual(refused(name, methodId, SILENT));
    expect(answer.text).not.toContain('secret of Okta');
    expect(okta.vendor.calls.length).toBe(1);
    expect(await countOf(world, entityId)).toEqual({ failures: 0, booked: 0 });
    expect(await openPushes(world, entityId)).toBe(0);
  });

  it.each([
    ['refuses the push', { factorResult: 'ERROR' }, [SUCCESS]],
    ['approves what nobody was asked', { factorResult: 'SUCCESS' }, [SUCCESS]],
    ['says something unknown', WAITING, [{ factorResult: 'CANCELLED' }]],
  ])('because it %s, leaves the push among the open ones', async (_, sent, statuses) => {
    Object.assign(okta, { sent, statuses: [...statuses] });
    expect(told(await finish(world, name, methodId))).toEqual(refused(name, methodId, SILENT));
    expect(await openPushes(world, entityId)).toBe(1);
  });

  it('for a moment only is asked again, where the method says and not where the answer leads', async () => {
    let failed = 0;
    okta.instead = ({ path }) => (path.includes('/transactions/') && failed++ < 2 ? { status: 502 } : null);
    expect((await finish(world, name, methodId)).status).toBe(200);
  });

  it.each([
    ['acme', 'okta.test:1'],
    ['acme', 'example.com'],
    ['other', 'okta.test'],
    ['127.0.0.1:1/x', 'okta.com'],
    ['user@127', '0.0.1'],
    ['169', '254.169.254'],
  ])('S87 is what https://%s.%s is, for it is not on the allow list', async (org_name, base_url) => {
    const id = await addOkta({ org_name, base_url });
    await owing(world, `${name}-x`, id);
    expect(told(await finish(world, `${name}-x`, id))).toEqual(refused(`${name}-x`, id, SILENT));
    expect(okta.vendor.calls).toEqual([]);
  });
});

describe('an Okta method', () => {
  it('is told to clients as one that takes no code', async () => {
    const { mfa_requirement } = (await logIn(world, name)).body.auth;
    expect(mfa_requirement.mfa_constraints[`for-${name}`].any).toEqual([
      { type: 'okta', id: methodId, name: 'okta' },
    ]);
  });

  it('is asked for nowhere but at /v1: /admin sends no push and takes no code', async () => {
    expect(await atAdmin(world, name)).toEqual({
      begun: [200, 'AlreadySeeded'],
      proven: [401, 'unauthorized'],
    });
    expect(okta.vendor.calls).toEqual([]);
  });

  const common = {
    type: 'okta',
    namespace_id: 'root',
    namespace_path: '',
    mount_accessor: '',
    org_name: 'acme',
  };

  it.each([
    [{}, { base_url: 'okta.com' }],
    [{ base_url: 'oktapreview.com' }, { base_url: 'oktapreview.com' }],
    [{ production: true }, { production: true }],
    [{ production: 'false' }, { production: false }],
    [{ production: false, base_url: 'okta-emea.com' }, { base_url: 'okta-emea.com' }],
  ])('made with %j shows %j, and never its token', async (fields, shown) => {
    const sent = {
      org_name: 'acme',
      api_token: OktaServer.token,
      username_format: 'u',
      mount_accessor: 'x',
      ...fields,
    };
    const id = (await world.root.write(OKTA, sent)).body.data.method_id;
    expect(id).toEqual(UUID);
    const read = await world.root.read(`${OKTA}/${id}`);
    expect(read.body.data).toEqual({ ...common, id, name: '', username_format: 'u', ...shown });
    expect((await world.root.list(OKTA)).body.data.key_info[id]).toEqual(read.body.data);
    const { rows } = await world.server.database.query(
      'SELECT mfa_methods::text AS row FROM mfa_methods WHERE id = $1',
      [id],
    );
    expect(rows[0].row).not.toContain(OktaServer.token);
    expect(rows[0].row).not.toContain(Buffer.from(OktaServer.token).toString('hex'));
  });

  it.each([
    [{}, 'org_name must be set'],
    [{ api_token: 'x' }, 'org_name must be set'],
    [{ org_name: 'x' }, 'api_token must be set'],
    [
      { org_name: 'x', api_token: 'y', username_format: '{{x}}' },
      'username_format template is invalid: unknown template parameter',
    ],
  ])('is not made with %j', async (fields, text) => {
    expect(told(await world.root.write(OKTA, fields))).toEqual([400, { errors: [text] }]);
    expect(told(await world.root.write(`${OKTA}/${methodId}`, fields))).toEqual([400, { errors: [text] }]);
  });

  it('is replaced whole, but for its name and its template', async () => {
    const id = await addOkta({ method_name: name, primary_email: true });
    expect((await world.root.write(`${OKTA}/${id}`, { org_name: 'other', api_token: 'z' })).status).toBe(204);
    expect((await world.root.read(`${OKTA}/${id}`)).body.data).toEqual({
      ...common,
      id,
      name,
      org_name: 'other',
      base_url: 'okta.com',
      username_format: userName(world),
    });
    expect(
      told(
        await world.root.write(`${OKTA}/00000000-0000-4000-8000-00000000dead`, {
          org_name: 'x',
          api_token: 'y',
        }),
      ),
    ).toEqual([404, { errors: [] }]);
    expect((await world.root.remove(`${OKTA}/${id}`)).status).toBe(204);
    expect((await world.root.read(`${OKTA}/${id}`)).status).toBe(404);
  });
});
