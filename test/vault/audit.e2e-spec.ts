import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, expecting } from '../support/send.js';
import { DEFAULT_METHOD, PASSWORD, type Player, Stage } from '../support/stage.js';
import type { VaultClient } from '../support/vault-client.js';

/** What the audit says of requests at `/v1`, and what it never says (vault.md §15); acts are walked in test/security. */
let stage: Stage;
let player: Player;
beforeAll(async () => {
  stage = await Stage.open(1);
  player = await stage.addProtected('watched');
});
beforeEach(() => stage.clock.advance(30));
afterAll(() => stage.close());

interface Written {
  action: string;
  outcome: string;
  actor_principal_id: string | null;
  token_accessor: string | null;
  object_id: string;
  detail: object;
}

/** What was written about one request, by the id it was answered under. */
function eventsOf({ headers }: Answer): Promise<Written[]> {
  return stage.rows<Written>(
    `SELECT action, outcome, actor_principal_id, token_accessor, object_id, detail FROM audit_events
     WHERE request_id = $1 ORDER BY action`,
    [headers['x-request-id']],
  );
}

const logIn = (password: string, mfa: string[] = []) => stage.vault().logIn('watched', password, mfa);
const validate = async (code: string, method?: string) =>
  stage.vault().validate(await stage.request('watched'), code, method);

describe('a login leaves an event of', () => {
  it.each<[what: string, act: () => Promise<Answer>, status: number, event: string]>([
    ['a wrong password', () => logIn('not it'), 400, 'sign-in.password-refused failure'],
    ['a name nobody has', () => stage.vault().logIn('nobody', 'x'), 400, 'sign-in.password-refused failure'],
    ['phase 1', () => logIn(PASSWORD), 200, 'sign-in.password-accepted success'],
    ['a wrong code', () => validate(stage.wrong(player)), 403, 'sign-in.factor-refused failure'],
    ['a right code', () => validate(stage.code(player)), 200, 'sign-in.finished success'],
    [
      'a used code',
      async () => {
        await expecting(200, validate(stage.code(player)));
        return validate(stage.code(player));
      },
      403,
      'sign-in.factor-refused failure',
    ],
    ['a malformed code', () => validate('12345'), 403, 'sign-in.factor-refused failure'],
    ['no code for what is owed', () => validate('123456', 'other'), 403, 'sign-in.refused denied'],
    [
      'a request nobody made',
      () => stage.vault().validate(DEFAULT_METHOD, '123456'),
      400,
      'sign-in.refused denied',
    ],
    [
      'a wrong code in the header',
      () => logIn(PASSWORD, [`default:${stage.wrong(player)}`]),
      403,
      'sign-in.factor-refused failure',
    ],
    [
      'a header without a code',
      async () => {
        await stage.addProtected('another');
        return stage.vault().logIn('another', PASSWORD, ['default']);
      },
      403,
      'sign-in.refused denied',
    ],
  ])('%s', async (_, act, status, event) => {
    const answer = await expecting(status, act());
    const events = await eventsOf(answer);
    expect(events.map(({ action, outcome }) => `${action} ${outcome}`)).toContain(event);
  });
});

describe('a denial', () => {
  let token: VaultClient;
  let accessor: string;
  beforeEach(async () => {
    const policy = 'path "sys/auth" { capabilities = ["read"] denied_parameters = { "*" = [] } }';
    await expecting(204, stage.root.write('sys/policies/acl/little', { policy }));
    const { auth } = (await expecting(200, stage.root.write('auth/token/create', { policies: ['little'] })))
      .body;
    token = stage.vault().with(auth.client_token);
    accessor = auth.accessor;
  });

  it('is written with who and where, by the route and not by what was put into the path', async () => {
    const secret = `hvs.${'x'.repeat(43)}`;
    const denied = [
      ['GET /v1/auth/:mount/users/:username', token.read(`auth/userpass/users/${secret}`)],
      ['POST /v1/sys/policies/acl/:name', token.write(`sys/policies/acl/${secret}`, { policy: '#' })],
      ['SEARCH /v1/identity/mfa/method', token.list('identity/mfa/method')],
      ['GET (no route)', token.read(`auth/token/lookup/${secret}`)],
      ['DELETE (no route)', token.remove(`cubbyhole/${secret}`)],
      ['GET /v1/sys/auth', token.read(`sys/auth?token=${secret}`)],
    ] as const;
    for (const [route, call] of denied) {
      const events = await eventsOf(await expecting(403, call));
      expect(events).toEqual([
        {
          action: 'access.denied',
          outcome: 'denied',
          actor_principal_id: null,
          token_accessor: accessor,
          object_id: route,
          detail: { dialect: 'vault', kind: 'forbidden', reason: 'vault-refusal' },
        },
      ]);
    }
  });

  it('S79 is written once for many of a kind', async () => {
    for (let repeat = 0; repeat < 20; repeat += 1)
      await expecting(403, token.read(`auth/userpass/users/n${repeat}`));
    const written = await stage.rows('SELECT 1 FROM audit_events WHERE token_accessor = $1 AND action = $2', [
      accessor,
      'access.denied',
    ]);
    expect(written).toHaveLength(1);
  });
});

it('holds no password, code, seed, token or pending id', async () => {
  const wrongPassword = 'a wrong password to look for';
  const wrongCode = stage.wrong(player);
  const code = stage.code(player);
  await logIn(wrongPassword);
  await stage.vault().logIn(wrongPassword, PASSWORD);
  const requestId = await stage.request('watched');
  await expecting(403, stage.vault().validate(requestId, wrongCode));
  await expecting(403, stage.vault().validate(requestId, ` ${code}`));
  const { auth } = (await expecting(200, stage.vault().validate(requestId, code))).body;
  await expecting(400, stage.vault().validate(requestId, code));
  const secrets = [
    PASSWORD,
    wrongPassword,
    wrongCode,
    code,
    player.authenticator.secret,
    requestId,
    auth.client_token,
    stage.first.rootToken,
    stage.first.adminPassword,
  ];
  const written = await stage.rows(
    `SELECT concat_ws(' ', actor_name, object_id, detail) AS text FROM audit_events
     UNION ALL SELECT event::text FROM audit_folds`,
  );
  expect(written.length).toBeGreaterThan(20);
  const everything = written.map(({ text }) => text).join('\n');
  for (const secret of secrets) {
    // Not where digits of an id happen to be those of a code.
    const alone = new RegExp(`(?<![0-9a-f])${secret.replace(/[^\w]/g, '\\$&')}(?![0-9a-f])`, 'i');
    expect([secret, alone.test(everything)]).toEqual([secret, false]);
  }
});
