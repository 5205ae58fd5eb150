import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Rotating keys while everybody works (S68). */
export class KeyRotation1763900000030 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

/** Every column that holds sealed values. */
const SEALED = [
  ['installation', 'sealed_lookup_key'],
  ['audit_keys', 'sealed_key'],
  ['global_settings', 'sealed_backup_passphrase'],
  ['identity_providers', 'sealed_secret'],
  ['mfa_methods', 'sealed_shared_secret'],
  ['mfa_methods', 'sealed_challenge_secret'],
  ['mfa_methods', 'sealed_vendor_secrets'],
  ['totp_enrollments', 'sealed_seed'],
  ['totp_resets', 'sealed_seed'],
] as const;

const SEEDS = ['totp_enrollments', 'totp_resets'];

const UP = [
  // One that was begun and not finished is gone on with, whoever comes next.
  `CREATE TABLE key_rotations (
    id uuid PRIMARY KEY,
    data_key_id integer NOT NULL,
    master_key_id text NOT NULL,
    resealed bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL,
    finished_at timestamptz
  )`,
  `CREATE UNIQUE INDEX key_rotations__one_open ON key_rotations ((true)) WHERE finished_at IS NULL`,

  // The data key a sealed value names: bytes 1 to 4. What is too short to be sealed names none.
  `CREATE FUNCTION sealed_key_id(sealed bytea) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
   SELECT CASE WHEN length(sealed) < 33 THEN NULL ELSE
     (get_byte(sealed, 1)::bigint << 24) | (get_byte(sealed, 2) << 16) | (get_byte(sealed, 3) << 8) | get_byte(sealed, 4) END $$`,
  `CREATE INDEX totp_enrollments__sealed_key_id ON totp_enrollments (sealed_key_id(sealed_seed))`,

  // A value sealed just before its key was deleted is not written after: it would never open again. The lock makes a deletion wait.
  `CREATE FUNCTION must_name_data_key() RETURNS trigger LANGUAGE plpgsql AS $$
   DECLARE key_id bigint;
   BEGIN
     EXECUTE format('SELECT sealed_key_id(($1).%I)', TG_ARGV[0]) USING NEW INTO key_id;
     IF key_id IS NULL THEN RETURN NULL; END IF;
     PERFORM 1 FROM data_keys WHERE id = key_id FOR KEY SHARE;
     IF NOT FOUND THEN
       RAISE EXCEPTION 'data key % is not there any more', key_id USING ERRCODE = 'lock_not_available';
     END IF;
     RETURN NULL;
   END $$`,
  ...SEALED.map(
    ([table, column]) =>
      `CREATE TRIGGER ${column}_names_data_key AFTER INSERT OR UPDATE OF ${column} ON ${table}
       FOR EACH ROW EXECUTE FUNCTION must_name_data_key('${column}')`,
  ),

  // What stays the same while a seed is only sealed anew, and changes with the seed: a code is spent for a seed, not for its bytes.
  ...SEEDS.map(
    (table) => `ALTER TABLE ${table} ADD COLUMN seed_version uuid NOT NULL DEFAULT gen_random_uuid()`,
  ),
  `CREATE FUNCTION keep_seed_version() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     IF coalesce(current_setting('sallyport.resealing', true), '') <> 'on' THEN NEW.seed_version := gen_random_uuid(); END IF;
     RETURN NEW;
   END $$`,
  ...SEEDS.map(
    (table) =>
      `CREATE TRIGGER keep_seed_version BEFORE UPDATE OF sealed_seed ON ${table} FOR EACH ROW
       WHEN (OLD.sealed_seed IS DISTINCT FROM NEW.sealed_seed) EXECUTE FUNCTION keep_seed_version()`,
  ),
];

const DOWN = [
  ...SEEDS.map((table) => `DROP TRIGGER keep_seed_version ON ${table}`),
  `DROP FUNCTION keep_seed_version`,
  ...SEEDS.map((table) => `ALTER TABLE ${table} DROP COLUMN seed_version`),
  ...SEALED.map(([table, column]) => `DROP TRIGGER ${column}_names_data_key ON ${table}`),
  `DROP FUNCTION must_name_data_key`,
  `DROP INDEX totp_enrollments__sealed_key_id`,
  `DROP FUNCTION sealed_key_id`,
  `DROP TABLE key_rotations`,
];
