import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Everything the first sign-in needs: keys, people, methods, sign-ins, tokens, roles, audit. */
export class Foundation1763700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES.toReversed()) await runner.query(`DROP TABLE ${table}`);
  }
}

const UP = [
  // --- keys and the installation -----------------------------------------------------------------
  `CREATE TABLE data_keys (
    id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    wrapped_key bytea NOT NULL,
    seals_reserved bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    retired_at timestamptz
  )`,
  `CREATE UNIQUE INDEX data_keys__one_active ON data_keys ((true)) WHERE retired_at IS NULL`,

  `CREATE TABLE installation (
    "only" boolean PRIMARY KEY DEFAULT true CHECK ("only"),
    collective_id uuid NOT NULL,
    cluster_id uuid NOT NULL,
    sealed_lookup_key bytea NOT NULL,
    token_epoch bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL
  )`,

  // --- people ------------------------------------------------------------------------------------
  // A principal without a name is not yet visible as an entity (contract vault.md §1.3).
  `CREATE TABLE principals (
    id uuid PRIMARY KEY,
    name text,
    name_canonical text CONSTRAINT principals__name_canonical UNIQUE,
    metadata jsonb NOT NULL DEFAULT '{}',
    policies text[] NOT NULL DEFAULT '{}',
    disabled boolean NOT NULL DEFAULT false,
    token_epoch bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
  )`,

  `CREATE TABLE identity_providers (
    id uuid PRIMARY KEY,
    type text NOT NULL,
    name text NOT NULL,
    name_canonical text NOT NULL,
    built_in boolean NOT NULL DEFAULT false,
    admin_provider boolean NOT NULL DEFAULT false,
    notes text NOT NULL DEFAULT '',
    tags text[] NOT NULL DEFAULT '{}',
    min_password_length integer NOT NULL DEFAULT 8,
    user_lockout_threshold integer NOT NULL DEFAULT 5,
    user_lockout_duration_minutes integer NOT NULL DEFAULT 1,
    block_common_passwords boolean NOT NULL DEFAULT true,
    claim_mappings jsonb NOT NULL DEFAULT '[]',
    token_epoch bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
  )`,
  // User stores of further /v1 mounts are named by their mount and not seen at /admin.
  `CREATE UNIQUE INDEX identity_providers__name_canonical ON identity_providers (name_canonical) WHERE type <> 'Userpass'`,

  `CREATE TABLE auth_mounts (
    id uuid PRIMARY KEY,
    identity_provider_id uuid CONSTRAINT auth_mounts__identity_provider_id UNIQUE REFERENCES identity_providers ON DELETE CASCADE,
    type text NOT NULL,
    path text NOT NULL CONSTRAINT auth_mounts__path UNIQUE,
    accessor text NOT NULL CONSTRAINT auth_mounts__accessor UNIQUE,
    attached boolean NOT NULL,
    description text NOT NULL DEFAULT '',
    default_lease_ttl integer NOT NULL DEFAULT 0,
    max_lease_ttl integer NOT NULL DEFAULT 0,
    listing_visibility text,
    token_type text NOT NULL DEFAULT 'default-service',
    token_epoch bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL
  )`,

  `CREATE TABLE accounts (
    id uuid PRIMARY KEY,
    identity_provider_id uuid NOT NULL REFERENCES identity_providers ON DELETE CASCADE,
    principal_id uuid NOT NULL REFERENCES principals ON DELETE CASCADE,
    name text NOT NULL,
    name_canonical text NOT NULL,
    custom_metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT accounts__provider_name UNIQUE (identity_provider_id, name_canonical),
    CONSTRAINT accounts__provider_principal UNIQUE (identity_provider_id, principal_id)
  )`,
  `CREATE INDEX accounts__principal_id ON accounts (principal_id)`,

  `CREATE TABLE local_users (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL CONSTRAINT local_users__account_id UNIQUE REFERENCES accounts,
    identity_provider_id uuid NOT NULL REFERENCES identity_providers ON DELETE CASCADE,
    name text NOT NULL,
    name_canonical text NOT NULL,
    password_hash text NOT NULL,
    credential_version integer NOT NULL DEFAULT 0,
    first_name text NOT NULL,
    last_name text NOT NULL,
    email text,
    phone text,
    notes text NOT NULL DEFAULT '',
    tags text[] NOT NULL DEFAULT '{}',
    disabled boolean NOT NULL DEFAULT false,
    failed_login_attempts integer NOT NULL DEFAULT 0,
    lock_start timestamptz,
    built_in boolean NOT NULL DEFAULT false,
    exemption_counts boolean NOT NULL DEFAULT true,
    token_settings jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT local_users__provider_name UNIQUE (identity_provider_id, name_canonical)
  )`,

  // --- tries that are counted (S06-S10, S19-S22) ---------------------------------------------------
  `CREATE TABLE password_throttles (
    subject text NOT NULL,
    network text NOT NULL,
    failures integer NOT NULL DEFAULT 0,
    booked integer NOT NULL DEFAULT 0,
    booked_at timestamptz,
    wait_until timestamptz,
    last_failure_at timestamptz,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (subject, network)
  )`,
  `CREATE INDEX password_throttles__updated_at ON password_throttles (updated_at)`,

  // --- second factors ------------------------------------------------------------------------------
  `CREATE TABLE mfa_methods (
    id uuid PRIMARY KEY,
    type text NOT NULL,
    name text,
    name_canonical text CONSTRAINT mfa_methods__name_canonical UNIQUE,
    provider_name text,
    offered_at text[] NOT NULL,
    built_in boolean NOT NULL DEFAULT false,
    config jsonb NOT NULL,
    notes text NOT NULL DEFAULT '',
    tags text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
  )`,

  `CREATE TABLE totp_enrollments (
    id uuid PRIMARY KEY,
    method_id uuid NOT NULL REFERENCES mfa_methods ON DELETE CASCADE,
    principal_id uuid NOT NULL REFERENCES principals ON DELETE CASCADE,
    sealed_seed bytea NOT NULL,
    algorithm text NOT NULL,
    digits integer NOT NULL,
    period integer NOT NULL,
    skew integer NOT NULL,
    provisional_for uuid,
    bound_at timestamptz,
    verified_at timestamptz,
    disabled_at timestamptz,
    last_used_step bigint,
    last_used_at timestamptz,
    created_at timestamptz NOT NULL,
    CONSTRAINT totp_enrollments__method_principal UNIQUE (method_id, principal_id),
    CHECK ((bound_at IS NULL) <> (provisional_for IS NULL))
  )`,
  `CREATE INDEX totp_enrollments__principal_id ON totp_enrollments (principal_id)`,

  `CREATE TABLE factor_throttles (
    principal_id uuid NOT NULL REFERENCES principals ON DELETE CASCADE,
    method_id uuid NOT NULL REFERENCES mfa_methods ON DELETE CASCADE,
    failures integer NOT NULL DEFAULT 0,
    booked integer NOT NULL DEFAULT 0,
    booked_at timestamptz,
    wait_until timestamptz,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (principal_id, method_id)
  )`,

  `CREATE TABLE login_enforcements (
    id uuid PRIMARY KEY,
    name text NOT NULL CONSTRAINT login_enforcements__name UNIQUE,
    mfa_method_ids uuid[] NOT NULL,
    auth_method_accessors text[] NOT NULL DEFAULT '{}',
    auth_method_types text[] NOT NULL DEFAULT '{}',
    identity_group_ids uuid[] NOT NULL DEFAULT '{}',
    identity_entity_ids uuid[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
  )`,

  `CREATE TABLE admin_mfa_settings (
    "only" boolean PRIMARY KEY DEFAULT true CHECK ("only"),
    provider_id uuid REFERENCES mfa_methods
  )`,
  `INSERT INTO admin_mfa_settings DEFAULT VALUES`,

  `CREATE TABLE mfa_exemptions (
    provider_canonical text NOT NULL,
    username_canonical text NOT NULL,
    distinguished_name text NOT NULL,
    position integer NOT NULL,
    PRIMARY KEY (provider_canonical, username_canonical)
  )`,

  // --- sign-ins and tokens ---------------------------------------------------------------------------
  `CREATE TABLE sign_ins (
    id uuid PRIMARY KEY,
    handle_hash bytea NOT NULL CONSTRAINT sign_ins__handle_hash UNIQUE,
    origin text NOT NULL,
    principal_id uuid NOT NULL REFERENCES principals ON DELETE CASCADE,
    account_id uuid NOT NULL,
    local_user_id uuid NOT NULL REFERENCES local_users ON DELETE CASCADE,
    credential_version integer NOT NULL,
    mount_id uuid,
    parent_token_id uuid,
    device_id uuid,
    factors jsonb NOT NULL,
    path text NOT NULL,
    client_address text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    session_expires_at timestamptz,
    finished_at timestamptz,
    final_token_id uuid
  )`,
  `CREATE INDEX sign_ins__principal_id ON sign_ins (principal_id)`,
  `CREATE INDEX sign_ins__expires_at ON sign_ins (expires_at)`,

  `CREATE TABLE tokens (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL CONSTRAINT tokens__token_hash UNIQUE,
    accessor text NOT NULL CONSTRAINT tokens__accessor UNIQUE,
    origin text NOT NULL,
    principal_id uuid,
    principal_epoch bigint NOT NULL,
    installation_epoch bigint NOT NULL,
    account_id uuid,
    local_user_id uuid,
    mount_id uuid,
    mount_epoch bigint,
    session_id uuid NOT NULL,
    parent_id uuid,
    device_id uuid,
    policies text[] NOT NULL,
    factors jsonb NOT NULL,
    metadata jsonb,
    path text NOT NULL,
    display_name text NOT NULL,
    uses_left integer,
    orphan boolean NOT NULL,
    renewable boolean NOT NULL,
    creation_ttl integer NOT NULL,
    period integer NOT NULL DEFAULT 0,
    explicit_max_ttl integer NOT NULL DEFAULT 0,
    bound_cidrs text[] NOT NULL DEFAULT '{}',
    client_address text NOT NULL,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz,
    idle_seconds integer,
    last_used_at timestamptz NOT NULL,
    last_renewed_at timestamptz,
    revoked_at timestamptz
  )`,
  `CREATE INDEX tokens__principal_id ON tokens (principal_id)`,
  `CREATE INDEX tokens__session_id ON tokens (session_id)`,
  `CREATE INDEX tokens__parent_id ON tokens (parent_id) WHERE parent_id IS NOT NULL`,
  `CREATE INDEX tokens__expires_at ON tokens (expires_at)`,

  // --- privileges --------------------------------------------------------------------------------------
  `CREATE TABLE administrative_roles (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    name_canonical text NOT NULL CONSTRAINT administrative_roles__name_canonical UNIQUE,
    notes text NOT NULL DEFAULT '',
    tags text[] NOT NULL DEFAULT '{}',
    built_in boolean NOT NULL DEFAULT false,
    privileges jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
  )`,

  `CREATE TABLE policies (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    name_canonical text NOT NULL CONSTRAINT policies__name_canonical UNIQUE,
    notes text NOT NULL DEFAULT '',
    tags text[] NOT NULL DEFAULT '{}',
    built_in boolean NOT NULL DEFAULT false,
    disabled boolean NOT NULL DEFAULT false,
    type text NOT NULL,
    expression text NOT NULL,
    administrative_roles uuid[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
  )`,

  // --- audit ---------------------------------------------------------------------------------------------
  `CREATE TABLE audit_events (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    action text NOT NULL,
    outcome text NOT NULL,
    actor_principal_id uuid,
    actor_account_id uuid,
    actor_name text,
    token_accessor text,
    client_address text,
    request_id text,
    object_type text,
    object_id text,
    detail jsonb NOT NULL
  )`,
  `CREATE INDEX audit_events__at ON audit_events (at)`,
];

const TABLES = UP.flatMap((statement) => /^CREATE TABLE (\w+)/.exec(statement)?.[1] ?? []);
