import { afterAll, beforeAll, expect, it } from 'vitest';
import { walkRoutes } from '../../apps/server/src/http/route-walk.js';
import { type Answer, expecting } from '../support/send.js';
import type { VaultClient } from '../support/vault-client.js';
import { Authenticator } from '../support/authenticator.js';
import { DEFAULT_METHOD, PASSWORD, type Player, Stage } from '../support/stage.js';
import { SELF_SERVICE_DRIVERS, SELF_SERVICE_DRIVERS_WITH_TOKEN } from './self-service-acts.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(2);
});
afterAll(() => stage.close());

/** One name in five spellings, through both dialects and replicas; the fifth failure begins the wait. */
function spellingsOf(name: string): [dialect: 'appgate' | 'vault', replica: number, spelling: string][] {
  return [
    ['appgate', 0, name.normalize('NFC')],
    ['vault', 1, name.toUpperCase()],
    ['appgate', 1, name.normalize('NFD')],
    ['vault', 0, name.normalize('NFD').toUpperCase()],
    ['appgate', 0, name.toUpperCase()],
  ];
}

function tryPassword(
  dialect: 'appgate' | 'vault',
  replica: number,
  name: string,
  password: string,
): Promise<Answer> {
  if (dialect === 'appgate') return stage.appgate(replica).authenticate(name, password);
  return stage.vault(replica).logIn(name, password);
}

/** Drives a name to the wait, with a restart in between. */
async function drive(name: string): Promise<void> {
  for (const [index, [dialect, replica, spelling]] of spellingsOf(name).entries()) {
    if (index === 2) await stage.restart(1);
    const { status } = await tryPassword(dialect, replica, spelling, 'wrong');
    expect(status).toBe(dialect === 'appgate' ? 401 : 400);
  }
}

it('S10 wrong passwords over replicas, dialects, spellings and a restart add up', async () => {
  await stage.addUser('josé');
  await drive('josé');
  for (const [dialect, replica, spelling] of spellingsOf('josé')) {
    const refused = await tryPassword(dialect, replica, spelling, PASSWORD);
    expect([dialect, refused.status]).toEqual([dialect, dialect === 'appgate' ? 429 : 403]);
  }
  stage.clock.advance(30);
  await expecting(200, tryPassword('vault', 1, 'JOSÉ', PASSWORD));
});

