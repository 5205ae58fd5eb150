import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AppgateClient } from '../support/appgate-client.js';
import { Authenticator } from '../support/authenticator.js';
import { ChildServer } from '../support/child-server.js';
import { expecting } from '../support/send.js';
import { DEFAULT_METHOD, PASSWORD } from '../support/stage.js';
import { VaultClient } from '../support/vault-client.js';

interface Credentials {
  admin: { password: string };
  rootToken: string;
}

let folder: string;
let server: ChildServer;
let credentials: Credentials;

beforeAll(async () => {
  folder = join(mkdtempSync(join(tmpdir(), 'sallyport-crash-')), 'data');
  server = await ChildServer.start(folder);
  credentials = JSON.parse(readFileSync(bootstrap(), 'utf8'));
});
afterAll(async () => {
  server.signal('SIGINT');
  await server.ended();
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

function bootstrap(): string {
  return join(folder, 'bootstrap.json');
}

function root(): VaultClient {
  return new VaultClient(server.url, credentials.rootToken);
}

/** A user who owes the built-in method. */
async function addProtected(name: string): Promise<Authenticator> {
  await expecting(204, root().write(`auth/userpass/users/${name}`, { password: PASSWORD }));
  const { auth } = (await expecting(200, new VaultClient(server.url).logIn(name, PASSWORD))).body;
  const made = await expecting(
    200,
    root().write('identity/mfa/method/totp/admin-generate', {
      method_id: DEFAULT_METHOD,
      entity_id: auth.entity_id,
    }),
  );
  const rule = { mfa_method_ids: [DEFAULT_METHOD], identity_entity_ids: [auth.entity_id] };
  await expecting(204, root().write(`identity/mfa/login-enforcement/for-${name}`, rule));
  return Authenticator.scan(made.body.data.url);
}

/** What the client was told to be done. */
class Acknowledged {
  readonly users = new Set<string>();
  readonly deleted = new Set<string>();
  readonly tokens = new Set<string>();
  readonly revoked = new Set<string>();
  readonly spent: { name: string; code: string }[] = [];
}

it('S56 prints where it listens and where the first credentials lie, and no secret', () => {
  expect(server.words).toContain(`first credentials ${bootstrap()}`);
  expect(server.words).toContain(server.url);
  expect(statSync(bootstrap()).mode & 0o777).toBe(0o600);
  for (const secret of [credentials.admin.password, credentials.rootToken, masterKey()])
    expect(server.words).not.toContain(secret);
});

function masterKey(): string {
  return readFileSync(join(folder, 'master.key'), 'utf8').trim();
}

it('S67 shows the master key in no process listing', () => {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    for (const file of ['cmdline', 'environ'])
      try {
        expect(readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(masterKey())).toBe(false);
      } catch (error) {
        if ((error as Error).name === 'AssertionError') throw error;
      }
});

it('S90 kill -9 in the middle of a load loses nothing that was acknowledged', async () => {
  await expecting(204, root().write('sys/auth/userpass', { type: 'userpass' }));
  const names = Array.from({ length: 12 }, (_, index) => `loaded-${index}`);
  const authenticators = new Map<string, Authenticator>();
  for (const name of names) authenticators.set(name, await addProtected(name));
  await expecting(204, root().write('auth/userpass/users/plain', { password: PASSWORD }));
  const done = new Acknowledged();
  const begun = Date.now();
  let crashed = false;

  const signIns = async (name: string) => {
    const anonymous = new VaultClient(server.url);
    for (const steps of [-1, 0, 1]) {
      const code = authenticators.get(name)!.codeAt(new Date(begun), steps);
      const { auth } = (await expecting(200, anonymous.logIn(name, PASSWORD))).body;
      const validated = await anonymous.validate(auth.mfa_requirement.mfa_request_id, code);
      if (validated.status !== 200) continue;
      done.spent.push({ name, code });
      done.tokens.add(validated.body.auth.client_token);
    }
  };
  const changes = async (worker: number) => {
    for (let index = 0; ; index += 1) {
      const name = `made-${worker}-${index}`;
      await expecting(204, root().write(`auth/userpass/users/${name}`, { password: PASSWORD }));
      done.users.add(name);
      const { auth } = (await expecting(200, new VaultClient(server.url).logIn('plain', PASSWORD))).body;
      done.tokens.add(auth.client_token);
      if (index % 3 === 0) {
        done.tokens.delete(auth.client_token);
        await expecting(204, root().write('auth/token/revoke', { token: auth.client_token }));
        done.revoked.add(auth.client_token);
      }
      if (index % 4 === 1) {
        done.users.delete(name);
        await expecting(204, root().remove(`auth/userpass/users/${name}`));
        done.deleted.add(name);
      }
    }
  };
  const untilCrash = (work: Promise<unknown>) =>
    work.catch((error: unknown) => void (crashed || Promise.reject(error)));
  const load = [
    ...names.map((name) => untilCrash(signIns(name))),
    ...[0, 1, 2, 3].map((worker) => untilCrash(changes(worker))),
  ];
  while (done.spent.length < 10 || done.users.size < 12 || done.revoked.size < 4)
    await new Promise((resolve) => setTimeout(resolve, 20));
  crashed = true;
  await server.kill();
  await Promise.allSettled(load);
  const kept = readFileSync(bootstrap(), 'utf8');

  server = await ChildServer.start(folder);
  expect(readFileSync(bootstrap(), 'utf8')).toBe(kept);
  const { keys } = (await expecting(200, root().list('auth/userpass/users'))).body.data;
  for (const name of done.users) expect(keys).toContain(name);
  for (const name of done.deleted) expect(keys).not.toContain(name);
  const lookUp = async (token: string) =>
    (await new VaultClient(server.url, token).read('auth/token/lookup-self')).status;
  for (const token of done.tokens) expect(await lookUp(token)).toBe(200);
  for (const token of done.revoked) expect(await lookUp(token)).toBe(403);
  for (const { name, code } of done.spent) {
    const { auth } = (await expecting(200, new VaultClient(server.url).logIn(name, PASSWORD))).body;
    const again = await new VaultClient(server.url).validate(auth.mfa_requirement.mfa_request_id, code);
    expect([name, again.status]).toEqual([name, 403]);
  }
  await expecting(200, new AppgateClient(server.url).logIn('admin', credentials.admin.password));
}, 90_000);

it('S72 after the crash there is no act without its row and no row without its act', async () => {
  const url = `postgres://sallyport@/sallyport?host=${encodeURIComponent(join(folder, 'postgres'))}`;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(
    `SELECT (SELECT count(*)::int FROM tokens) AS tokens,
       (SELECT count(*)::int FROM audit_events WHERE action = 'token.issued') AS issued,
       (SELECT count(*)::int FROM local_users) AS users,
       (SELECT count(*) FILTER (WHERE action = 'account.created')::int - count(*) FILTER (WHERE action = 'account.deleted')::int
          FROM audit_events WHERE action LIKE 'account.%') AS told`,
  );
  await client.end();
  expect(rows[0].tokens).toBe(rows[0].issued);
  expect(rows[0].users).toBe(rows[0].told);
});

it('S90 SIGTERM says not ready, serves on, finishes what is under way and exits 0', async () => {
  const anonymous = new VaultClient(server.url);
  const { auth } = (await expecting(200, anonymous.logIn('plain', PASSWORD))).body;
  server.signal('SIGTERM');
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  await expecting(200, anonymous.logIn('plain', PASSWORD));
  await expecting(204, root().write('auth/userpass/users/last-minute', { password: PASSWORD }));
  expect(await server.ended()).toBe(0);
  await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();

  const before = [readFileSync(bootstrap(), 'utf8'), statSync(bootstrap()).mtimeMs, masterKey()];
  server = await ChildServer.start(folder);
  expect([readFileSync(bootstrap(), 'utf8'), statSync(bootstrap()).mtimeMs, masterKey()]).toEqual(before);
  await expecting(200, new VaultClient(server.url, auth.client_token).read('auth/token/lookup-self'));
  expect((await expecting(200, root().list('auth/userpass/users'))).body.data.keys).toContain('last-minute');
}, 90_000);

it('S67 beside a database that exists no start makes a new master key, nor takes a wrong setting', async () => {
  server.signal('SIGINT');
  expect(await server.ended()).toBe(0);
  const key = masterKey();
  unlinkSync(join(folder, 'master.key'));
  const refused = await ChildServer.refusal(folder);
  expect(refused.code).toBe(1);
  expect(refused.words).toContain('SALLYPORT_MASTER_KEY_FILE');
  expect(existsSync(join(folder, 'master.key'))).toBe(false);
  writeFileSync(join(folder, 'master.key'), `${key}\n`, { mode: 0o600 });
  const wrong = await ChildServer.refusal(folder, {
    SALLYPORT_ROOT_TOKEN: 'too-short-secret',
    TLS_PORT: 'everywhere',
  });
  expect(wrong.code).toBe(1);
  expect(wrong.words).toMatch(
    /SALLYPORT_ROOT_TOKEN: [\s\S]*TLS_PORT: |TLS_PORT: [\s\S]*SALLYPORT_ROOT_TOKEN: /,
  );
  expect(wrong.words).not.toContain('too-short-secret');
  server = await ChildServer.start(folder);
  await expecting(200, root().read('auth/token/lookup-self'));
}, 90_000);
