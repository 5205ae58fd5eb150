import { EnrolmentWindowService } from '@sallyport/mfa-methods';
import { SERVER } from '@sallyport/audit';
import { Database } from '@sallyport/platform';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { Authenticator } from '../support/authenticator.js';
import { type Answer, expecting } from '../support/send.js';
import { count, DEFAULT_METHOD, PASSWORD, Stage, together } from '../support/stage.js';

const DAY = 86_400;
const SELF_ENROLL = 'identity/mfa/method/totp/self-enroll';
const CLOSED = { errors: ['self-enrollment is closed for this entity'] };
const ALREADY_SEEDED = { type: 'AlreadySeeded', inputType: 'Numeric' };

let stage: Stage;
let open: string;
let name: string;
let entityId: string;
let people = 0;

beforeAll(async () => {
  stage = await Stage.open(2, { settings: { SALLYPORT_ENROLMENT_WINDOW: '7' } });
  open = await stage.addMethod('open', { enable_self_enrollment: true });
  const policy = 'path "identity/mfa/method/totp/generate" { capabilities = ["update"] }';
  await expecting(204, stage.root.write('sys/policies/acl/own-totp', { policy }));
});
afterAll(() => stage.close());

/** Somebody new who owes the methods. */
async function newcomer(methodIds: string[], at = stage): Promise<void> {
  name = `newcomer-${++people}`;
  await at.addUser(name, { token_policies: 'own-totp' });
  entityId = (await at.vault().logIn(name, PASSWORD)).body.auth.entity_id;
  await at.enforce(`for-${name}`, [entityId], methodIds);
}
beforeEach(() => newcomer([open]));

const enroll = (requestId: string, method = open, at = stage): Promise<Answer> =>
  at.vault().write(SELF_ENROLL, { mfa_method_id: method, mfa_request_id: requestId });

/** Enrols by the password alone. */
async function bindAtVault(method = open): Promise<Authenticator> {
  const requestId = await stage.request(name);
  const { url } = (await expecting(200, enroll(requestId, method))).body.data;
  const authenticator = Authenticator.scan(url);
  await expecting(200, stage.vault().validate(requestId, authenticator.codeAt(stage.now), method));
  return authenticator;
}

async function offered(): Promise<object[]> {
  const { auth } = (await expecting(200, stage.vault().logIn(name, PASSWORD))).body;
  return auth.mfa_requirement.mfa_constraints[`for-${name}`].any;
}

const reset = (method: string): Promise<Answer> =>
  stage.root.write('identity/mfa/method/totp/admin-destroy', { method_id: method, entity_id: entityId });

it('S60 a password alone binds the first factor on day 6 and not on day 8, at /v1', async () => {
  stage.clock.advance(6 * DAY);
  expect(await offered()).toMatchObject([{ self_enrollment_enabled: true }]);
  await bindAtVault();
  await newcomer([open]);
  stage.clock.advance(8 * DAY);
  expect(await offered()).toEqual([{ type: 'totp', id: open, uses_passcode: true, name: 'open' }]);
  expect((await expecting(400, enroll(await stage.request(name)))).body).toEqual(CLOSED);
});

it('S60 a password alone binds the first factor on day 6 and not on day 8, at /admin', async () => {
  await newcomer([DEFAULT_METHOD]);
  stage.clock.advance(6 * DAY);
  const early = await stage.partial(name);
  const { secret } = (await expecting(200, early.post('/authentication/otp/initialize', {}))).body;
  await expecting(200, early.submit(new Authenticator(secret).codeAt(stage.now)));
  await newcomer([DEFAULT_METHOD]);
  stage.clock.advance(8 * DAY);
  const late = await stage.partial(name);
  expect((await expecting(200, late.post('/authentication/otp/initialize', {}))).body).toEqual(
    ALREADY_SEEDED,
  );
  await expecting(401, late.submit('123456'));
  await expecting(412, late.authorize());
});

