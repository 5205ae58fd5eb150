import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { migrate, migrations } from '@sallyport/platform';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AppgateClient } from '../support/appgate-client.js';
import { Authenticator } from '../support/authenticator.js';
import { ChildServer } from '../support/child-server.js';
import { BreakingVersion, buildNextVersion, NextVersion } from '../support/next-version.js';
import { ADMIN_PASSWORD, ROOT_TOKEN } from '../support/sallyport.js';
import { expecting, send } from '../support/send.js';
import { DEFAULT_METHOD, PASSWORD, together } from '../support/stage.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { databaseSettings, SERVER_ROLE } from '../support/test-server.js';
import { VaultClient } from '../support/vault-client.js';

const PEOPLE = 12;

let folder: string;
let database: TestDatabase;
let owner: pg.Pool;
let settings: Record<string, string>;
let nextMain: string;
const running: ChildServer[] = [];
const authenticators = new Map<string, Authenticator>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-rolling-'));
  writeFileSync(join(folder, 'master.key'), `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  database = await createTestDatabase();
  owner = new pg.Pool({ connectionString: database.url, max: 2 });
  owner.on('error', () => undefined);
  settings = {
    ...databaseSettings(database.url),
    SALLYPORT_MASTER_KEY_FILE: join(folder, 'master.key'),
    SALLYPORT_ADMIN_PASSWORD: ADMIN_PASSWORD,
    SALLYPORT_ROOT_TOKEN: ROOT_TOKEN,
    SALLYPORT_ACCEPT_UNSAFE_DATABASE: 'fsync,full_page_writes,synchronous_commit',
  };
  nextMain = buildNextVersion(join(folder, 'next'));
}, 120_000);
afterAll(async () => {
  for (const server of running) server.signal('SIGINT');
  for (const server of running) await server.ended();
  await owner.end();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

/** A process of this version, or of another build. */
async function start(name: string, main?: string): Promise<ChildServer> {
  const server = await ChildServer.start(join(folder, name), settings, main);
  running.push(server);
  return server;
}

/** Somebody who owes the built-in method and administers. */
async function addPerson(server: ChildServer, name: string): Promise<void> {
  const root = new VaultClient(server.url, ROOT_TOKEN);
  await expecting(204, root.write(`auth/userpass/users/${name}`, { password: PASSWORD }));
  const { auth } = (await expecting(200, new VaultClient(server.url).logIn(name, PASSWORD))).body;
  const wish = { method_id: DEFAULT_METHOD, entity_id: auth.entity_id };
  const made = await expecting(200, root.write('identity/mfa/method/totp/admin-generate', wish));
  authenticators.set(name, Authenticator.scan(made.body.data.url));
  const rule = { mfa_method_ids: [DEFAULT_METHOD], identity_entity_ids: [auth.entity_id] };
  await expecting(204, root.write(`identity/mfa/login-enforcement/for-${name}`, rule));
}

const name = (person: number) => `person-${person}`;

/** A code nobody has shown: of the step before now first, then of now, then of the next. */
function code(person: number, turn: -1 | 0 | 1): string {
  return authenticators.get(name(person))!.codeAt(new Date(), turn);
}

async function begin(person: number, server: ChildServer): Promise<string> {
  const { auth } = (await expecting(200, new VaultClient(server.url).logIn(name(person), PASSWORD))).body;
  return auth.mfa_requirement.mfa_request_id;
}

/** @returns a token that works on both. */
async function end(person: number, request: string, turn: -1 | 0 | 1, at: ChildServer, both: ChildServer[]) {
  const { auth } = (await expecting(200, new VaultClient(at.url).validate(request, code(person, turn)))).body;
  for (const server of both)
    await expecting(200, new VaultClient(server.url, auth.client_token).read('auth/token/lookup-self'));
}

/** At `/admin`: password at one, code at another, traded at the first. */
async function administer(
  person: number,
  turn: -1 | 0 | 1,
  one: ChildServer,
  other: ChildServer,
): Promise<void> {
  const partial = await new AppgateClient(one.url).partial(name(person), PASSWORD);
  const proven = (await expecting(200, partial.at(other.url).submit(code(person, turn)))).body.token;
  const final = (await expecting(200, partial.with(proven).at(one.url).authorize())).body.token;
  for (const server of [one, other]) await expecting(200, new AppgateClient(server.url, final).get('/tags'));
}

/** Requests of all kinds, one after the other, until told to stop. @returns those that were answered otherwise than expected. */
function load(server: ChildServer): { stop(): Promise<{ sent: number; wrong: unknown[] }> } {
  const stopping = new AbortController();
  let sent = 0;
  const wrong: unknown[] = [];
  const root = new VaultClient(server.url, ROOT_TOKEN);
  const admin = new AppgateClient(server.url).final('admin', ADMIN_PASSWORD);
  const acts: (() => Promise<{ status: number; body: unknown }>)[] = [
    () => root.read('auth/token/lookup-self'),
    async () => (await admin).get('/tags'),
    async () => (await admin).get('/local-users?range=0-5'),
    () => new VaultClient(server.url).logIn('busy', PASSWORD),
    () =>
      root.write(`sys/policies/acl/of-${sent % 7}`, {
        policy: `path "kv/${sent}" { capabilities = ["read"] }`,
      }),
    () => root.write('auth/token/create', { ttl: '1h' }),
  ];
  const workers = together(3, async (worker) => {
    for (let turn = worker; !stopping.signal.aborted; turn += 1, sent += 1) {
      const { status, body } = await acts[turn % acts.length]!();
      if (status >= 300) wrong.push([turn % acts.length, status, body]);
    }
  });
  workers.catch(() => undefined);
  return {
    async stop() {
      stopping.abort();
      await workers;
      return { sent, wrong };
    },
  };
}

it('S96 N and N+1 serve side by side: nobody notices the migration, and sign-ins begun on one end on the other', async () => {
  const old = await start('old');
  const root = new VaultClient(old.url, ROOT_TOKEN);
  await expecting(204, root.write('sys/auth/userpass', { type: 'userpass' }));
  for (let person = 0; person < PEOPLE; person += 1) await addPerson(old, name(person));
  await addPerson(old, 'busy');
  const { rows } = await owner.query<{ id: string }>('SELECT id FROM administrative_roles WHERE built_in');
  await owner.query(
    `INSERT INTO policies (id, name, name_canonical, type, expression, administrative_roles, created_at, updated_at)
     VALUES (gen_random_uuid(), 'all', 'all', 'Admin', 'return true;', ARRAY[$1::uuid], now(), now())`,
    [rows[0]!.id],
  );
  const before = await together(PEOPLE, (person) => begin(person, old));

  const under = load(old);
  await pause(500);
  const next = await start('next', nextMain);
  await pause(500);
  const { sent, wrong } = await under.stop();
  expect([wrong, sent > 100]).toEqual([[], true]);
  const ran = await owner.query(
    `SELECT name, serves_from IS NOT NULL AS noted FROM migrations ORDER BY id DESC LIMIT 1`,
  );
  expect(ran.rows).toEqual([{ name: NextVersion.name, noted: true }]);

  const both = [old, next];
  const loads = both.map(load);
  // Begun before the migration on N, ended on N+1; and begun on each after it.
  for (let person = 0; person < PEOPLE; person += 1) await end(person, before[person]!, -1, next, both);
  for (let person = 1; person < PEOPLE; person += 1) {
    const [one, other] = person % 2 === 0 ? both : both.toReversed();
    if (person % 3 === 0) await administer(person, 0, one!, other!);
    else await end(person, await begin(person, one!), 0, other!, both);
  }
  // A code that was spent on one is spent on the other.
  const twice = await begin(1, old);
  await expecting(403, new VaultClient(next.url).validate(twice, code(1, -1)));
  for (const each of loads) expect((await each.stop()).wrong).toEqual([]);
  for (const server of both)
    expect((await send({ method: 'GET', url: `${server.url}/readyz`, headers: {} })).status).toBe(200);

  // N may come back beside N+1, which says that it leaves it working.
  const back = await start('back');
  expect(back.words).not.toContain('works as the role that owns');
  await end(2, await begin(2, back), 1, next, [...both, back]);
}, 120_000);

it('S96 down and up again under running servers keeps authenticators working', async () => {
  const dataSource = await new DataSource({
    type: 'postgres',
    url: database.url,
    migrations: [...migrations, NextVersion],
    migrationsTableName: 'migrations',
  }).initialize();
  await dataSource.undoLastMigration();
  await dataSource.destroy();
  const old = running[0]!;
  await end(4, await begin(4, old), 1, old, [old]);
  await migrate(database.url, { serverRole: SERVER_ROLE, migrations: [...migrations, NextVersion] });
  await end(5, await begin(5, old), 1, running[1]!, [old, running[1]!]);
}, 60_000);

it('S96 a schema of which it is not said that this version may go on is refused at the start, and left as it is', async () => {
  await migrate(database.url, {
    serverRole: SERVER_ROLE,
    migrations: [...migrations, NextVersion, BreakingVersion],
  });
  const { code: exit, words } = await ChildServer.refusal(join(folder, 'late'), settings);
  expect([exit, words]).toEqual([
    1,
    'Sallyport cannot start:\nschema: a newer version has changed this database (NextVersion9000000000001, BreakingVersion9000000000002)\n',
  ]);
  // What runs goes on.
  await expecting(200, new VaultClient(running[0]!.url, ROOT_TOKEN).read('auth/token/lookup-self'));
}, 60_000);
