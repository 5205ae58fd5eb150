import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Roles tokens are created by at `/v1`, and what sweeping ended tokens needs (contract vault.md §9). */
export class TokenRoles1763800000020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  `CREATE TABLE token_roles (
    name text PRIMARY KEY,
    allowed_policies text[] NOT NULL DEFAULT '{}',
    disallowed_policies text[] NOT NULL DEFAULT '{}',
    allowed_policies_glob text[] NOT NULL DEFAULT '{}',
    disallowed_policies_glob text[] NOT NULL DEFAULT '{}',
    allowed_entity_aliases text[] NOT NULL DEFAULT '{}',
    orphan boolean NOT NULL DEFAULT false,
    renewable boolean NOT NULL DEFAULT true,
    path_suffix text NOT NULL DEFAULT '',
    period integer NOT NULL DEFAULT 0,
    explicit_max_ttl integer NOT NULL DEFAULT 0,
    bound_cidrs text[] NOT NULL DEFAULT '{}',
    no_default_policy boolean NOT NULL DEFAULT false,
    num_uses integer NOT NULL DEFAULT 0,
    token_type text NOT NULL DEFAULT 'default-service',
    legacy text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
  )`,

  // A name, not a reference: a token outlives its role, and then is no longer renewed.
  `ALTER TABLE tokens ADD COLUMN role text`,

  `CREATE INDEX tokens__revoked_at ON tokens (revoked_at) WHERE revoked_at IS NOT NULL`,
];

const DOWN = [
  'DROP INDEX tokens__revoked_at',
  'ALTER TABLE tokens DROP COLUMN role',
  'DROP TABLE token_roles',
];
