import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What people change of their own account, and how one who has no password gets one (S13, S57, S61). */
export class SelfService1763900000040 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // When the password that earned a token was right; null: not known, which counts as long ago (S61).
    await runner.query('ALTER TABLE tokens ADD COLUMN password_proven_at timestamptz');
    // What its owner calls an authenticator; null: what the method is called.
    await runner.query('ALTER TABLE totp_enrollments ADD COLUMN label text');
    // One for each user, of which only a hash is kept; void once the password is another (S57).
    await runner.query(`CREATE TABLE activation_codes (
      local_user_id uuid PRIMARY KEY REFERENCES local_users ON DELETE CASCADE,
      code_hash bytea NOT NULL,
      credential_version integer NOT NULL,
      created_at timestamptz NOT NULL,
      expires_at timestamptz NOT NULL
    )`);
    await runner.query('CREATE INDEX activation_codes__expires_at ON activation_codes (expires_at)');
    await runner.query('CREATE INDEX notices__principal_created ON notices (principal_id, created_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX notices__principal_created');
    await runner.query('DROP TABLE activation_codes');
    await runner.query('ALTER TABLE totp_enrollments DROP COLUMN label');
    await runner.query('ALTER TABLE tokens DROP COLUMN password_proven_at');
  }
}
