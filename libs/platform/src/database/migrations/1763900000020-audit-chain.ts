import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Audit that proves itself (S74-S79): signed rows, the chain of seals, checkpoints, where they went, and folded floods. */
export class AuditChain1763900000020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const KEPT_TABLES = ['audit_events', 'audit_seals', 'audit_checkpoints'];

const UP = [
  // May be empty: a server of the version before writes on while the others are brought up to date (S96).
  `ALTER TABLE audit_events ADD COLUMN key_id integer, ADD COLUMN keyed_hash bytea`,
  `DROP INDEX audit_events__at`,
  `CREATE INDEX audit_events__at_id ON audit_events (at, id)`,

  // What signs rows and checkpoints, sealed: Postgres alone does not reveal it (S74).
  `CREATE TABLE audit_keys (
    id integer PRIMARY KEY,
    sealed_key bytea NOT NULL,
    public_key text NOT NULL,
    created_at timestamptz NOT NULL
  )`,

  // Rows the sealer has not come to yet. No index: it takes whatever lies first.
  `CREATE TABLE audit_unsealed (event_id uuid NOT NULL)`,
  `INSERT INTO audit_unsealed SELECT id FROM audit_events ORDER BY at, id`,

  // The chain (S75). No foreign key: a seal outlives a row that somebody deletes, and so names it.
  `CREATE TABLE audit_seals (
    number bigint PRIMARY KEY,
    event_id uuid NOT NULL UNIQUE,
    chain_hash bytea NOT NULL,
    key_id integer NOT NULL,
    keyed_hash bytea NOT NULL,
    sealed_at timestamptz NOT NULL
  )`,
  `CREATE TABLE audit_checkpoints (
    number bigint PRIMARY KEY,
    chain_hash bytea NOT NULL,
    at timestamptz NOT NULL,
    key_id integer NOT NULL,
    signature text NOT NULL
  )`,
  // How far each sink has come, and who is sending to it.
  `CREATE TABLE audit_sinks (
    name text PRIMARY KEY,
    number bigint NOT NULL,
    leased_by uuid,
    leased_until timestamptz
  )`,
  // Floods: one row a minute tells how many there were (S79).
  `CREATE TABLE audit_folds (
    key_hash bytea PRIMARY KEY,
    since timestamptz NOT NULL,
    folded integer NOT NULL,
    event jsonb NOT NULL
  )`,

  `CREATE FUNCTION queue_audit_event() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     INSERT INTO audit_unsealed (event_id) VALUES (NEW.id);
     RETURN NULL;
   END $$`,
  `CREATE TRIGGER queue_audit_event AFTER INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION queue_audit_event()`,

  `CREATE FUNCTION keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     IF TG_OP = 'DELETE' AND TG_TABLE_NAME <> 'audit_checkpoints' AND current_setting('sallyport.audit_retention', true) = 'on' THEN
       RETURN OLD;
     END IF;
     RAISE EXCEPTION 'the audit is only ever added to' USING ERRCODE = 'insufficient_privilege';
   END $$`,
  ...KEPT_TABLES.flatMap((table) => [
    `CREATE TRIGGER keep_audit BEFORE UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION keep_audit()`,
    `CREATE TRIGGER keep_audit_whole BEFORE TRUNCATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION keep_audit()`,
  ]),

  // The one way out (S76): whole stretches up to a checkpoint, never of the last thirty days by the database's own clock. It acts for the
  // role that owns the tables, so that the server's needs no right to delete.
  `CREATE FUNCTION remove_audit_stretch(through bigint) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
   DECLARE
     removed bigint;
   BEGIN
     IF NOT EXISTS (SELECT FROM audit_checkpoints WHERE number = through AND at < now() - interval '30 days') THEN
       RAISE EXCEPTION 'no checkpoint of more than thirty days ago has this number';
     END IF;
     PERFORM set_config('sallyport.audit_retention', 'on', true);
     DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_seals WHERE number <= through);
     DELETE FROM audit_seals WHERE number <= through;
     GET DIAGNOSTICS removed = ROW_COUNT;
     PERFORM set_config('sallyport.audit_retention', 'off', true);
     RETURN removed;
   END $$`,
];

const DOWN = [
  `DROP FUNCTION remove_audit_stretch`,
  ...KEPT_TABLES.flatMap((table) => [
    `DROP TRIGGER keep_audit ON ${table}`,
    `DROP TRIGGER keep_audit_whole ON ${table}`,
  ]),
  `DROP FUNCTION keep_audit`,
  `DROP TRIGGER queue_audit_event ON audit_events`,
  `DROP FUNCTION queue_audit_event`,
  ...['audit_folds', 'audit_sinks', 'audit_checkpoints', 'audit_seals', 'audit_unsealed', 'audit_keys'].map(
    (table) => `DROP TABLE ${table}`,
  ),
  `DROP INDEX audit_events__at_id`,
  `CREATE INDEX audit_events__at ON audit_events (at)`,
  `ALTER TABLE audit_events DROP COLUMN keyed_hash, DROP COLUMN key_id`,
];
