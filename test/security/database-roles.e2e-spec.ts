import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FUNCTION_GRANTS, migrate, SEQUENCE_GRANTS, TABLE_GRANTS } from '@sallyport/platform';
import { AuditScene } from '../support/audit-scene.js';
import { SERVER_ROLE, serverUrlOf } from '../support/test-server.js';

let scene: AuditScene;
/** Signed in as the server is. */
let server: pg.Client;

beforeAll(async () => {
  scene = await AuditScene.open();
  await migrate(scene.core.databaseUrl, { serverRole: SERVER_ROLE });
  await scene.write(3);
  await scene.checkpoint();
  server = new pg.Client({ connectionString: serverUrlOf(scene.core.databaseUrl) });
  await server.connect();
});
afterAll(async () => {
  await server.end();
  await scene.close();
});

/** Sorted lines of one column. */
async function lines(text: string, values: unknown[] = []): Promise<string[]> {
  return (await scene.rows(text, values)).map(({ line }) => line as string).toSorted();
}

describe('grants', () => {
  it('S96 every table and view has its line in the committed list, and no line is of a table that is not there', async () => {
    const there = await lines(
      `SELECT c.relname AS line FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`,
    );
    expect(Object.keys(TABLE_GRANTS).toSorted()).toEqual(there);
  });

  it('S96 the role of the server has on tables what the list says, and nothing else', async () => {
    const given = await lines(
      `SELECT table_name || ' ' || privilege_type AS line FROM information_schema.role_table_grants WHERE grantee = $1`,
      [SERVER_ROLE],
    );
    const listed = Object.entries(TABLE_GRANTS).flatMap(([table, privileges]) =>
      privileges.map((privilege) => `${table} ${privilege}`),
    );
    expect(given).toEqual(listed.toSorted());
    const byColumn = `SELECT attname AS line FROM pg_attribute WHERE attacl IS NOT NULL AND attrelid::regclass::text NOT LIKE 'pg_%'`;
    expect(await lines(byColumn)).toEqual([]);
  });

  it('S96 what the role may do in effect, also through everybody or another role, is the same', async () => {
    const [version] = await scene.rows(`SELECT current_setting('server_version_num')::int AS number`);
    const kinds = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'];
    if (version!['number'] >= 170_000) kinds.push('MAINTAIN');
    const may = await lines(
      `SELECT c.relname || ' ' || kind AS line FROM pg_class c, unnest($2::text[]) AS kind
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v') AND has_table_privilege($1, c.oid, kind)`,
      [SERVER_ROLE, kinds],
    );
    const listed = Object.entries(TABLE_GRANTS).flatMap(([table, privileges]) =>
      privileges.map((privilege) => `${table} ${privilege}`),
    );
    expect(may).toEqual(listed.toSorted());
    const beyond = await lines(
      `SELECT kind AS line FROM unnest(ARRAY['CREATE', 'TEMP']) AS kind WHERE has_database_privilege($1, current_database(), kind)
       UNION ALL SELECT 'schema' WHERE has_schema_privilege($1, 'public', 'CREATE')
       UNION ALL SELECT 'owns ' || relname FROM pg_class WHERE relowner = $1::regrole
       UNION ALL SELECT 'is ' || rolname FROM pg_roles WHERE rolname <> $1 AND pg_has_role($1, oid, 'MEMBER')
       UNION ALL SELECT 'power' FROM pg_roles WHERE rolname = $1
         AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication)`,
      [SERVER_ROLE],
    );
    expect(beyond).toEqual([]);
  });

  it('S96 sequences and functions are the list too, and nobody else may call a function of ours', async () => {
    const sequences = await lines(
      `SELECT c.relname || ' ' || kind AS line FROM pg_class c, unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) AS kind
       WHERE c.relkind = 'S' AND c.relnamespace = 'public'::regnamespace AND has_sequence_privilege($1, c.oid, kind)`,
      [SERVER_ROLE],
    );
    const listed = Object.entries(SEQUENCE_GRANTS).flatMap(([name, kinds]) =>
      kinds.map((kind) => `${name} ${kind}`),
    );
    expect(sequences).toEqual(listed.toSorted());
    const functions = await lines(
      `SELECT replace(oid::regprocedure::text, 'public.', '') AS line FROM pg_proc
       WHERE pronamespace = 'public'::regnamespace AND has_function_privilege($1, oid, 'EXECUTE')`,
      [SERVER_ROLE],
    );
    expect(functions).toEqual([...FUNCTION_GRANTS].toSorted());
    const open = `SELECT proname AS line FROM pg_proc f, aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) g
      WHERE f.pronamespace = 'public'::regnamespace AND g.grantee = 0`;
    expect(await lines(open)).toEqual([]);
  });

  it('S96 a function that acts for the owner looks in no schema its caller could fill', async () => {
    const settings = `SELECT proname || ' ' || coalesce(proconfig::text, '') AS line FROM pg_proc
      WHERE prosecdef AND pronamespace = 'public'::regnamespace`;
    expect(await lines(settings)).toEqual(['remove_audit_stretch {"search_path=public, pg_temp"}']);
  });
});

