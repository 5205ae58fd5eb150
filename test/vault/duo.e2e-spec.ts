import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DuoServer } from '../support/duo-server.js';
import { SILENCE } from '../support/vendor-server.js';
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
  requestOf,
  SILENT,
  startVendorWorld,
  throttled,
  told,
  userName,
  waitFor,
} from './vendor-scene.js';
import { addUser, logIn, UUID, validate, type World } from './world.js';

const DUO = `${METHOD}/duo`;
const PUSHED = { result: 'waiting', status: 'pushed', status_msg: 'Pushed a login request to your phone...' };
const ALLOW = { result: 'allow', status: 'allow', status_msg: 'Success. Logging you in...' };
const DENY = { result: 'deny', status: 'deny', status_msg: 'Login request denied.' };
const KEYS = { secret_key: DuoServer.secretKey, integration_key: DuoServer.integrationKey };
const denied = (message: string): string => `duo authentication failed: "${message}"`;

let world: World;
let duo: DuoServer;
let methodId: string;
let users = 0;
let name: string;
let entityId: string;

beforeAll(async () => {
  duo = await DuoServer.start();
  world = await startVendorWorld(`https://${duo.hostname}`);
  const fields = {
    ...KEYS,
    api_hostname: duo.hostname,
    username_format: userName(world),
    push_info: 'from=login%20portal',
  };
  methodId = (await world.root.write(DUO, { method_name: 'duo', ...fields })).body.data.method_id;
});
afterAll(async () => {
  await world.stop();
  duo.vendor.close();
});
beforeEach(async () => {
  users += 1;
  name = `dora${users}`;
  entityId = await owing(world, name, methodId);
  duo.begin([PUSHED, ALLOW]);
});

