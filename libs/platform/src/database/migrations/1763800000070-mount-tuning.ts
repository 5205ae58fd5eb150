import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What `/v1` tunes of its mounts, and where they were moved to. */
export class MountTuning1763800000070 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Null: never tuned, and then not shown. The threshold is a column of the mount's provider.
    await runner.query('ALTER TABLE auth_mounts ADD COLUMN user_lockout_config jsonb');
    await runner.query(
      `CREATE TABLE mount_moves (id uuid PRIMARY KEY, source_path text NOT NULL, target_path text NOT NULL, moved_at timestamptz NOT NULL)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE mount_moves');
    await runner.query('ALTER TABLE auth_mounts DROP COLUMN user_lockout_config');
  }
}
