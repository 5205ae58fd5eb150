import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { AppgateClient } from '../support/appgate-client.js';
import { Authenticator } from '../support/authenticator.js';
import { failOn } from '../support/faults.js';
import { expecting } from '../support/send.js';
import { count, DEFAULT_METHOD, PASSWORD, type Player, Stage, together } from '../support/stage.js';

const ME = '/sallyport/me/authenticators';

let stage: Stage;
let player: Player;
let people = 0;
beforeAll(async () => {
  stage = await Stage.open(2);
});
afterAll(() => stage.close());

beforeEach(async () => {
  people += 1;
  player = await stage.addPlayer(`owner-${people}`);
  await stage.makeAdministrator(player.name);
  stage.clock.advance(60);
});

/** A final token that a password alone has earned. */
const byPassword = (replica = 0) => stage.appgate(replica).final(player.name, PASSWORD);

/** The same, proven anew with a code. */
async function fresh(replica = 0): Promise<AppgateClient> {
  stage.clock.advance(30);
  const client = await byPassword(replica);
  const { token } = (
    await expecting(200, client.post('/sallyport/me/step-up', await proofBy(client, stage.code(player))))
  ).body;
  return client.with(token);
}

async function proofBy(client: AppgateClient, code: string): Promise<object> {
  return { code, authenticatorId: await idOf(client, DEFAULT_METHOD) };
}

async function idOf(client: AppgateClient, methodId: string): Promise<string> {
  const { data } = (await expecting(200, client.get(ME))).body;
  return data.find((one: { methodId: string }) => one.methodId === methodId).id;
}

async function addSecond(): Promise<{ methodId: string; authenticator: Authenticator }> {
  const methodId = await stage.addMethod(`second-${people}`);
  return { methodId, authenticator: await stage.seed(player.entityId, methodId) };
}

it('S61 renaming and removing, and changing an address, with a proof of four and of six minutes ago', async () => {
  const { methodId } = await addSecond();
  const client = await fresh();
  const id = await idOf(client, methodId);
  const acts = [
    () => client.put(`${ME}/${id}`, { name: 'my telephone' }),
    () => client.put('/sallyport/me', { firstName: 'F', lastName: 'L', email: `${people}@example.com` }),
    () => client.put('/sallyport/me', { firstName: 'F', lastName: 'L', phone: '+1-202-555-0172' }),
    () => client.delete(`${ME}/${id}`),
  ];
  stage.clock.advance(360);
  for (const act of acts) await expecting(412, act());
  const again = await fresh();
  stage.clock.advance(240);
  await expecting(200, again.put(`${ME}/${id}`, { name: 'my telephone' }));
  await expecting(
    200,
    again.put('/sallyport/me', { firstName: 'F', lastName: 'L', email: 'new@example.com', phone: '+1' }),
  );
  await expecting(204, again.delete(`${ME}/${id}`));
});

it('S61 where a factor is bound a password of just now is no proof, whatever comes with it', async () => {
  const client = await byPassword();
  const id = await idOf(client, DEFAULT_METHOD);
  await expecting(412, client.put(`${ME}/${id}`, { name: 'mine' }));
  const { token } = (await expecting(200, client.post('/sallyport/me/step-up', { password: PASSWORD }))).body;
  await expecting(412, client.with(token).put(`${ME}/${id}`, { name: 'mine' }));
  await expecting(412, client.with(token).delete(`${ME}/${id}`));
});

it('S61 without a factor the proof is the password, of the last five minutes', async () => {
  const name = `plain-${people}`;
  await stage.addUser(name);
  await stage.makeAdministrator(name);
  const client = await stage.appgate().final(name, PASSWORD);
  const move = (caller: AppgateClient, email: string) =>
    caller.put('/sallyport/me', { firstName: 'F', lastName: 'L', email });
  stage.clock.advance(240);
  await expecting(200, move(client, 'one@example.com'));
  stage.clock.advance(120);
  await expecting(401, move(client, 'two@example.com'));
  await expecting(200, move(client, 'one@example.com'));
  await expecting(401, client.post('/sallyport/me/step-up', { password: 'wrong' }));
  const { token } = (await expecting(200, client.post('/sallyport/me/step-up', { password: PASSWORD }))).body;
  await expecting(200, move(client.with(token), 'two@example.com'));
});

it('S61 a token of /v1 traded here has proven no password of late, however new it is', async () => {
  const name = `foreign-${people}`;
  await stage.addUser(name);
  await stage.makeAdministrator(name);
  const { auth } = (await expecting(200, stage.vault().logIn(name, PASSWORD))).body;
  stage.clock.advance(3600);
  const traded = (await expecting(200, stage.appgate().with(auth.client_token).authorize())).body.token;
  const fields = { firstName: 'F', lastName: 'L', email: 'x@example.com' };
  await expecting(401, stage.appgate().with(traded).put('/sallyport/me', fields));
});

