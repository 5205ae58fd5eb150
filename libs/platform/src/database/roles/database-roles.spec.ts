import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { MasterKey } from '../../keyring/master-key.js';
import { bringUp } from '../bring-up.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../embedded/index.js';
import { migrate } from '../migrate.js';
import { settleRoles } from './database-roles.js';
import { scramVerifier } from './scram-verifier.js';

const PASSWORD = "the owner's own: 100 % + spaces";
const KEY = new MasterKey([Buffer.alloc(32, 1)]);

let folder: string;
let postgres: EmbeddedPostgres;
let superuser: pg.Client;
let database: string;
let count = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-roles-'));
  postgres = await startEmbeddedPostgres({ dataDirectory: folder, durable: false });
  superuser = new pg.Client({ host: postgres.socketDirectory, user: 'postgres', database: 'postgres' });
  await superuser.connect();
  // Everybody but the superuser shows a password, as over a network.
  const rules = join(folder, 'postgres/pg_hba.conf');
  writeFileSync(rules, 'local all postgres trust\nlocal all all scram-sha-256\n');
  await superuser.query('SELECT pg_reload_conf()');
}, 60_000);
afterAll(async () => {
  await superuser?.end();
  await postgres?.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  database = `place_${(count += 1)}`;
  await makeRole('owner', 'CREATEROLE', PASSWORD);
  await superuser.query(`CREATE DATABASE ${database} OWNER owner`);
});

async function makeRole(name: string, attributes: string, password: string): Promise<void> {
  const { rowCount } = await superuser.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
  const verb = rowCount === 0 ? 'CREATE' : 'ALTER';
  const powers = attributes === '' ? 'NOCREATEROLE' : attributes;
  await superuser.query(
    `${verb} ROLE ${name} LOGIN ${powers} PASSWORD ${pg.escapeLiteral(scramVerifier(password))}`,
  );
}

function urlOf(role: string, password = PASSWORD): string {
  return `postgres://${role}:${encodeURIComponent(password)}@/${database}?host=${encodeURIComponent(postgres.socketDirectory)}`;
}