it('S60 a seed shown inside the window is not confirmed after it', async () => {
  await newcomer([DEFAULT_METHOD]);
  stage.clock.advance(7 * DAY - 200);
  const partial = await stage.partial(name);
  const { secret } = (await expecting(200, partial.post('/authentication/otp/initialize', {}))).body;
  stage.clock.advance(200);
  await expecting(401, partial.submit(new Authenticator(secret).codeAt(stage.now)));
  const bound = 'SELECT 1 FROM factor_history WHERE principal_id = $1 AND method_id IS NOT NULL';
  expect(await stage.rows(bound, [entityId])).toEqual([]);
});

it('S60 a full token earned by a password alone binds no first factor after the window', async () => {
  await expecting(204, stage.root.remove(`identity/mfa/login-enforcement/for-${name}`));
  stage.clock.advance(8 * DAY);
  const { auth } = (await stage.vault().logIn(name, PASSWORD)).body;
  const own = stage.vault().with(auth.client_token);
  const made = await expecting(400, own.write('identity/mfa/method/totp/generate', { method_id: open }));
  expect(made.body).toEqual(CLOSED);
});

it('S60 where no window is set a password alone binds the first factor at any time', async () => {
  const unset = await Stage.open(1);
  const method = await unset.addMethod('open', { enable_self_enrollment: true });
  await newcomer([method], unset);
  unset.clock.advance(400 * DAY);
  const requestId = await unset.request(name);
  const { url } = (await expecting(200, enroll(requestId, method, unset))).body.data;
  await expecting(200, unset.vault().validate(requestId, Authenticator.scan(url).codeAt(unset.now), method));
  await unset.close();
});

it("S60 an administrator's reset reopens the window, for its days and one factor", async () => {
  const lost = await bindAtVault();
  stage.clock.advance(40 * DAY);
  await expecting(204, reset(open));
  stage.clock.advance(6 * DAY);
  await expecting(403, stage.vault().validate(await stage.request(name), lost.codeAt(stage.now), open));
  await bindAtVault();
  // The factor goes in another way than by a reset: the window it was bound in has been used up.
  await stage.rows('DELETE FROM totp_enrollments WHERE principal_id = $1', [entityId]);
  expect((await expecting(400, enroll(await stage.request(name)))).body).toEqual(CLOSED);

  await newcomer([open]);
  await bindAtVault();
  stage.clock.advance(40 * DAY);
  await expecting(204, reset(open));
  stage.clock.advance(7 * DAY);
  expect((await expecting(400, enroll(await stage.request(name)))).body).toEqual(CLOSED);
});

it('S60 a reset of whoever never had a factor reopens a closed window and ends no token', async () => {
  await expecting(204, stage.root.remove(`identity/mfa/login-enforcement/for-${name}`));
  const { auth } = (await stage.vault().logIn(name, PASSWORD)).body;
  await stage.enforce(`for-${name}`, [entityId], [open]);
  await expecting(204, reset(open));
  const reopened = async () =>
    (await stage.rows('SELECT enrolment_reopened_at FROM principals WHERE id = $1', [entityId]))[0]!;
  expect(await reopened()).toEqual({ enrolment_reopened_at: null });
  stage.clock.advance(8 * DAY);
  await expecting(204, reset(open));
  await expecting(200, stage.vault().with(auth.client_token).read('auth/token/lookup-self'));
  await bindAtVault();
});

it('S60 the only administrator, past the window, is let in by the console', async () => {
  const { id } = (await stage.rows(`SELECT principal_id AS id FROM accounts WHERE name = 'admin'`))[0]!;
  await stage.administrator();
  await stage.enforce('for-admin', [id]);
  stage.clock.advance(8 * DAY);
  const partial = await stage.appgate().partial('admin', stage.first.adminPassword);
  expect((await partial.post('/authentication/otp/initialize', {})).body).toEqual(ALREADY_SEEDED);
  const { app } = stage.servers[1]!;
  await app
    .get(Database, { strict: false })
    .transaction((tx) => app.get(EnrolmentWindowService, { strict: false }).reopen(tx, id, SERVER));
  const begun = await expecting(200, partial.post('/authentication/otp/initialize', {}));
  const authenticator = new Authenticator(begun.body.secret);
  await expecting(200, partial.submit(authenticator.codeAt(stage.now)));
  await expecting(204, stage.root.remove('identity/mfa/login-enforcement/for-admin'));
});

