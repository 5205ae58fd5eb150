import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEVICE } from '../support/appgate-client.js';
import { type Answer, expecting } from '../support/send.js';
import { PASSWORD, type Player, Stage } from '../support/stage.js';

const NEXT = 'seven quiet harbours at dusk';

let stage: Stage;
let owing: Player;
beforeAll(async () => {
  stage = await Stage.open(1);
  await stage.addUser('victim');
  await stage.addUser('attacker');
  owing = await stage.addProtected('owing');
});
afterAll(() => stage.close());

/** Tokens an attacker knows and would like to see grow. */
const KNOWN: Record<string, () => Promise<string>> = {
  'a final token of /admin': async () => (await stage.administrator()).token!,
  'a partial token of another': async () => (await stage.partial('attacker')).token!,
  'a partial token of the same person': async () => (await stage.partial('owing')).token!,
  'a token of /v1': async () => (await stage.vault().logIn('attacker', PASSWORD)).body.auth.client_token,
  'the root token': async () => stage.first.rootToken,
  'a token that is over': async () => {
    const client = await stage.administrator();
    await expecting(204, client.post('/authentication/logout'));
    return client.token!;
  },
  'a chosen token of the form of /v1': async () => `hvs.${'A'.repeat(43)}`,
  'a chosen token of the form of /admin': async () => 'A'.repeat(64),
};

/** A sign-in that sends a token along. @returns every token-like text of the answer. */
const SIGN_INS: Record<string, (known: string) => Promise<string[]>> = {
  'POST /admin/authentication': async (known) =>
    tokensOf(await stage.appgate().with(known).authenticate('victim', PASSWORD)),
  'POST /admin/authentication, a factor owed': async (known) =>
    tokensOf(await stage.appgate().with(known).authenticate('owing', PASSWORD)),
  'POST /admin/login': async (known) =>
    tokensOf(await stage.appgate().with(known).logIn('admin', stage.first.adminPassword)),
  'POST /admin/sallyport/activations': async (known) => {
    await stage.addUser('activated');
    const admin = await stage.administrator();
    const path = '/sallyport/users/CN=activated,OU=local/activation-code';
    const { code } = (await expecting(200, admin.post(path))).body;
    const sent = { providerName: 'local', username: 'activated', deviceId: DEVICE, code, newPassword: NEXT };
    const answer = await stage.appgate().with(known).post('/sallyport/activations', sent);
    await expecting(204, stage.root.remove('auth/userpass/users/activated'));
    return tokensOf(answer);
  },
  'POST /v1/auth/:mount/login/:username': async (known) =>
    tokensOf(await stage.vault().with(known).logIn('victim', PASSWORD)),
  'the same in one phase': async (known) => {
    stage.clock.advance(30);
    return tokensOf(
      await stage
        .vault()
        .with(known)
        .logIn('owing', PASSWORD, [`default:${stage.code(owing)}`]),
    );
  },
  'POST /v1/sys/mfa/validate': async (known) => {
    stage.clock.advance(30);
    const id = await stage.request('owing');
    return tokensOf(await stage.vault().with(known).validate(id, stage.code(owing)));
  },
};

function tokensOf({ status, body }: Answer): string[] {
  expect(status).toBe(200);
  const { token = '', auth = {} } = body;
  return [token, auth.client_token, auth.accessor, auth.mfa_requirement?.mfa_request_id].filter(Boolean);
}

/** What is kept of whoever holds this token: its own row, or its sign-in's. */
const rowsOf = (known: string) =>
  Promise.all(
    [
      "SELECT to_jsonb(t) - ARRAY['last_used_at'] AS row FROM tokens t WHERE token_hash = sha256($1::bytea)",
      'SELECT to_jsonb(s) AS row FROM sign_ins s WHERE handle_hash = sha256($1::bytea)',
    ].map((statement) => stage.rows(statement, [Buffer.from(known)])),
  );

it.each(Object.keys(SIGN_INS))(
  'S38 %s makes a new token, and one sent along gains nothing',
  async (route) => {
    for (const [what, make] of Object.entries(KNOWN)) {
      const known = await make();
      const before = await rowsOf(known);
      const made = await SIGN_INS[route]!(known);
      expect([what, made.length > 0, made.includes(known)]).toEqual([what, true, false]);
      // Time has passed in some, so only what is there still can be compared.
      expect([what, await rowsOf(known)]).toEqual([what, before]);
    }
  },
);

it('S38 a token that is sent along answers nothing it did not answer before', async () => {
  const known = `hvs.${'B'.repeat(43)}`;
  await expecting(200, stage.vault().with(known).logIn('victim', PASSWORD));
  await expecting(403, stage.vault().with(known).read('auth/token/lookup-self'));
  const partial = await stage.partial('owing');
  await expecting(200, partial.logIn('admin', stage.first.adminPassword));
  await expecting(412, partial.authorize());
  await expecting(403, partial.get('/local-users'));
});
