import { setTimeout as pause } from 'node:timers/promises';
import { ARGON2_PARAMETERS, HashQueue, hashPassword } from '@sallyport/identity';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { AppgateClient } from '../support/appgate-client.js';
import { type Answer, ANSWERS_SEEN, expecting, send } from '../support/send.js';
import { PASSWORD, Stage } from '../support/stage.js';

const NEW_PASSWORD = 'walnut-harbour-sextant-58';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(2, { settings: { SALLYPORT_TRUSTED_PROXIES: '127.0.0.1' } });
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => stage.close());

/** From an address behind a proxy. */
function signIn(name: string, password: string, address = '198.51.100.7', replica = 0): Promise<Answer> {
  return stage.appgate(replica).authenticate(name, password, { 'x-forwarded-for': address });
}

async function storedHash(name: string): Promise<string> {
  return (await stage.rows('SELECT password_hash FROM local_users WHERE name = $1', [name]))[0]!
    .password_hash;
}

it('S04 raises the parameters of a weak hash once, at the first right password', async () => {
  await stage.addUser('weak');
  const weak = await hashPassword(PASSWORD, { ...ARGON2_PARAMETERS, memoryKiB: 8_192 });
  await stage.rows(`UPDATE local_users SET password_hash = $1 WHERE name = 'weak'`, [weak]);
  await expecting(401, signIn('weak', 'not the password'));
  expect(await storedHash('weak')).toBe(weak);
  await expecting(200, signIn('weak', PASSWORD));
  const raised = await storedHash('weak');
  expect(raised).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  await expecting(200, signIn('weak', PASSWORD));
  expect(await storedHash('weak')).toBe(raised);
});

it('S04 a password changed while a weak hash is being raised wins', async () => {
  await stage.addUser('racer');
  const weak = await hashPassword(PASSWORD, { ...ARGON2_PARAMETERS, passes: 1 });
  await stage.rows(`UPDATE local_users SET password_hash = $1 WHERE name = 'racer'`, [weak]);
  const queue = stage.servers[0]!.app.get(HashQueue, { strict: false });
  const original = queue.run.bind(queue);
  let raising!: () => void;
  const reached = new Promise<void>((resolve) => (raising = resolve));
  let goOn!: () => void;
  const held = new Promise<void>((resolve) => (goOn = resolve));
  let calls = 0;
  vi.spyOn(queue, 'run').mockImplementation(async (job) => {
    calls += 1;
    if (calls === 2) {
      raising();
      await held;
    }
    return original(job);
  });
  const signingIn = signIn('racer', PASSWORD);
  await reached;
  const change = stage.root
    .at(stage.servers[1]!.url)
    .write('auth/userpass/users/racer/password', { password: NEW_PASSWORD });
  await expecting(204, change);
  goOn();
  await signingIn;
  vi.restoreAllMocks();
  await expecting(401, signIn('racer', PASSWORD));
  await expecting(200, signIn('racer', NEW_PASSWORD));
});

interface Holdings {
  partial: AppgateClient;
  final: AppgateClient;
  derived: AppgateClient;
  vaultToken: string;
  requestId: string;
}

/** One of everything that can stand for a person. */
async function everythingOf(name: string): Promise<Holdings & { code: () => string }> {
  const player = await stage.addProtected(name);
  await stage.makeAdministrator(name);
  const vaultToken = await stage.vaultToken(player, 1);
  stage.clock.advance(30);
  const pending = await stage.partial(name);
  const proven = pending.with((await expecting(200, pending.submit(stage.code(player)))).body.token);
  const final = proven.with((await expecting(200, proven.authorize())).body.token);
  const derived = final.with((await expecting(200, final.with(vaultToken).authorize())).body.token);
  const partial = await stage.partial(name);
  const requestId = await stage.request(name);
  return { partial, final, derived, vaultToken, requestId, code: () => stage.code(player, 1) };
}

/** What each of them is answered, at both replicas. */
async function statusesOf({ partial, final, derived, vaultToken, requestId }: Holdings): Promise<number[]> {
  const statuses: number[] = [];
  for (const { url } of stage.servers) {
    statuses.push((await partial.at(url).authorize()).status);
    statuses.push((await final.at(url).authorize()).status);
    statuses.push((await derived.at(url).get('/local-users')).status);
    statuses.push((await stage.vault().with(vaultToken).at(url).read('auth/token/lookup-self')).status);
    statuses.push((await final.with(vaultToken).at(url).authorize()).status);
    statuses.push((await stage.vault().at(url).validate(requestId, '000000')).status);
  }
  return statuses;
}

const ALIVE = [412, 200, 200, 200, 200, 403, 412, 200, 200, 200, 200, 403];
const DEAD = [401, 401, 401, 403, 401, 400, 401, 401, 401, 403, 401, 400];

it('S13 a password set at /v1 ends every token and partial token of the account, at both replicas', async () => {
  for (const [name, path] of [
    ['ann', 'auth/userpass/users/ann/password'],
    ['bob', 'auth/userpass/users/bob'],
  ] as const) {
    const holdings = await everythingOf(name);
    expect(await statusesOf(holdings)).toEqual(ALIVE);
    await expecting(204, stage.root.write(path, { password: NEW_PASSWORD }));
    expect(await statusesOf(holdings)).toEqual(DEAD);
    await expecting(400, stage.vault().validate(holdings.requestId, holdings.code()));
  }
});

it('S13 a password set at /admin does the same, also to whoever sets it', async () => {
  const holdings = await everythingOf('cid');
  const admin = await stage.administrator(1);
  const [user] = (await admin.get('/local-users?query=cid')).body.data;
  await expecting(200, admin.put(`/local-users/${user.id}`, { ...user, password: NEW_PASSWORD }));
  expect(await statusesOf(holdings)).toEqual(DEAD);

  const self = await stage.administrator();
  const [own] = (await self.get('/local-users?query=admin')).body.data;
  await expecting(200, self.put(`/local-users/${own.id}`, { ...own, password: stage.first.adminPassword }));
  await expecting(401, self.authorize());
  await expecting(401, admin.authorize());
});

it('S13 a change that is not committed leaves the old password and the old tokens', async () => {
  const holdings = await everythingOf('dot');
  await stage.rows('ALTER TABLE audit_events RENAME TO audit_events_away');
  const refused = await stage.root.write('auth/userpass/users/dot/password', { password: NEW_PASSWORD });
  await stage.rows('ALTER TABLE audit_events_away RENAME TO audit_events');
  expect(refused.status).toBeGreaterThanOrEqual(500);
  expect(await statusesOf(holdings)).toEqual(ALIVE);
  await expecting(200, stage.appgate().authenticate('dot', PASSWORD));
});

it('S04 no answer of this file holds a password hash', async () => {
  const admin = await stage.administrator();
  await admin.get('/local-users');
  await stage.root.read('auth/userpass/users/ann');
  await send({ method: 'GET', url: `${stage.first.url}/docs/openapi.json` });
  await pause(0);
  expect(ANSWERS_SEEN.length).toBeGreaterThan(200);
  expect(ANSWERS_SEEN.filter((text) => text.includes('$argon2'))).toEqual([]);
});
