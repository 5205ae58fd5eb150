import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Global settings, devices, the blacklist, service users, the whole of providers, preferences and tags (contract appgate.md §4-§6). */
export class SettingsDevicesProviders1763700000020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  // Only what was set: defaults are the code's, so that a later version can change one.
  `CREATE TABLE global_settings (
    "only" boolean PRIMARY KEY DEFAULT true CHECK ("only"),
    settings jsonb NOT NULL DEFAULT '{}',
    sealed_backup_passphrase bytea
  )`,
  `INSERT INTO global_settings DEFAULT VALUES`,

  // An epoch is never used twice: a token of a device that was removed does not live again when the device comes back.
  `CREATE SEQUENCE device_epochs`,
  `CREATE TABLE registered_devices (
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    device_id uuid NOT NULL,
    on_boarded_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    token_epoch bigint NOT NULL DEFAULT nextval('device_epochs'),
    PRIMARY KEY (account_id, device_id)
  )`,
  `CREATE INDEX registered_devices__last_seen_at ON registered_devices (last_seen_at)`,
  `CREATE INDEX registered_devices__on_boarded_at ON registered_devices (on_boarded_at)`,
  `CREATE INDEX registered_devices__device_id ON registered_devices (device_id)`,
  `ALTER TABLE tokens ADD COLUMN device_epoch bigint`,
  `INSERT INTO registered_devices (account_id, device_id, on_boarded_at, last_seen_at)
     SELECT t.account_id, t.device_id, min(t.issued_at), max(t.issued_at) FROM tokens t JOIN accounts a ON a.id = t.account_id
     WHERE t.device_id IS NOT NULL GROUP BY t.account_id, t.device_id`,
  `UPDATE tokens t SET device_epoch = d.token_epoch FROM registered_devices d
     WHERE d.account_id = t.account_id AND d.device_id = t.device_id`,
  `CREATE INDEX sign_ins__account_id ON sign_ins (account_id)`,
  `CREATE INDEX tokens__device ON tokens (account_id, device_id, expires_at) WHERE device_id IS NOT NULL`,

  // Names, not people: an entry may be there before its user, and stays after (§5.7).
  `CREATE TABLE blacklisted_users (
    provider_canonical text NOT NULL,
    username_canonical text NOT NULL,
    username text NOT NULL,
    provider_name text NOT NULL,
    reason text,
    blacklisted_at timestamptz NOT NULL,
    PRIMARY KEY (provider_canonical, username_canonical)
  )`,

  // Right passwords by hour, for the statistics (§6.8).
  `CREATE TABLE login_counts (
    identity_provider_id uuid NOT NULL REFERENCES identity_providers ON DELETE CASCADE,
    hour timestamptz NOT NULL,
    logins integer NOT NULL,
    PRIMARY KEY (identity_provider_id, hour)
  )`,

  `CREATE TABLE service_users (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    name_canonical text NOT NULL CONSTRAINT service_users__name_canonical UNIQUE,
    notes text NOT NULL DEFAULT '',
    tags text[] NOT NULL DEFAULT '{}',
    labels jsonb NOT NULL DEFAULT '{}',
    password_hash text NOT NULL,
    disabled boolean NOT NULL DEFAULT false,
    failed_login_attempts integer NOT NULL DEFAULT 0,
    lock_start timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
  )`,

  `ALTER TABLE identity_providers
     ADD COLUMN settings jsonb NOT NULL DEFAULT '{}',
     ADD COLUMN IF NOT EXISTS user_scripts uuid[] NOT NULL DEFAULT '{}',
     ADD COLUMN sealed_secret bytea`,
  `ALTER TABLE mfa_methods
     ADD COLUMN provider_name_canonical text CONSTRAINT mfa_methods__provider_name_canonical UNIQUE,
     ADD COLUMN sealed_shared_secret bytea,
     ADD COLUMN sealed_challenge_secret bytea`,
  // What `/admin` sees of MFA methods, under the name they have there; rows are written through it (§4.1).
  `CREATE VIEW mfa_providers AS
     SELECT id, type, provider_name AS name, provider_name_canonical AS name_canonical, offered_at, built_in, config, notes, tags,
       sealed_shared_secret, sealed_challenge_secret, created_at, updated_at
     FROM mfa_methods WHERE 'appgate' = ANY(offered_at) AND provider_name IS NOT NULL`,
  // Only the two built-in ones have a name here so far, and theirs are ASCII.
  `UPDATE mfa_methods SET provider_name_canonical = lower(provider_name)`,

  `CREATE TABLE user_preferences (
    local_user_id uuid PRIMARY KEY REFERENCES local_users ON DELETE CASCADE,
    preferences text NOT NULL,
    updated_at timestamptz NOT NULL
  )`,

  // A tag first used on an object appears among the tags by itself (§6.6).
  `CREATE TABLE tags (
    id uuid PRIMARY KEY,
    name text NOT NULL CONSTRAINT tags__name UNIQUE,
    name_canonical text NOT NULL,
    notes text NOT NULL DEFAULT '',
    color_code integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
  )`,
  `CREATE FUNCTION keep_tags() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     INSERT INTO tags (id, name, name_canonical, color_code, created_at, updated_at)
       SELECT gen_random_uuid(), tag, lower(normalize(tag)), 1 + floor(random() * 20)::integer, NEW.updated_at, NEW.updated_at
       FROM (SELECT DISTINCT unnest(NEW.tags) AS tag ORDER BY 1) AS used
       WHERE NOT EXISTS (SELECT 1 FROM tags known WHERE known.name = used.tag)
       ON CONFLICT (name) DO NOTHING;
     RETURN NULL;
   END $$`,
  `DO $$
   DECLARE tagged text;
   BEGIN
     FOR tagged IN SELECT table_name FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
       WHERE table_schema = current_schema() AND column_name = 'tags' AND udt_name = '_text' AND table_type = 'BASE TABLE' ORDER BY 1
     LOOP
       EXECUTE format('CREATE TRIGGER keep_tags AFTER INSERT OR UPDATE OF tags ON %I FOR EACH ROW EXECUTE FUNCTION keep_tags()', tagged);
       EXECUTE format('INSERT INTO tags (id, name, name_canonical, color_code, created_at, updated_at)
         SELECT gen_random_uuid(), tag, lower(normalize(tag)), 1 + floor(random() * 20)::integer, first_used, first_used
         FROM (SELECT unnest(tags) AS tag, min(created_at) AS first_used FROM %I GROUP BY 1) AS used ON CONFLICT (name) DO NOTHING', tagged);
     END LOOP;
   END $$`,
];

const DOWN = [
  `DROP FUNCTION keep_tags() CASCADE`,
  `DROP TABLE tags, user_preferences, service_users, login_counts, blacklisted_users, global_settings`,
  `DROP VIEW mfa_providers`,
  `ALTER TABLE mfa_methods DROP COLUMN provider_name_canonical, DROP COLUMN sealed_shared_secret, DROP COLUMN sealed_challenge_secret`,
  `ALTER TABLE identity_providers DROP COLUMN settings, DROP COLUMN user_scripts, DROP COLUMN sealed_secret`,
  `DROP INDEX sign_ins__account_id`,
  `DROP INDEX tokens__device`,
  `ALTER TABLE tokens DROP COLUMN device_epoch`,
  `DROP TABLE registered_devices`,
  `DROP SEQUENCE device_epochs`,
];
