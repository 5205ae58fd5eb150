import { expect } from 'vitest';
import { credentials, DEVICE } from '../support/appgate-client.js';
import { Authenticator } from '../support/authenticator.js';
import { failOn } from '../support/faults.js';
import { expecting } from '../support/send.js';
import { PASSWORD } from '../support/stage.js';
import { plant } from './leak-marks.js';
import { answers, keep, keepCode, keepSeed, newAdministrator, scene, WALKER_PASSWORD } from './leak-scene.js';
import { walk, walkAsNobody, walkValid } from './leak-walk.js';

/** Everything that signs somebody in or gives somebody a secret, with right secrets. */
export async function signInEveryWay(): Promise<void> {
  await periodWithRoom();
  const password = plant('password');
  await newAdministrator('ada', password);
  const { auth } = (await expecting(200, scene.stage.vault().logIn('ada', password))).body;
  keep(auth.client_token, 'a token of /v1');
  await scene.stage.enforce('for-ada', [auth.entity_id]);
  const begun = await scene.stage.appgate().partial('ada', password);
  keep(begun.token!, 'a partial token');
  const initialized = await expecting(
    200,
    begun.post('/authentication/otp/initialize', { userPassword: password }),
  );
  const authenticator = keepSeed(new Authenticator(initialized.body.secret));
  const code = (steps: number) => authenticator.codeAt(new Date(), steps);
  expect((await begun.submit(authenticator.wrongAt(new Date())[0]!)).status).toBeGreaterThanOrEqual(400);
  const proven = begun.with((await expecting(200, begun.submit(keepCode(code(-1))))).body.token);
  keep(proven.token!, 'a proven partial token');
  const final = proven.with((await expecting(200, proven.authorize())).body.token);
  keep(final.token!, 'a final token');
  const first = (await expecting(200, scene.stage.vault().logIn('ada', password))).body.auth;
  const requestId = keep(first.mfa_requirement.mfa_request_id, 'an mfa_request_id');
  const second = await expecting(200, scene.stage.vault().validate(requestId, keepCode(code(0))));
  keep(second.body.auth.client_token, 'a token of /v1');
  const { data } = (await expecting(200, final.get('/sallyport/me/authenticators'))).body;
  const path = `/sallyport/me/authenticators/${data[0].id}/replacement`;
  const replacing = await expecting(200, final.post(path, { code: keepCode(code(1)) }));
  keepSeed(Authenticator.scan(replacing.body.otpAuthUrl));
  await activate();
  await enrolOneself();
  const created = await scene.stage.root.write('auth/token/create', { policies: 'default' });
  keep(created.body.auth.client_token, 'a token of /v1');
}

/** The child's clock is the real one: no period ends between making a code of it and sending it. */
async function periodWithRoom(): Promise<void> {
  const left = 30_000 - (Date.now() % 30_000);
  if (left < 8_000) await new Promise((resolve) => setTimeout(resolve, left));
}

/** What people do about their seeds by themselves at /v1. */
async function enrolOneself(): Promise<void> {
  const method_id = await scene.stage.addMethod('open', { enable_self_enrollment: true });
  await scene.stage.addUser('newcomer');
  const { auth } = (await expecting(200, scene.stage.vault().logIn('newcomer', keep(PASSWORD, 'a password'))))
    .body;
  await scene.stage.enforce('for-newcomer', [auth.entity_id], [method_id]);
  const mfa_request_id = keep(await scene.stage.request('newcomer'), 'an mfa_request_id');
  const seeds = 'identity/mfa/method/totp';
  const enrolment = { mfa_method_id: method_id, mfa_request_id };
  const begun = await expecting(200, scene.stage.vault().write(`${seeds}/self-enroll`, enrolment));
  const first = keepSeed(Authenticator.scan(begun.body.data.url));
  const payload = { mfa_request_id, mfa_payload: { [method_id]: [keepCode(first.codeAt(new Date(), -1))] } };
  const token = (await expecting(200, scene.stage.vault().write('sys/mfa/validate', payload))).body.auth
    .client_token;
  const me = scene.stage.vault().with(keep(token, 'a token of /v1'));
  const mfa_payload = { [method_id]: [keepCode(first.codeAt(new Date()))] };
  const reset = await expecting(200, me.write(`${seeds}/self-reset`, { method_id, mfa_payload }));
  const second = keepSeed(Authenticator.scan(reset.body.data.url));
  const passcode = keepCode(second.codeAt(new Date()));
  expect((await me.write(`${seeds}/self-reset/confirm`, { method_id, passcode })).status).toBeLessThan(300);
}

async function activate(): Promise<void> {
  await scene.stage.addUser('grace', { password: plant('password') });
  const path = '/sallyport/users/CN=grace,OU=local/activation-code';
  const { body } = await expecting(200, scene.admin.post(path));
  const code = keep(body.code, 'an activation code');
  const fields = {
    providerName: 'local',
    deviceId: DEVICE,
    username: 'grace',
    newPassword: plant('password'),
  };
  for (const given of [plant('activation'), code])
    answers.push({
      what: 'POST /admin/sallyport/activations',
      answer: await scene.stage.appgate().post('/sallyport/activations', { ...fields, code: given }),
    });
}

/** Every valid body once more, while the database refuses something. */
export async function walkWithFaults(): Promise<void> {
  const refusal = (path: string, password: string) =>
    scene.stage.appgate().post(path, credentials('walker', password));
  for (const [table, moments] of [
    ['audit_events', ['INSERT']],
    ['tokens', ['INSERT', 'UPDATE']],
    ['password_throttles', ['INSERT', 'UPDATE']],
  ] as const) {
    const mend = await failOn(scene.stage.first.database, table, [...moments]);
    const what = `while ${table} cannot be written`;
    if (table === 'audit_events') await walk((route, url) => walkValid(route, url, what));
    for (const path of ['/login', '/authentication'])
      for (const password of [WALKER_PASSWORD, plant('password')])
        answers.push({ what, answer: await refusal(path, password) });
    for (const password of [WALKER_PASSWORD, plant('password')])
      answers.push({
        what,
        answer: await scene.stage.vault().logIn('walker', password, [`default:${plant('code')}`]),
      });
    await mend();
  }
  await scene.stage.rows('ALTER TABLE tokens RENAME TO planted_away');
  await walkAsNobody();
  await scene.stage.rows('ALTER TABLE planted_away RENAME TO tokens');
  const cut = walkAsNobody();
  for (let round = 0; round < 5; round += 1) {
    await scene.stage
      .rows(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()',
      )
      .catch(() => []);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await cut;
}