async function ask(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

it('S96 with the owner alone a role is made that may do what the list says, and every replica has the same one', async () => {
  const urls = { databaseUrl: urlOf('owner'), migrationUrl: null };
  const replicas = await Promise.all([bringUp(urls, KEY), bringUp(urls, KEY), bringUp(urls, KEY)]);
  const role = `${database}_server`;
  expect(replicas.map(({ serverRole, shortcoming }) => [serverRole, shortcoming])).toEqual(
    replicas.map(() => [role, null]),
  );
  expect(new Set(replicas.map(({ server }) => server)).size).toBe(1);
  expect(
    await ask(replicas[0].server, 'SELECT session_user::text AS role, (SELECT count(*)::int FROM tokens)'),
  ).toEqual([{ role, count: 0 }]);
  await expect(ask(replicas[0].server, 'DELETE FROM audit_events')).rejects.toMatchObject({ code: '42501' });
  // The server's password tells nothing of the owner's, and no statement has held either.
  expect(replicas[0].server).not.toContain('owner=');
  await expect(ask(urlOf(role), 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  const [kept] = (await superuser.query('SELECT rolpassword FROM pg_authid WHERE rolname = $1', [role])).rows;
  expect(kept.rolpassword).toMatch(/^SCRAM-SHA-256\$4096:/);
  // Another start changes nothing.
  expect((await bringUp(urls, KEY)).ran).toEqual([]);
  const again = await superuser.query('SELECT rolpassword FROM pg_authid WHERE rolname = $1', [role]);
  expect(again.rows).toEqual([kept]);
});

it('S96 the role follows when the password of the owner is changed', async () => {
  const { server } = await bringUp({ databaseUrl: urlOf('owner'), migrationUrl: null }, KEY);
  await makeRole('owner', 'CREATEROLE', 'another one');
  const changed = { databaseUrl: urlOf('owner', 'another one'), migrationUrl: null };
  expect((await settleRoles(changed, false)).shortcoming).toBe('no role was made for the server');
  const after = await bringUp(changed, KEY);
  expect([after.shortcoming, after.server === server]).toEqual([null, false]);
  await expect(ask(server, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
});

it('S96 an owner who may make no roles is served as, and that is told', async () => {
  await makeRole('owner', '', PASSWORD);
  const brought = await bringUp({ databaseUrl: urlOf('owner'), migrationUrl: null }, KEY);
  expect(brought).toMatchObject({
    server: urlOf('owner'),
    serverRole: null,
    shortcoming: 'permission denied to create role',
  });
});

it('S96 a role of that name which somebody else made is left as it is', async () => {
  await makeRole(`${database}_server`, '', `somebody's own`);
  const brought = await bringUp({ databaseUrl: urlOf('owner'), migrationUrl: null }, KEY);
  expect(brought.shortcoming).toBe(`there is a role ${database}_server that Sallyport did not make`);
  expect(await ask(urlOf(`${database}_server`, `somebody's own`), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it('S96 with two URLs the server serves as the one and the schema is the other’s', async () => {
  await makeRole('app', '', PASSWORD);
  const urls = { databaseUrl: urlOf('app'), migrationUrl: urlOf('owner') };
  expect(await bringUp(urls, KEY)).toMatchObject({
    server: urls.databaseUrl,
    serverRole: 'app',
    shortcoming: null,
  });
  const owners = await ask(
    urls.databaseUrl,
    `SELECT DISTINCT tableowner::text AS owner FROM pg_tables WHERE schemaname = 'public'`,
  );
  expect(owners).toEqual([{ owner: 'owner' }]);
  await expect(ask(urls.databaseUrl, 'CREATE TEMP TABLE own (id integer)')).rejects.toMatchObject({
    code: '42501',
  });
  await expect(ask(urls.databaseUrl, 'DROP TABLE tokens')).rejects.toMatchObject({ code: '42501' });
  // A grant that was lost comes back, one too many goes.
  await ask(urls.migrationUrl, 'REVOKE INSERT ON tokens FROM app');
  await ask(urls.migrationUrl, 'GRANT UPDATE, TRUNCATE ON audit_events TO app');
  await ask(urls.migrationUrl, 'GRANT DELETE (id) ON audit_seals TO app').catch(() => undefined);
  await ask(urls.migrationUrl, 'GRANT UPDATE (chain_hash) ON audit_seals TO app');
  await ask(urls.migrationUrl, 'GRANT SELECT ON tokens TO PUBLIC');
  await bringUp(urls, KEY);
  const privileges = await ask(
    urls.databaseUrl,
    `SELECT has_table_privilege('tokens', 'INSERT') AS back, has_table_privilege('audit_events', 'UPDATE, TRUNCATE') AS more,
       has_column_privilege('audit_seals', 'chain_hash', 'UPDATE') AS part`,
  );
  expect(privileges).toEqual([{ back: true, more: false, part: false }]);
  const everybody = await superuser.query(
    `SELECT has_database_privilege('public', $1, 'TEMP') AS temporary`,
    [database],
  );
  expect(everybody.rows).toEqual([{ temporary: false }]);
  const both = { databaseUrl: urlOf('owner'), migrationUrl: urlOf('owner') };
  expect(await settleRoles(both)).toMatchObject({
    serverRole: null,
    shortcoming: 'both URLs name the same role',
  });
});

it('S81 S96 what is in the schema beside ours is named, never read as a part of a statement', async () => {
  await makeRole('app', '', PASSWORD);
  const urls = { databaseUrl: urlOf('app'), migrationUrl: urlOf('owner') };
  await bringUp(urls, KEY);
  const odd = ['remove_audit_stretch(bigint) FROM app --', 'a "quoted" (one', 'place.of%'];
  for (const name of odd)
    await ask(
      urls.migrationUrl,
      `CREATE FUNCTION ${pg.escapeIdentifier(name)}(text) RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
    );
  for (const name of ['constructor', 'toString', 'tokens (id)'])
    await ask(urls.migrationUrl, `CREATE TABLE ${pg.escapeIdentifier(name)} ("id" integer)`);
  await ask(urls.migrationUrl, 'CREATE SEQUENCE "valueOf"');
  await bringUp(urls, KEY);
  const open = await ask(
    urls.migrationUrl,
    `SELECT proname::text AS name FROM pg_proc f, aclexplode(coalesce(proacl, acldefault('f', proowner))) g
     WHERE pronamespace = 'public'::regnamespace AND g.grantee = 0`,
  );
  expect(open).toEqual([]);
  const right = `SELECT has_function_privilege('remove_audit_stretch(bigint)', 'EXECUTE') AS kept`;
  expect(await ask(urls.databaseUrl, right)).toEqual([{ kept: true }]);
});

it('S96 the role of the server alone migrates nothing: it waits for the owner, and serves once all has run', async () => {
  await makeRole('app', '', PASSWORD);
  const alone = { databaseUrl: urlOf('app'), migrationUrl: null };
  await expect(bringUp(alone, KEY)).rejects.toThrow(
    /^SALLYPORT_MIGRATION_DATABASE_URL: \d+ migrations have not run/,
  );
  await migrate(urlOf('owner'), { serverRole: 'app' });
  expect(await bringUp(alone, KEY)).toMatchObject({
    owner: null,
    server: alone.databaseUrl,
    shortcoming: null,
    ran: [],
  });
});

it('S96 the roles of the compose stack are enough, and neither is a superuser', async () => {
  const text = readFileSync(join(import.meta.dirname, '../../../../../deploy/postgres/roles.sql'), 'utf8');
  const statements = text
    .replaceAll(/^\\set.*$|^--.*$/gm, '')
    .replaceAll(/:'\w+'/g, pg.escapeLiteral(scramVerifier(PASSWORD)))
    // The cluster has a role of that name.
    .replaceAll('sallyport', 'stacked')
    .split(';');
  for (const statement of statements) if (statement.trim() !== '') await superuser.query(statement);
  database = 'stacked';
  const urls = { databaseUrl: urlOf('stacked'), migrationUrl: urlOf('stacked_owner') };
  expect(await bringUp(urls, KEY)).toMatchObject({ serverRole: 'stacked', shortcoming: null });
  // The servers of the stack do not have the owner's.
  expect(await bringUp({ ...urls, migrationUrl: null }, KEY)).toMatchObject({ owner: null, ran: [] });
  for (const url of Object.values(urls))
    expect(
      await ask(url, 'SELECT rolsuper OR rolcreaterole AS mighty FROM pg_roles WHERE rolname = current_user'),
    ).toEqual([{ mighty: false }]);
});

it('S67 S96 a wrong master key stops it before a role is made or a row is changed', async () => {
  await migrate(urlOf('owner'), { serverRole: null });
  await ask(urlOf('owner'), `INSERT INTO data_keys (wrapped_key, created_at) VALUES ('\\x00', now())`);
  await expect(bringUp({ databaseUrl: urlOf('owner'), migrationUrl: null }, KEY)).rejects.toThrow(
    'does not open the data keys',
  );
  const made = await superuser.query('SELECT FROM pg_roles WHERE rolname = $1', [`${database}_server`]);
  expect(made.rowCount).toBe(0);
});
