import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Authenticator } from '../support/authenticator.js';
import { expecting } from '../support/send.js';
import { DEFAULT_METHOD, PASSWORD, Stage } from '../support/stage.js';

/** Three replicas that restart in turn; the first server only owns the database. */
const REPLICAS = [1, 2, 3];

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(1 + REPLICAS.length);
});
afterAll(() => stage.close());

/** Any of them, as a balancer would choose. */
function any(): number {
  return REPLICAS[randomInt(REPLICAS.length)]!;
}

function url(): string {
  return stage.servers[any()]!.url;
}

/** Sign-ins of one round, each request sent to whichever replica; between any two of them one replica may restart. */
async function round(name: string, between: () => Promise<void>): Promise<void> {
  const root = stage.root;
  await expecting(204, root.at(url()).write(`auth/userpass/users/${name}`, { password: PASSWORD }));
  await expecting(400, stage.vault(any()).logIn(name, 'wrong'));
  await between();
  const { auth } = (await expecting(200, stage.vault(any()).logIn(name, PASSWORD))).body;
  await expecting(
    204,
    root.at(url()).write(`identity/mfa/login-enforcement/for-${name}`, {
      mfa_method_ids: [DEFAULT_METHOD],
      identity_entity_ids: [auth.entity_id],
    }),
  );
  await stage.makeAdministrator(name);

  const partial = await stage.appgate(any()).partial(name, PASSWORD);
  await between();
  const first = (await expecting(200, partial.at(url()).post('/authentication/otp/initialize', {}))).body
    .secret;
  const again = (await expecting(200, partial.at(url()).post('/authentication/otp/initialize', {}))).body
    .secret;
  expect(again).toBe(first);
  const authenticator = new Authenticator(first);
  await expecting(401, partial.at(url()).submit(authenticator.wrongAt(stage.now)[0]!));
  await between();
  const code = authenticator.codeAt(stage.now);
  const proven = partial.with((await expecting(200, partial.at(url()).submit(code))).body.token);
  await expecting(401, partial.at(url()).authorize());
  const final = proven.with((await expecting(200, proven.at(url()).authorize())).body.token);
  await between();
  await expecting(200, final.at(url()).get('/local-users'));

  const requestId = (await expecting(200, stage.vault(any()).logIn(name, PASSWORD))).body.auth.mfa_requirement
    .mfa_request_id;
  await expecting(403, stage.vault(any()).validate(requestId, code));
  stage.clock.advance(30);
  await between();
  const token = (
    await expecting(200, stage.vault(any()).validate(requestId, authenticator.codeAt(stage.now)))
  ).body.auth.client_token;
  const client = stage.vault().with(token);
  await expecting(400, stage.vault(any()).validate(requestId, authenticator.codeAt(stage.now)));
  await between();
  await expecting(200, client.at(url()).read('auth/token/lookup-self'));
  await expecting(204, client.at(url()).write('auth/token/revoke-self'));
  await expecting(403, client.at(url()).read('auth/token/lookup-self'));
  await expecting(204, final.at(url()).post('/authentication/logout'));
  await expecting(401, final.at(url()).get('/local-users'));
}

it('S89 sign-ins do not notice which of three replicas they meet, nor that these restart in turn', async () => {
  let restarts = 0;
  for (const name of ['ada', 'bea', 'cleo', 'dora'])
    await round(name, async () => {
      await stage.restart(REPLICAS[restarts % REPLICAS.length]!);
      restarts += 1;
    });
  expect(restarts).toBeGreaterThanOrEqual(24);
}, 120_000);

it('S89 counts survive in no memory: five wrong codes over three replicas with restarts are five', async () => {
  const player = await stage.addProtected('counted');
  for (let failure = 1; failure <= 5; failure += 1) {
    await stage.restart(REPLICAS[failure % 3]!);
    await expecting(401, (await stage.partial('counted', any())).submit(stage.wrong(player)));
  }
  await expecting(429, (await stage.partial('counted', any())).submit(stage.code(player)));
});