it('S61 a partial token kept for nine minutes proves the password of nine minutes ago', async () => {
  const name = `slow-${people}`;
  await stage.addUser(name);
  await stage.makeAdministrator(name);
  const partial = await stage.partial(name);
  stage.clock.advance(540);
  const { token } = (await expecting(200, partial.authorize())).body;
  const fields = { firstName: 'F', lastName: 'L', email: 'x@example.com' };
  await expecting(401, stage.appgate().with(token).put('/sallyport/me', fields));
});

it('S61 a removed factor is dead on the other replica at once, also for a sign-in already begun', async () => {
  const { methodId, authenticator } = await addSecond();
  await stage.enforce(`either-${people}`, [player.entityId], [DEFAULT_METHOD, methodId]);
  const requestId = await stage.request(player.name, 1);
  const client = stage.appgate().with(await factorToken());
  await expecting(204, client.delete(`${ME}/${await idOf(client, methodId)}`));
  const code = authenticator.codeAt(stage.now);
  await expecting(403, stage.vault(1).validate(requestId, code, methodId));
  const again = await stage.request(player.name, 1);
  await expecting(403, stage.vault(1).validate(again, code, methodId));
  await expecting(200, client.at(stage.servers[1]!.url).get(ME));
});

/** A final token whose sign-in owed a factor and proved it. */
async function factorToken(): Promise<string> {
  stage.clock.advance(30);
  const partial = await stage.partial(player.name);
  const { token } = (await expecting(200, partial.submit(stage.code(player)))).body;
  return (await expecting(200, partial.with(token).authorize())).body.token;
}

it('S39 removing a factor ends every other token of the owner in both dialects', async () => {
  const { methodId } = await addSecond();
  const other = await byPassword(1);
  const { auth } = (await expecting(200, stage.vault(1).logIn(player.name, PASSWORD))).body;
  const client = await fresh();
  await expecting(204, client.delete(`${ME}/${await idOf(client, methodId)}`));
  await expecting(401, other.get(ME));
  await expecting(403, stage.vault(1).with(auth.client_token).read('auth/token/lookup-self'));
  await expecting(200, client.get(ME));
});

const LAST = { id: 'conflict', message: 'A required factor must remain.' };

it('S62 the last factor that is required stays', async () => {
  await stage.enforce(`for-${people}`, [player.entityId]);
  const client = stage.appgate().with(await factorToken());
  const refused = await client.delete(`${ME}/${await idOf(client, DEFAULT_METHOD)}`);
  expect([refused.status, refused.body]).toEqual([409, LAST]);
  await expecting(204, stage.root.remove(`identity/mfa/login-enforcement/for-${people}`));
  await expecting(204, client.delete(`${ME}/${await idOf(client, DEFAULT_METHOD)}`));
});

it('S62 of two that are removed at once, 200 times over both replicas, one stays', async () => {
  const { methodId } = await addSecond();
  await stage.enforce(`pair-${people}`, [player.entityId], [DEFAULT_METHOD, methodId]);
  const client = stage.appgate().with(await factorToken());
  const ids = [await idOf(client, DEFAULT_METHOD), await idOf(client, methodId)];
  const answers = await together(200, (index) =>
    client.at(stage.servers[index % 2]!.url).delete(`${ME}/${ids[(index >> 1) % 2]}`),
  );
  expect(count(answers, 204)).toBe(1);
  const { data } = (await expecting(200, client.get(ME))).body;
  expect(data).toHaveLength(1);
});

it('S62 a factor that failures have stopped counts as absent', async () => {
  const { methodId } = await addSecond();
  await stage.enforce(`pair-${people}`, [player.entityId], [DEFAULT_METHOD, methodId]);
  await stage.rows(
    `INSERT INTO factor_throttles (principal_id, method_id, failures, updated_at) VALUES ($1, $2, 100, now())`,
    [player.entityId, methodId],
  );
  const client = stage.appgate().with(await factorToken());
  const refused = await client.delete(`${ME}/${await idOf(client, DEFAULT_METHOD)}`);
  expect([refused.status, refused.body]).toEqual([409, LAST]);
  await expecting(204, client.delete(`${ME}/${await idOf(client, methodId)}`));
});

it("S61 another person's authenticator is not there", async () => {
  const client = await fresh();
  const other = await stage.addPlayer(`other-${people}`);
  const [row] = await stage.rows('SELECT id FROM totp_enrollments WHERE principal_id = $1', [other.entityId]);
  await expecting(404, client.put(`${ME}/${row!.id}`, { name: 'mine' }));
  await expecting(404, client.delete(`${ME}/${row!.id}`));
  await expecting(404, client.post(`${ME}/${row!.id}/replacement`, { code: stage.code(other) }));
});