it('S60 whoever has a factor adds none with the password alone, in either dialect', async () => {
  const other = await stage.addMethod(`other-${people}`, { enable_self_enrollment: true });
  const mine = await bindAtVault();
  // The rule now takes either: the new one would open what the old one guards.
  await stage.enforce(`for-${name}`, [entityId], [open, other, DEFAULT_METHOD]);
  const any = await offered();
  expect(any.filter((method) => 'self_enrollment_enabled' in method)).toEqual([]);
  expect((await expecting(400, enroll(await stage.request(name), other))).body).toEqual(CLOSED);
  const partial = await stage.partial(name);
  expect((await partial.post('/authentication/otp/initialize', {})).body).toEqual(ALREADY_SEEDED);
  stage.clock.advance(30);
  await expecting(200, partial.submit(mine.codeAt(stage.now)));

  // The rule now wants the built-in one alone.
  await stage.enforce(`for-${name}`, [entityId], [DEFAULT_METHOD]);
  const alone = await stage.partial(name);
  expect((await alone.post('/authentication/otp/initialize', {})).body).toEqual(ALREADY_SEEDED);

  await expecting(204, stage.root.remove(`identity/mfa/login-enforcement/for-${name}`));
  const { auth } = (await stage.vault().logIn(name, PASSWORD)).body;
  const own = stage.vault().with(auth.client_token);
  const made = await expecting(403, own.write('identity/mfa/method/totp/generate', { method_id: other }));
  expect(made.body).toEqual({ errors: ['permission denied'] });
});

it('S60 a login that proves a factor adds another', async () => {
  const other = await stage.addMethod(`other-${people}`, { enable_self_enrollment: true });
  const mine = await bindAtVault();
  await stage.enforce(`also-${name}`, [entityId], [other]);
  stage.clock.advance(30);
  const requestId = await stage.request(name);
  const fresh = Authenticator.scan((await expecting(200, enroll(requestId, other))).body.data.url);
  const payload = { [other]: [fresh.codeAt(stage.now)], [open]: [mine.wrongAt(stage.now)[0]!] };
  const path = 'sys/mfa/validate';
  const wrong = { mfa_request_id: requestId, mfa_payload: payload };
  await expecting(403, stage.vault().write(path, wrong));
  const right = {
    mfa_request_id: requestId,
    mfa_payload: { ...payload, [open]: [mine.codeAt(stage.now)] },
  };
  const { auth } = (await expecting(200, stage.vault().write(path, right))).body;
  const third = await stage.addMethod(`third-${people}`);
  const own = stage.vault().with(auth.client_token);
  await expecting(200, own.write('identity/mfa/method/totp/generate', { method_id: third }));
});

it('S60 a stopped authenticator opens nothing', async () => {
  const other = await stage.addMethod(`other-${people}`, { enable_self_enrollment: true });
  await bindAtVault();
  await stage.rows('UPDATE totp_enrollments SET disabled_at = now() WHERE principal_id = $1', [entityId]);
  await stage.enforce(`for-${name}`, [entityId], [open, other]);
  await stage.enforce(`also-${name}`, [entityId], [other]);
  expect((await expecting(400, enroll(await stage.request(name), other))).body).toEqual(CLOSED);
});

it('S60 of two first factors bound at once, by password alone, one is bound', async () => {
  const other = await stage.addMethod(`other-${people}`, { enable_self_enrollment: true });
  await stage.enforce(`for-${name}`, [entityId], [open, other]);
  const methods = [open, other];
  const attempts: { requestId: string; method: string; code: string }[] = [];
  for (const method of methods) {
    const requestId = await stage.request(name);
    const { url } = (await expecting(200, enroll(requestId, method))).body.data;
    attempts.push({ requestId, method, code: Authenticator.scan(url).codeAt(stage.now) });
  }
  const answers = await together(2, (index) => {
    const { requestId, method, code } = attempts[index]!;
    return stage.vault(index).validate(requestId, code, method);
  });
  expect([count(answers, 200), count(answers, 403)]).toEqual([1, 1]);
  const bound = await stage.rows(
    'SELECT 1 FROM totp_enrollments WHERE principal_id = $1 AND bound_at IS NOT NULL',
    [entityId],
  );
  expect(bound).toHaveLength(1);
});