describe('as the role of the server', () => {
  const denied = { code: '42501' };

  it.each([
    `UPDATE audit_events SET action = 'x'`,
    'DELETE FROM audit_events',
    'TRUNCATE audit_events',
    'UPDATE audit_seals SET number = number + 100',
    'DELETE FROM audit_seals',
    'TRUNCATE audit_seals',
    'UPDATE audit_checkpoints SET number = 0',
    'DELETE FROM audit_checkpoints',
    'TRUNCATE audit_checkpoints',
    `UPDATE audit_keys SET public_key = ''`,
    'DELETE FROM audit_keys',
    'DELETE FROM audit_sinks',
    'SELECT id FROM audit_events FOR UPDATE',
    'DO $$ BEGIN LOCK TABLE audit_events IN ACCESS EXCLUSIVE MODE; END $$',
    `INSERT INTO audit_seals (number, event_id, chain_hash, key_id, keyed_hash, sealed_at)
       SELECT number, event_id, '', key_id, keyed_hash, sealed_at FROM audit_seals ON CONFLICT (number) DO UPDATE SET chain_hash = ''`,
    'ALTER TABLE audit_events DISABLE TRIGGER USER',
    'ALTER TABLE audit_events DISABLE TRIGGER keep_audit',
    'ALTER TABLE audit_events ADD COLUMN note text',
    'ALTER TABLE audit_events OWNER TO CURRENT_USER',
    'DROP TRIGGER keep_audit ON audit_events',
    'DROP TABLE audit_events',
    'CREATE TRIGGER own BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION keep_audit()',
    'CREATE RULE own AS ON INSERT TO audit_events DO INSTEAD NOTHING',
    'ALTER TRIGGER keep_audit ON audit_events RENAME TO kept',
    'DROP FUNCTION keep_audit CASCADE',
    'CREATE OR REPLACE FUNCTION keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$',
    'ALTER FUNCTION remove_audit_stretch(bigint) SET search_path = pg_temp',
    'CREATE TABLE own (id integer)',
    'CREATE TEMP TABLE audit_checkpoints (number bigint, at timestamptz)',
    'CREATE SCHEMA own',
    'CREATE INDEX own ON tokens (id)',
    'CREATE VIEW own AS SELECT 1',
    'DELETE FROM data_keys',
    'UPDATE key_rotations SET finished_at = now()',
    'DELETE FROM installation',
    'DELETE FROM migrations',
    'UPDATE migrations SET serves_from = 0',
    `SELECT setval('device_epochs', 1)`,
    'SET ROLE sallyport',
    'SET ROLE postgres',
    'SET SESSION AUTHORIZATION sallyport',
    `SELECT set_config('role', 'sallyport', false)`,
    'SET session_replication_role = replica',
    'GRANT sallyport TO CURRENT_USER',
    'ALTER ROLE CURRENT_USER SUPERUSER',
    'ALTER ROLE CURRENT_USER CREATEROLE',
    'CREATE ROLE own',
    `COPY (SELECT 1) TO PROGRAM 'true'`,
    `COPY tokens FROM '/etc/passwd'`,
    `SELECT pg_read_file('/etc/passwd')`,
    `SELECT rolpassword FROM pg_authid`,
  ])('S74 S96 Postgres refuses: %s', async (statement) => {
    await expect(server.query(statement)).rejects.toMatchObject(denied);
  });

  it('S74 nothing it may still set opens the audit', async () => {
    await server.query(`SET sallyport.audit_retention = 'on'`);
    await expect(server.query('DELETE FROM audit_events')).rejects.toMatchObject(denied);
    for (const back of ['RESET ROLE', 'SET ROLE NONE', 'RESET SESSION AUTHORIZATION', 'RESET ALL']) {
      await server.query(back);
      expect((await server.query('SELECT current_user AS role, session_user AS session')).rows).toEqual([
        { role: SERVER_ROLE, session: SERVER_ROLE },
      ]);
    }
  });

  it('S74 S76 a checkpoint it says is old removes nothing', async () => {
    const before = await scene.rows('SELECT count(*)::int AS count FROM audit_seals');
    const { rows } = await server.query<{ number: number }>(
      `INSERT INTO audit_checkpoints (number, chain_hash, at, key_id, signature, recorded_at)
       SELECT number + 1, chain_hash, now() - interval '400 days', key_id, signature, now() - interval '400 days'
       FROM audit_checkpoints ORDER BY number DESC LIMIT 1 RETURNING number`,
    );
    await expect(server.query('SELECT remove_audit_stretch($1)', [rows[0]!.number])).rejects.toThrow(
      'thirty days',
    );
    expect(await scene.rows('SELECT count(*)::int AS count FROM audit_seals')).toEqual(before);
    await scene.tamper("DELETE FROM audit_checkpoints WHERE recorded_at - at > interval '1 day'");
  });

  it('S74 a row it adds itself, without the key, is named by verifying', async () => {
    await server.query(
      `INSERT INTO audit_events (id, at, action, outcome, actor_name, detail)
       VALUES (gen_random_uuid(), now(), 'token.issued', 'success', 'nobody', '{}')`,
    );
    await scene.seal();
    expect(await scene.found()).toEqual([['unsigned', await scene.head()]]);
  });

  it('S74 S76 a fresh row it seals among old ones is not removed with them', async () => {
    await scene.tamper(
      `UPDATE audit_checkpoints SET recorded_at = recorded_at - interval '31 days';
       UPDATE audit_events SET at = at - interval '31 days'`,
    );
    const { rows } = await server.query<{ id: string }>(
      `INSERT INTO audit_events (id, at, action, outcome, detail) VALUES (gen_random_uuid(), now(), 'token.issued', 'success', '{}') RETURNING id`,
    );
    await server.query(
      `INSERT INTO audit_seals (number, event_id, chain_hash, key_id, keyed_hash, sealed_at)
       SELECT -1, $1, chain_hash, key_id, keyed_hash, sealed_at FROM audit_seals ORDER BY number LIMIT 1`,
      [rows[0]!.id],
    );
    const [newest] = await scene.rows('SELECT max(number) AS number FROM audit_checkpoints');
    await server.query('SELECT remove_audit_stretch($1)', [newest!['number']]);
    expect(await scene.rows('SELECT id FROM audit_events WHERE id = $1', [rows[0]!.id])).toHaveLength(1);
    expect(await scene.rows(`SELECT id FROM audit_events WHERE at < now() - interval '30 days'`)).toEqual([]);
  });
});
