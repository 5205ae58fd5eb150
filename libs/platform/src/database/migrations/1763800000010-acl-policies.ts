import type { MigrationInterface, QueryRunner } from 'typeorm';

/** ACL policies of `/v1` (contract vault.md §12). */
export class AclPolicies1763800000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Moves with every write of a policy, in its transaction: who kept something of an earlier state knows (S47).
    await runner.query('ALTER TABLE installation ADD COLUMN acl_epoch bigint NOT NULL DEFAULT 1');
    await runner.query(`
      CREATE TABLE acl_policies (
        name text PRIMARY KEY,
        text text NOT NULL,
        -- The epoch its text was written in: a name and a version are one text for good.
        version bigint NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL
      )`);
    await runner.query(
      `INSERT INTO acl_policies (name, text, version, created_at, updated_at) VALUES ('default', $1, 1, now(), now())`,
      [DEFAULT_POLICY],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE acl_policies');
    await runner.query('ALTER TABLE installation DROP COLUMN acl_epoch');
  }
}

/** The policy tokens have unless they are made without it (§12). */
const DEFAULT_POLICY = `# What everybody may do with their own token and themselves.
path "auth/token/lookup-self" {
  capabilities = ["read"]
}
path "auth/token/renew-self" {
  capabilities = ["update"]
}
path "auth/token/revoke-self" {
  capabilities = ["update"]
}
path "sys/capabilities-self" {
  capabilities = ["update"]
}
path "identity/entity/id/{{identity.entity.id}}" {
  capabilities = ["read"]
}
path "identity/entity/name/{{identity.entity.name}}" {
  capabilities = ["read"]
}
path "sys/internal/ui/resultant-acl" {
  capabilities = ["read"]
}

# Replacing one's own authenticator, with fresh proof.
path "identity/mfa/method/totp/self-reset" {
  capabilities = ["update"]
}
path "identity/mfa/method/totp/self-reset/confirm" {
  capabilities = ["update"]
}
`;