it('S10 unknown names behave the same, and are kept only as a keyed hash', async () => {
  await drive('señor nadie');
  for (const [dialect, replica, spelling] of spellingsOf('señor nadie')) {
    const refused = await tryPassword(dialect, replica, spelling, 'wrong');
    expect([dialect, refused.status]).toEqual([dialect, dialect === 'appgate' ? 429 : 403]);
  }
  const rows = await stage.rows(
    `SELECT subject FROM password_throttles WHERE failures = 5 AND network <> '*'`,
  );
  expect(rows).toEqual([{ subject: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
});

/** Drivers of the other file, on this file's stage. */
function onStage(drivers: typeof SELF_SERVICE_DRIVERS): typeof DRIVERS {
  const bound = Object.entries(drivers).map(([route, driver]) => [
    route,
    (player: Player) => driver(stage)(player),
  ]);
  return Object.fromEntries(bound) as typeof DRIVERS;
}

/** Each route that compares a secret, and how it is driven to its wait: five wrong tries, then a right one. */
const DRIVERS: Record<string, (player: Player) => (secret: 'wrong' | 'right') => Promise<Answer>> = {
  ...onStage(SELF_SERVICE_DRIVERS),
  'POST /admin/authentication':
    ({ name }) =>
    (secret) =>
      stage.appgate().authenticate(name, secret === 'right' ? PASSWORD : 'wrong'),
  'POST /admin/login':
    ({ name }) =>
    (secret) =>
      stage.appgate().logIn(name, secret === 'right' ? PASSWORD : 'wrong'),
  'POST /v1/auth/:mount/login/:username':
    ({ name }) =>
    (secret) =>
      stage.vault().logIn(name, secret === 'right' ? PASSWORD : 'wrong'),
  'POST /admin/authentication/otp': (player) => async (secret) => {
    const partial = await stage.partial(player.name);
    return partial.submit(secret === 'right' ? stage.code(player) : stage.wrong(player));
  },
  'POST /v1/sys/mfa/validate': (player) => async (secret) => {
    const code = secret === 'right' ? stage.code(player) : stage.wrong(player);
    return stage.vault().validate(await stage.request(player.name), code);
  },
};

const SELF_RESET = 'identity/mfa/method/totp/self-reset';

/** The same for routes that want a full token. */
const DRIVERS_WITH_TOKEN: typeof DRIVERS = {
  ...onStage(SELF_SERVICE_DRIVERS_WITH_TOKEN),
  'POST /v1/identity/mfa/method/totp/self-reset': (player) => async (secret) => {
    const code = secret === 'right' ? stage.code(player) : stage.wrong(player);
    const payload = { method_id: DEFAULT_METHOD, mfa_payload: { [DEFAULT_METHOD]: [code] } };
    return (await tokenOf(player)).write(SELF_RESET, payload);
  },
  'POST /v1/identity/mfa/method/totp/self-reset/confirm': (player) => async (secret) => {
    const token = await tokenOf(player);
    if (!begun.has(player.name)) {
      const proof = { [DEFAULT_METHOD]: [stage.code(player, 1)] };
      const made = await expecting(
        200,
        token.write(SELF_RESET, { method_id: DEFAULT_METHOD, mfa_payload: proof }),
      );
      begun.set(player.name, Authenticator.scan(made.body.data.url));
    }
    const fresh = { ...player, authenticator: begun.get(player.name)! };
    const passcode = secret === 'right' ? stage.code(fresh) : stage.wrong(fresh);
    return token.write(`${SELF_RESET}/confirm`, { method_id: DEFAULT_METHOD, passcode });
  },
};

const tokens = new Map<string, VaultClient>();
const begun = new Map<string, Authenticator>();

/** One token for all tries of a player: a reset belongs to the token that began it. */
async function tokenOf(player: Player): Promise<VaultClient> {
  if (!tokens.has(player.name)) {
    await expecting(204, stage.root.remove(`identity/mfa/login-enforcement/for-${player.name}`));
    const { auth } = (await expecting(200, stage.vault().logIn(player.name, PASSWORD))).body;
    tokens.set(player.name, stage.vault().with(auth.client_token));
  }
  return tokens.get(player.name)!;
}

/** Open to anybody or to a partial token, and comparing nothing. */
const COMPARE_NOTHING = [
  'POST /admin/authentication/otp/initialize',
  'POST /v1/identity/mfa/method/totp/self-enroll',
  'POST /v1/sys/init',
];

it('S10 every route that compares a secret uses this limiter', async () => {
  const compare = walkRoutes(stage.first.app)
    .filter(
      ({ method, access }) =>
        method === 'POST' &&
        (access?.kind === 'open' || (access?.kind === 'token' && access.state === 'pending')),
    )
    .map(({ method, path }) => `${method} ${path}`);
  expect([...Object.keys(DRIVERS), ...COMPARE_NOTHING].toSorted()).toEqual(compare.toSorted());

  for (const [index, [route, driver]] of Object.entries({ ...DRIVERS, ...DRIVERS_WITH_TOKEN }).entries()) {
    const attempt = driver(await stage.addProtected(`driven-${index}`));
    for (let failure = 1; failure <= 5; failure += 1)
      expect([400, 401, 403]).toContain((await attempt('wrong')).status);
    const refused = await attempt('right');
    const throttled =
      refused.status === 429 ||
      refused.body.errors?.[0] === 'permission denied' ||
      /maximum TOTP/.test(refused.text);
    expect([route, throttled, refused.text]).toEqual([route, true, refused.text]);
    stage.clock.advance(30);
    expect([route, [200, 204, 412].includes((await attempt('right')).status)]).toEqual([route, true]);
  }
});