describe('a push of Duo', () => {
  it('that is approved finishes the login: preauth, auth, and its status until there is one', async () => {
    const { status, body } = await finish(world, name, methodId);
    expect([status, body.auth.entity_id, body.auth.client_token]).toEqual([
      200,
      entityId,
      expect.any(String),
    ]);
    expect(duo.paths()).toEqual(['preauth', 'auth', 'auth_status', 'auth_status']);
    expect(Object.fromEntries(duo.pushes[0]!)).toEqual({
      async: '1',
      device: 'auto',
      factor: 'push',
      ipaddr: '127.0.0.1',
      pushinfo: 'from=login%20portal',
      username: name,
    });
  });

  it('is what one phase waits for where the header names the method and no code', async () => {
    expect((await logIn(world, name, ['duo'])).status).toBe(200);
    duo.begin([DENY]);
    expect(told(await logIn(world, name, [methodId]))).toEqual([403, { errors: ['permission denied'] }]);
    expect(duo.pushes.length).toBe(1);
  });

  it('that is denied says so with the one line of Duo that is meant for the person, and counts as a failure', async () => {
    duo.begin([PUSHED, DENY]);
    expect(told(await finish(world, name, methodId))).toEqual(
      refused(name, methodId, denied('Login request denied.')),
    );
    expect(await countOf(world, entityId)).toEqual({ failures: 1, booked: 0 });
    expect(await openPushes(world, entityId)).toBe(0);
    duo.begin([
      { ...DENY, status_msg: `no\u001b[2J\n"quoted"\u0000${'x'.repeat(500)}`, secret: 'secret of Duo' },
    ]);
    const { text } = await finish(world, name, methodId);
    expect(text).not.toContain('secret of Duo');
    expect(JSON.parse(text).errors[0]).toContain(denied(`no[2J\\"quoted\\"${'x'.repeat(107)}`));
    duo.begin([ALLOW]);
    expect((await finish(world, name, methodId)).status).toBe(200);
    expect(await countOf(world, entityId)).toEqual({ failures: 0, booked: 0 });
  });

  it('that Duo gives up waiting for counts neither way, and stays one of the few', async () => {
    duo.begin([PUSHED, { result: 'deny', status: 'timeout', status_msg: 'Login timed out.' }]);
    expect(told(await finish(world, name, methodId))).toEqual(
      refused(name, methodId, denied('Login timed out.')),
    );
    expect(await countOf(world, entityId)).toEqual({ failures: 0, booked: 0 });
    expect(await openPushes(world, entityId)).toBe(1);
    expect(await events(world, entityId, 'sign-in.factor-unanswered')).toBe(1);
  });

  it('is waited for so long and no longer', async () => {
    duo.begin([PUSHED]);
    const start = performance.now();
    expect(told(await finish(world, name, methodId))).toEqual(
      refused(name, methodId, denied('Login timed out.')),
    );
    expect(performance.now() - start).toBeLessThan(4_000);
  });

  it('is asked about no longer once the caller has gone', async () => {
    duo.begin([PUSHED]);
    const body = JSON.stringify({
      mfa_request_id: await requestOf(world, name),
      mfa_payload: { [methodId]: [] },
    });
    const stop = new AbortController();
    const call = fetch(`${world.server.url}/v1/sys/mfa/validate`, {
      method: 'POST',
      body,
      signal: stop.signal,
    });
    await expect.poll(() => duo.paths().includes('auth_status'), { interval: 5 }).toBe(true);
    stop.abort();
    await expect(call).rejects.toThrow();
    await expect.poll(() => countOf(world, entityId), { interval: 10 }).toEqual({ failures: 0, booked: 0 });
    const asked = duo.vendor.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(duo.vendor.calls.length).toBe(asked);
    expect(await openPushes(world, entityId)).toBe(1);
  });

  it('S25 serves its own login once: the same request again, or another one, has proven nothing', async () => {
    const [first, second] = [await requestOf(world, name), await requestOf(world, name)];
    expect((await validate(world, first, { [methodId]: [] })).status).toBe(200);
    expect(told(await validate(world, first, { [methodId]: [] }))).toEqual([
      400,
      { errors: ['invalid request ID'] },
    ]);
    duo.begin([DENY]);
    expect((await validate(world, second, { [methodId]: [] })).status).toBe(403);
    expect(duo.pushes.length).toBe(1);
  });

  it('S25 is not sent a fourth time within an hour while three were not answered, from whatever login', async () => {
    for (let sent = 0; sent < 3; sent += 1) {
      duo.begin([{ result: 'deny', status: 'timeout', status_msg: 'Login timed out.' }]);
      expect((await finish(world, name, methodId)).status).toBe(403);
    }
    duo.begin([ALLOW]);
    expect(told(await finish(world, name, methodId))).toEqual(refused(name, methodId, throttled(3, 3600)));
    expect((await logIn(world, name, [methodId])).status).toBe(403);
    expect(duo.vendor.calls).toEqual([]);
    expect(await countOf(world, entityId)).toEqual({ failures: 0, booked: 0 });
    expect((await finish(world, name, methodId, [duo.passcode])).status).toBe(200);
    world.server.clock.advance(3600);
    expect((await finish(world, name, methodId)).status).toBe(200);
  });

  it('S25 counts while it is still open: of five at once three are sent', async () => {
    duo.begin([PUSHED, PUSHED, PUSHED, PUSHED, PUSHED, PUSHED, PUSHED, PUSHED, PUSHED, PUSHED, ALLOW]);
    const requests = [];
    for (let count = 0; count < 5; count += 1) requests.push(await requestOf(world, name));
    const answers = await Promise.all(requests.map((id) => validate(world, id, { [methodId]: [] })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 403, 403]);
    expect(duo.pushes.length).toBe(3);
  });

  it('S25 that was answered does not count, either way', async () => {
    for (let sent = 0; sent < 4; sent += 1) {
      duo.begin([sent % 2 === 0 ? DENY : ALLOW]);
      expect((await finish(world, name, methodId)).status).toBe(sent % 2 === 0 ? 403 : 200);
    }
  });

  it('keeps nobody else waiting: no database connection is held meanwhile', async () => {
    waitFor(world, 60_000);
    duo.begin([PUSHED]);
    const waiting = [];
    for (let count = 0; count < 3; count += 1) waiting.push(await requestOf(world, name));
    const answers = Promise.all(waiting.map((id) => validate(world, id, { [methodId]: [] })));
    await expect.poll(() => duo.pushes.length, { interval: 5 }).toBe(3);
    await addUser(world, `${name}-else`);
    expect((await logIn(world, `${name}-else`)).status).toBe(200);
    waitFor(world, PATIENCE);
    duo.statuses = [ALLOW];
    expect((await answers).map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});

describe('a passcode of Duo', () => {
  it('is sent where one was typed, and no push', async () => {
    expect((await finish(world, name, methodId, [`passcode=${duo.passcode}`])).status).toBe(200);
    expect((await logIn(world, name, [`duo:${duo.passcode}`])).status).toBe(200);
    expect(duo.paths()).toEqual(['preauth', 'auth', 'preauth', 'auth']);
    expect(duo.pushes).toEqual([]);
  });

  it('that is wrong counts: five are free, then there is a wait', async () => {
    const request = await requestOf(world, name);
    const wrong = () => validate(world, request, { [methodId]: ['000000'] });
    for (let tried = 0; tried < 5; tried += 1)
      expect(told(await wrong())).toEqual(
        refused(name, methodId, denied('Incorrect passcode. Please try again.')),
      );
    const asked = duo.vendor.calls.length;
    expect(told(await wrong())).toEqual(refused(name, methodId, throttled(5, 30)));
    expect(duo.vendor.calls.length).toBe(asked);
    world.server.clock.advance(30);
    expect((await validate(world, request, { [methodId]: [duo.passcode] })).status).toBe(200);
  });

  it('S20 is not asked about after a hundred failures in a row', async () => {
    await finish(world, name, methodId, ['000000']);
    await world.server.database.query('UPDATE factor_throttles SET failures = 100 WHERE principal_id = $1', [
      entityId,
    ]);
    duo.begin([ALLOW]);
    expect(told(await finish(world, name, methodId, [duo.passcode]))).toEqual(
      refused(name, methodId, 'failed to validate TOTP passcode'),
    );
    expect(duo.vendor.calls).toEqual([]);
  });
});

describe('what Duo says beforehand', () => {
  it.each([
    [{ result: 'deny', status_msg: 'Your account is disabled.' }, denied('Your account is disabled.')],
    [
      { result: 'enroll', status_msg: 'Enroll an authentication device to proceed.' },
      denied('Enroll an authentication device to proceed.'),
    ],
    [{ result: 'allow', status_msg: 'Logging you in...' }, denied('Bypass is not accepted.')],
    [{ result: 'new', status_msg: '' }, denied('')],
  ])('%j sends no push and counts as nothing', async (preauth, reason) => {
    duo.begin([ALLOW], preauth);
    expect(told(await finish(world, name, methodId))).toEqual(refused(name, methodId, reason));
    expect(duo.paths()).toEqual(['preauth']);
    expect(await countOf(world, entityId)).toEqual({ failures: 0, booked: 0 });
    expect(await openPushes(world, entityId)).toBe(0);
  });
});

describe('a Duo that does not answer', () => {
  it.each([
    ['keeps silent', () => ({ status: 200, text: '{}', delayMs: 6_000 })],
    ['says no JSON', () => ({ status: 200, text: '<html>secret of Duo</html>' })],
    ['says JSON of another shape', () => ({ status: 200, text: '["allow"]' })],
    ['says that it failed', () => ({ status: 200, text: '{"stat":"FAIL","message":"secret of Duo"}' })],
    [
      'approves under another status',
      () => ({ status: 500, text: '{"stat":"OK","response":{"result":"allow"}}' }),
    ],
    [
      'sends elsewhere',
      () => ({ status: 302, headers: { Location: `https://127.0.0.1:${duo.vendor.port}/auth/v2/preauth2` } }),
    ],
    ['breaks off', () => ({ text: '{"stat":"OK","response":{"result":"allow"}}', broken: 'cut' as const })],
    ['never stops', () => ({ text: '{"stat":"OK",', broken: 'endless' as const })],
  ])(
    'S87 because it %s, counts neither way and is told nothing of',
    async (_, reply) => {
      duo.instead = reply;
      const answer = await finish(world, name, methodId, ['123456']);
      expect(told(answer)).toEqual(refused(name, methodId, SILENT));
      expect(answer.text).not.toContain('secret of Duo');
      expect(duo.paths()).toEqual(['preauth']);
      expect(await countOf(world, entityId)).toEqual({ failures: 0, booked: 0 });
      expect(await events(world, entityId, 'sign-in.factor-unanswered')).toBe(1);
    },
    15_000,
  );

  it('after a push may have gone out leaves it among the open ones', async () => {
    duo.instead = ({ path }) => (path === '/auth/v2/auth' ? { status: 500 } : null);
    expect(told(await finish(world, name, methodId))).toEqual(refused(name, methodId, SILENT));
    expect(await openPushes(world, entityId)).toBe(1);
    duo.instead = ({ path }) => (path === '/auth/v2/auth_status' ? { status: 500 } : null);
    expect(told(await finish(world, name, methodId))).toEqual(refused(name, methodId, SILENT));
    expect(await openPushes(world, entityId)).toBe(2);
  });

  it('for a moment only is asked again', async () => {
    let failed = 0;
    duo.instead = ({ path }) => (path === '/auth/v2/auth_status' && failed++ < 2 ? { status: 502 } : null);
    expect((await finish(world, name, methodId)).status).toBe(200);
  });

  it.each([
    '127.0.0.1:1',
    'api-1.duosecurity.com',
    '169.254.169.254',
    '[::1]',
    '2130706433',
    'user:word@127.0.0.1',
    '127.0.0.1/auth/v2/../..',
    '127.0.0.1#',
  ])('S87 is what %s is, for it is not on the allow list', async (api_hostname) => {
    const id = (await world.root.write(DUO, { ...KEYS, api_hostname, username_format: userName(world) })).body
      .data.method_id;
    await owing(world, `${name}-x`, id);
    expect(told(await finish(world, `${name}-x`, id))).toEqual(refused(`${name}-x`, id, SILENT));
    expect(duo.vendor.calls).toEqual([]);
  });

  it('S87 is what a Duo with another key is: nothing of its refusal is told', async () => {
    const fields = { ...KEYS, secret_key: 'x', api_hostname: duo.hostname, username_format: userName(world) };
    const id = (await world.root.write(DUO, fields)).body.data.method_id;
    await owing(world, `${name}-k`, id);
    expect(told(await finish(world, `${name}-k`, id))).toEqual(refused(`${name}-k`, id, SILENT));
  });

  it('keeps silent for 5 seconds at most', async () => {
    duo.instead = () => SILENCE;
    const start = performance.now();
    await finish(world, name, methodId, ['123456']);
    expect(performance.now() - start).toBeGreaterThan(4_500);
    expect(performance.now() - start).toBeLessThan(7_000);
  }, 15_000);
});

describe('a Duo method', () => {
  it('is told to clients as one that takes a code where it says so', async () => {
    const { mfa_requirement } = (await logIn(world, name)).body.auth;
    expect(mfa_requirement.mfa_constraints[`for-${name}`].any).toEqual([
      { type: 'duo', id: methodId, name: 'duo' },
    ]);
    const fields = { ...KEYS, api_hostname: duo.hostname, use_passcode: 'true' };
    const id = (await world.root.write(DUO, fields)).body.data.method_id;
    await owing(world, `${name}-p`, id);
    const owed = (await logIn(world, `${name}-p`)).body.auth.mfa_requirement;
    expect(owed.mfa_constraints[`for-${name}-p`].any).toEqual([{ type: 'duo', id, uses_passcode: true }]);
  });

  it('knows people by their entity name unless told otherwise', async () => {
    const id = (await world.root.write(DUO, { ...KEYS, api_hostname: duo.hostname })).body.data.method_id;
    const person = await owing(world, `${name}-n`, id);
    expect((await finish(world, `${name}-n`, id)).status).toBe(200);
    const { data } = (await world.root.read(`identity/entity/id/${person}`)).body;
    expect(duo.pushes[0]!.get('username')).toBe(data.name);
  });

  it('asks nobody about a person who has no name there', async () => {
    const username_format = '{{identity.entity.metadata.duo}}';
    const fields = { ...KEYS, api_hostname: duo.hostname, method_name: 'by metadata', username_format };
    const id = (await world.root.write(DUO, fields)).body.data.method_id;
    const person = await owing(world, `${name}-m`, id);
    const reason = `MFA secret for method name "by metadata" not present in entity "${person}"`;
    expect(told(await finish(world, `${name}-m`, id))).toEqual(refused(`${name}-m`, id, reason));
    await world.root.write(`identity/entity/id/${person}`, { metadata: { duo: 'dd' } });
    expect((await finish(world, `${name}-m`, id)).status).toBe(200);
    expect(duo.pushes[0]!.get('username')).toBe('dd');
  });

  it('is asked for nowhere but at /v1: /admin sends no push and takes no code', async () => {
    expect(await atAdmin(world, name)).toEqual({
      begun: [200, 'AlreadySeeded'],
      proven: [401, 'unauthorized'],
    });
    expect(duo.vendor.calls).toEqual([]);
    expect(await events(world, entityId, 'sign-in.factor-refused')).toBe(1);
  });

  it('shows itself without its keys, and lies sealed', async () => {
    const expected = {
      type: 'duo',
      id: methodId,
      name: 'duo',
      namespace_id: 'root',
      namespace_path: '',
      api_hostname: duo.hostname,
      pushinfo: 'from=login%20portal',
      mount_accessor: '',
      username_format: userName(world),
      use_passcode: false,
    };
    expect((await world.root.read(`${DUO}/${methodId}`)).body.data).toEqual(expected);
    expect((await world.root.read(`${METHOD}/${methodId}`)).body.data).toEqual(expected);
    expect((await world.root.list(DUO)).body.data.key_info[methodId]).toEqual(expected);
    expect((await world.root.list(METHOD)).body.data.key_info[methodId]).toEqual(expected);
    const { rows } = await world.server.database.query('SELECT mfa_methods::text AS row FROM mfa_methods');
    for (const key of Object.values(KEYS))
      for (const { row } of rows) {
        expect(row).not.toContain(key);
        expect(row).not.toContain(Buffer.from(key).toString('hex'));
      }
  });

  it('S65 whose sealed keys are moved to another method opens nothing', async () => {
    const id = (await world.root.write(DUO, { ...KEYS, api_hostname: duo.hostname })).body.data.method_id;
    await owing(world, `${name}-s`, id);
    const move = `UPDATE mfa_methods SET sealed_vendor_secrets =
      (SELECT sealed_vendor_secrets FROM mfa_methods WHERE id = $1) WHERE id = $2`;
    await world.server.database.query(move, [methodId, id]);
    expect((await finish(world, `${name}-s`, id)).status).toBe(500);
    expect(duo.vendor.calls).toEqual([]);
  });

  it.each([
    [{ secret_key: '' }, 'secret_key is empty'],
    [{ integration_key: '' }, 'integration_key is empty'],
    [{ api_hostname: '' }, 'api_hostname is empty'],
    [{ secret_key: '', integration_key: '', api_hostname: '' }, 'secret_key is empty'],
    [{ integration_key: '', api_hostname: '' }, 'integration_key is empty'],
    [{ username_format: '{{nonsense}}' }, 'username_format template is invalid: unknown template parameter'],
    [
      { username_format: '{{identity.entity.name' },
      'username_format template is invalid: unbalanced templating characters',
    ],
  ])('is not made with %j', async (fields, text) => {
    const sent = { ...KEYS, api_hostname: 'h', ...fields };
    expect(told(await world.root.write(DUO, sent))).toEqual([400, { errors: [text] }]);
    expect(told(await world.root.write(`${DUO}/${methodId}`, sent))).toEqual([400, { errors: [text] }]);
  });

  it('is replaced whole, but for its name and its template', async () => {
    const fields = {
      ...KEYS,
      api_hostname: 'one',
      push_info: 'a=b',
      use_passcode: true,
      username_format: 'u',
      mount_accessor: 'm',
    };
    const id = (await world.root.write(DUO, { method_name: `${name}/made`, ...fields })).body.data.method_id;
    expect(id).toEqual(UUID);
    expect((await world.root.write(`${DUO}/${id}`, { ...KEYS, api_hostname: 'two' })).status).toBe(204);
    const { data } = (await world.root.read(`${DUO}/${id}`)).body;
    expect(data).toMatchObject({
      name: `${name}/made`,
      api_hostname: 'two',
      pushinfo: '',
      use_passcode: false,
      username_format: 'u',
      mount_accessor: '',
    });
    const again = await world.root.write(DUO, {
      method_name: `${name}/MADE`,
      ...KEYS,
      api_hostname: 'three',
    });
    expect(again.body.data.method_id).toBe(id);
    expect((await world.root.read(`${DUO}/${id}`)).body.data).toMatchObject({
      api_hostname: 'three',
      username_format: 'u',
    });
    await world.root.write(`${DUO}/${id}`, {
      ...KEYS,
      api_hostname: 'two',
      username_format: '',
      method_name: '',
    });
    expect((await world.root.read(`${DUO}/${id}`)).body.data).toMatchObject({
      name: '',
      username_format: '',
    });
  });

  it('does not take the name of another type, nor its id', async () => {
    const text = `a login MFA method configuration with the method name default already exists`;
    const sent = { ...KEYS, api_hostname: 'h', method_name: 'default' };
    expect(told(await world.root.write(DUO, sent))).toEqual([400, { errors: [text] }]);
    expect(told(await world.root.write(`${DUO}/${methodId}`, sent))).toEqual([
      400,
      { errors: [`1 error occurred:\n\t* ${text}\n\n`] },
    ]);
    expect((await world.root.write(`${METHOD}/totp/${methodId}`, { issuer: 'x' })).status).toBe(404);
    expect(
      (await world.root.write(`${METHOD}/okta/${methodId}`, { org_name: 'x', api_token: 'y' })).status,
    ).toBe(404);
    expect(told(await world.root.read(`${METHOD}/okta/${methodId}`))).toEqual([
      400,
      { errors: ['failed to find the method ID under MFA type okta.'] },
    ]);
    expect((await world.root.remove(`${METHOD}/okta/${methodId}`)).status).toBe(400);
    expect((await world.root.read(`${DUO}/${methodId}`)).status).toBe(200);
  });

  it('in use is not deleted; then it goes with its counts', async () => {
    const id = (await world.root.write(DUO, { ...KEYS, api_hostname: duo.hostname })).body.data.method_id;
    await owing(world, `${name}-d`, id);
    await finish(world, `${name}-d`, id, ['000000']);
    const enforcement = (await world.root.read(`identity/mfa/login-enforcement/for-${name}-d`)).body.data.id;
    const text = `methodID is still used by an enforcement configuration with ID: ${enforcement}`;
    expect(told(await world.root.remove(`${DUO}/${id}`))).toEqual([
      400,
      { errors: [`1 error occurred:\n\t* ${text}\n\n`] },
    ]);
    await world.root.remove(`identity/mfa/login-enforcement/for-${name}-d`);
    expect((await world.root.remove(`${DUO}/${id}`)).status).toBe(204);
    expect(told(await world.root.read(`${DUO}/${id}`))).toEqual([404, { errors: [] }]);
    const { rows } = await world.server.database.query(
      'SELECT 1 FROM factor_throttles WHERE method_id = $1',
      [id],
    );
    expect(rows).toEqual([]);
  });
});