it('S38 S61 a step-up makes a new token, ends the old one, and lengthens nothing', async () => {
  const client = await byPassword();
  const before = (await expecting(200, client.authorize())).body.expires;
  stage.clock.advance(600);
  const body = (await expecting(200, client.post('/sallyport/me/step-up', { code: stage.code(player) })))
    .body;
  expect([body.expires, body.token === client.token]).toEqual([before, false]);
  await expecting(401, client.at(stage.servers[1]!.url).get(ME));
  await expecting(200, client.with(body.token).at(stage.servers[1]!.url).get(ME));
});

it('S38 of 50 step-ups at once with one code one succeeds', async () => {
  const client = await byPassword();
  const code = stage.code(player);
  const answers = await together(50, (index) =>
    client.at(stage.servers[index % 2]!.url).post('/sallyport/me/step-up', { code }),
  );
  expect(count(answers, 200)).toBe(1);
  const { data } = (
    await expecting(
      200,
      client.with(answers.find(({ status }) => status === 200)!.body.token).get('/sallyport/me/sessions'),
    )
  ).body;
  expect(data.filter(({ dialect }: { dialect: string }) => dialect === 'admin')).toHaveLength(1);
});

it('S61 S59 a replacement takes a code of the old one, and works only when confirmed by the same token', async () => {
  const client = await byPassword();
  const id = await idOf(client, DEFAULT_METHOD);
  await expecting(401, client.post(`${ME}/${id}/replacement`, { code: stage.wrong(player) }));
  const begun = await expecting(200, client.post(`${ME}/${id}/replacement`, { code: stage.code(player) }));
  const next = Authenticator.scan(begun.body.otpAuthUrl);
  const other = await byPassword(1);
  const foreign = await other.post(`${ME}/${id}/replacement/confirm`, { code: next.codeAt(stage.now) });
  expect([foreign.status, foreign.body]).toEqual([
    409,
    { id: 'conflict', message: 'No replacement is in progress.' },
  ]);
  stage.clock.advance(30);
  await expecting(204, client.post(`${ME}/${id}/replacement/confirm`, { code: next.codeAt(stage.now) }));
  await expecting(401, other.get(ME));
  expect(await idOf(client, DEFAULT_METHOD)).toBe(id);
  stage.clock.advance(30);
  await expecting(401, client.post('/sallyport/me/step-up', { code: stage.code(player) }));
  await expecting(200, client.post('/sallyport/me/step-up', { code: next.codeAt(stage.now) }));
});

it('S64 each of these is written down and told, with no secret', async () => {
  const { methodId } = await addSecond();
  const client = await fresh();
  const id = await idOf(client, methodId);
  await expecting(200, client.put(`${ME}/${id}`, { name: 'my telephone' }));
  stage.clock.advance(1);
  await expecting(204, client.delete(`${ME}/${id}`));
  const history = await stage.rows(
    `SELECT kind, reason, set_by_another FROM factor_history WHERE principal_id = $1 AND method_id = $2 AND kind = 'change' ORDER BY at`,
    [player.entityId, methodId],
  );
  expect(history).toEqual([
    { kind: 'change', reason: 'renamed by its owner', set_by_another: false },
    { kind: 'change', reason: 'removed by its owner', set_by_another: false },
  ]);
});

it('S61 S64 neither happens where the history cannot be written', async () => {
  const client = await fresh();
  const id = await idOf(client, DEFAULT_METHOD);
  const mend = await failOn(stage.first.database, 'notices', ['INSERT'], true);
  const refused = await client.delete(`${ME}/${id}`).finally(mend);
  expect(refused.status).toBeGreaterThanOrEqual(500);
  expect(await idOf(client, DEFAULT_METHOD)).toBe(id);
});

it('S60 S61 at /v1 another factor is made with a proof of four minutes ago, and not of six', async () => {
  const policy = 'path "identity/mfa/method/totp/generate" { capabilities = ["update"] }';
  await expecting(204, stage.root.write('sys/policies/acl/own-totp', { policy }));
  await expecting(
    204,
    stage.root.write(`auth/userpass/users/${player.name}/policies`, { token_policies: 'own-totp' }),
  );
  await stage.enforce(`for-${people}`, [player.entityId]);
  const token = stage.vault(1).with(await stage.vaultToken(player));
  const [first, second] = [await stage.addMethod(`one-${people}`), await stage.addMethod(`two-${people}`)];
  stage.clock.advance(240);
  await expecting(200, token.write('identity/mfa/method/totp/generate', { method_id: first }));
  stage.clock.advance(120);
  await expecting(403, token.write('identity/mfa/method/totp/generate', { method_id: second }));
});
