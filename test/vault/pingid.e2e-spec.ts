import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Forgery, PingidServer } from '../support/pingid-server.js';
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
import { addUser, logIn, validate, type World } from './world.js';

const PINGID = `${METHOD}/pingid`;
const WAITING = { errorId: 30_010 };
const OK = { errorId: 200 };
const FAILED = { errorId: 10_569 };
const base64 = (text: string): string => Buffer.from(text).toString('base64');

let world: World;
let pingid: PingidServer;
let methodId: string;
let users = 0;
let name: string;
let entityId: string;

async function addPingid(settings = pingid.settingsFile(), fields: object = {}): Promise<string> {
  const sent = { settings_file_base64: settings, username_format: userName(world), ...fields };
  return (await world.root.write(PINGID, sent)).body.data.method_id;
}

beforeAll(async () => {
  pingid = await PingidServer.start();
  world = await startVendorWorld(`https://127.0.0.1:${pingid.vendor.port}`);
  methodId = await addPingid(undefined, { method_name: 'pingid' });
});
afterAll(async () => {
  await world.stop();
  pingid.vendor.close();
});
beforeEach(async () => {
  users += 1;
  name = `pia${users}`;
  pingid.begin([WAITING, OK]);
  entityId = await owing(world, name, methodId);
});

describe('a push of PingID', () => {
  it('that is approved finishes the login: started, then its state until there is one', async () => {
    const { status, body } = await finish(world, name, methodId);
    expect([status, body.auth.entity_id]).toEqual([200, entityId]);
    expect(pingid.heard.map(({ operation }) => operation)).toEqual([
      'startauthentication',
      'authstatus',
      'authstatus',
    ]);
    expect(pingid.heard[0]!.body).toMatchObject({ spAlias: 'web', userName: name, async: 'true' });
    expect(pingid.heard[1]!.body).toMatchObject({ sessionId: 'webs_1' });
    expect(new Set(pingid.heard.map(({ body }) => body['clientData'])).size).toBe(3);
  });

  it('is what one phase waits for where the header names the method', async () => {
    expect((await logIn(world, name, ['pingid'])).status).toBe(200);
    pingid.begin([FAILED]);
    expect(told(await logIn(world, name, [methodId]))).toEqual([403, { errors: ['permission denied'] }]);
  });

  it('that fails says so, and as nobody knows who failed it stays one of the few', async () => {
    pingid.begin([WAITING, FAILED]);
    const answer = await finish(world, name, methodId);
    expect(told(answer)).toEqual(refused(name, methodId, REJECTED));
    expect(await countOf(world, entityId)).toEqual({ failures: 0, booked: 0 });
    expect(await openPushes(world, entityId)).toBe(1);
  });

  it('is waited for so long and no longer', async () => {
    pingid.begin([WAITING]);
    expect(told(await finish(world, name, methodId))).toEqual(refused(name, methodId, TIMED_OUT));
    expect(await openPushes(world, entityId)).toBe(1);
    expect(await events(world, entityId, 'sign-in.factor-unanswered')).toBe(1);
  });

  it.each([200, 30_001, 30_003, 30_007, 30_008, 10_564, 400])(
    'is not what PingID asks for with code %i: nothing is proven, and it counts as nothing',
    async (errorId) => {
      pingid.started = { errorId, sessionId: 'webs_1' };
      expect(told(await finish(world, name, methodId))).toEqual(
        refused(name, methodId, 'no push-type MFA factor found for user'),
      );
      expect(pingid.heard.length).toBe(1);
      expect(await openPushes(world, entityId)).toBe(0);
    },
  );

  it('S25 is not sent a fourth time within an hour while three were not answered', async () => {
    for (let sent = 0; sent < 3; sent += 1) {
      pingid.begin([FAILED]);
      expect((await finish(world, name, methodId)).status).toBe(403);
    }
    pingid.begin([OK]);
    expect(told(await finish(world, name, methodId))).toEqual(refused(name, methodId, throttled(3, 3600)));
    expect(pingid.vendor.calls).toEqual([]);
    world.server.clock.advance(3600);
    expect((await finish(world, name, methodId)).status).toBe(200);
  });

  it('S25 serves its own login once', async () => {
    const request = await requestOf(world, name);
    expect((await validate(world, request, { [methodId]: [] })).status).toBe(200);
    expect(told(await validate(world, request, { [methodId]: [] }))).toEqual([
      400,
      { errors: ['invalid request ID'] },
    ]);
  });

  it('keeps nobody else waiting: no database connection is held meanwhile', async () => {
    waitFor(world, 60_000);
    pingid.begin([WAITING]);
    const waiting = [];
    for (let count = 0; count < 3; count += 1) waiting.push(await requestOf(world, name));
    const answers = Promise.all(waiting.map((id) => validate(world, id, { [methodId]: [] })));
    const started = () => pingid.heard.filter(({ operation }) => operation === 'startauthentication').length;
    await expect.poll(started, { interval: 5 }).toBe(3);
    await addUser(world, `${name}-else`);
    expect((await logIn(world, `${name}-else`)).status).toBe(200);
    waitFor(world, PATIENCE);
    pingid.statuses = [OK];
    expect((await answers).map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});

describe('a PingID that does not answer', () => {
  it.each<Forgery>(['key', 'token', 'organisation', 'client-data', 'unsigned', 'none-algorithm'])(
    'S87 is what an answer counts as whose %s is wrong',
    async (forged) => {
      pingid.forged = forged;
      const answer = await finish(world, name, methodId);
      expect(told(answer)).toEqual(refused(name, methodId, SILENT));
      expect(await countOf(world, entityId)).toEqual({ failures: 0, booked: 0 });
    },
  );

  it('S25 approves nothing by an answer that was given before', async () => {
    let first: string | null = null;
    pingid.begin([OK]);
    const say = pingid.vendor.answer;
    pingid.vendor.answer = (call) => {
      const reply = say(call);
      if (call.path.includes('authstatus') && typeof reply !== 'string') first ??= reply.text ?? '';
      return call.path.includes('authstatus') ? { text: first! } : reply;
    };
    expect((await finish(world, name, methodId)).status).toBe(200);
    expect(told(await finish(world, name, methodId))).toEqual(refused(name, methodId, SILENT));
    pingid.vendor.answer = say;
  });

  it.each([
    ['says no message', () => ({ text: 'secret of PingID' })],
    [
      'sends elsewhere',
      () => ({ status: 302, headers: { Location: `https://127.0.0.1:${pingid.vendor.port}/` } }),
    ],
    ['breaks off', () => ({ text: 'a.b.c', broken: 'cut' as const })],
    ['never stops', () => ({ broken: 'endless' as const })],
  ])('S87 because it %s, counts neither way and is told nothing of', async (_, reply) => {
    pingid.instead = reply;
    const answer = await finish(world, name, methodId);
    expect(told(answer)).toEqual(refused(name, methodId, SILENT));
    expect(answer.text).not.toContain('secret of');
    expect(await countOf(world, entityId)).toEqual({ failures: 0, booked: 0 });
  });

  it.each([
    ['idp_url=https://127.0.0.1:1/pingid'],
    ['idp_url=https://169.254.169.254/pingid'],
    ['idp_url=http://127.0.0.1/pingid'],
    ['idp_url=file:///etc/passwd'],
    ['idp_url='],
  ])('S87 is what %s is, for it is not on the allow list', async (line) => {
    const id = await addPingid(pingid.settingsFile(line));
    await owing(world, `${name}-x`, id);
    expect(told(await finish(world, `${name}-x`, id))).toEqual(refused(`${name}-x`, id, SILENT));
    expect(pingid.vendor.calls).toEqual([]);
  });
});

describe('a PingID method', () => {
  it('is told to clients as one that takes no code', async () => {
    const { mfa_requirement } = (await logIn(world, name)).body.auth;
    const expected = [{ type: 'pingid', id: methodId, name: 'pingid' }];
    expect(mfa_requirement.mfa_constraints[`for-${name}`].any).toEqual(expected);
  });

  it('is asked for nowhere but at /v1: /admin sends no push and takes no code', async () => {
    expect(await atAdmin(world, name)).toEqual({
      begun: [200, 'AlreadySeeded'],
      proven: [401, 'unauthorized'],
    });
    expect(pingid.vendor.calls).toEqual([]);
  });

  it('shows what its file says, and neither key nor token', async () => {
    const base = `https://127.0.0.1:${pingid.vendor.port}/pingid`;
    const expected = {
      type: 'pingid',
      id: methodId,
      name: 'pingid',
      namespace_id: 'root',
      namespace_path: '',
      use_signature: true,
      idp_url: base,
      org_alias: PingidServer.orgAlias,
      admin_url: base,
      authenticator_url: `${base}/ppm`,
    };
    expect((await world.root.read(`${PINGID}/${methodId}`)).body.data).toEqual(expected);
    expect((await world.root.list(PINGID)).body.data.key_info[methodId]).toEqual(expected);
    const { rows } = await world.server.database.query('SELECT mfa_methods::text AS row FROM mfa_methods');
    for (const secret of [PingidServer.key, PingidServer.token])
      for (const { row } of rows) {
        expect(row).not.toContain(secret);
        expect(row).not.toContain(Buffer.from(secret).toString('hex'));
      }
  });

  it.each([
    ['', 'settings_file_base64 is empty'],
    ['not base64!', 'settings_file_base64 is not base64'],
    [base64('colour=blue'), 'unknown key "colour" in pingid settings file'],
    [base64('# fine\n\nuse_base64_key'), 'pingid settings file has a line that is not key=value'],
    [base64('=x'), 'pingid settings file has a line that is not key=value'],
    [base64('use_signature=maybe'), 'use_signature in pingid settings file is not true or false'],
  ])('is not made of the file %j', async (file, text) => {
    const sent = { settings_file_base64: file };
    expect(told(await world.root.write(PINGID, sent))).toEqual([400, { errors: [text] }]);
    expect(told(await world.root.write(`${PINGID}/${methodId}`, sent))).toEqual([400, { errors: [text] }]);
  });

  it('without a key asks nobody', async () => {
    const id = await addPingid(base64('org_alias=x\r\n'), { method_name: `${name} keyless` });
    const person = await owing(world, `${name}-k`, id);
    const reason = `MFA secret for method name "${name} keyless" not present in entity "${person}"`;
    expect(told(await finish(world, `${name}-k`, id))).toEqual(refused(`${name}-k`, id, reason));
    expect((await world.root.read(`${PINGID}/${id}`)).body.data.org_alias).toBe('x');
  });

  it('is replaced whole, but for its name and its template', async () => {
    const id = await addPingid(undefined, { method_name: name });
    const sent = { settings_file_base64: base64(`use_base64_key=${PingidServer.key}\norg_alias=other`) };
    expect((await world.root.write(`${PINGID}/${id}`, sent)).status).toBe(204);
    expect((await world.root.read(`${PINGID}/${id}`)).body.data).toMatchObject({
      name,
      org_alias: 'other',
      idp_url: '',
    });
    const { rows } = await world.server.database.query(`SELECT config FROM mfa_methods WHERE id = $1`, [id]);
    expect(rows[0].config.usernameFormat).toBe(userName(world));
    expect((await world.root.remove(`${PINGID}/${id}`)).status).toBe(204);
  });
});
