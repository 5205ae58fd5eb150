import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Everybody's tokens of `/admin` end by one row, whatever the number of devices (S40). */
export class AdminEpoch1763800000060 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // One stamp for full tokens, one for unfinished sign-ins: a revocation may mean either or both.
    await runner.query(
      `ALTER TABLE installation ADD COLUMN admin_epoch bigint NOT NULL DEFAULT 1, ADD COLUMN sign_in_epoch bigint NOT NULL DEFAULT 1`,
    );
    await runner.query(`ALTER TABLE tokens ADD COLUMN admin_epoch bigint NOT NULL DEFAULT 1`);
    await runner.query(`ALTER TABLE sign_ins ADD COLUMN sign_in_epoch bigint NOT NULL DEFAULT 1`);
    // A row written without its stamp fails instead of being dead or alive by chance.
    await runner.query(`ALTER TABLE tokens ALTER COLUMN admin_epoch DROP DEFAULT`);
    await runner.query(`ALTER TABLE sign_ins ALTER COLUMN sign_in_epoch DROP DEFAULT`);
    await runner.query('DROP INDEX tokens__device');
    await runner.query(
      `CREATE INDEX tokens__device ON tokens (account_id, device_id, device_epoch, admin_epoch, expires_at) WHERE device_id IS NOT NULL`,
    );
    // The devices a revocation struck are told page by page, the last seen first.
    await runner.query('DROP INDEX registered_devices__last_seen_at');
    await runner.query(
      `CREATE INDEX registered_devices__last_seen_at ON registered_devices (last_seen_at, account_id, device_id)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX registered_devices__last_seen_at');
    await runner.query('CREATE INDEX registered_devices__last_seen_at ON registered_devices (last_seen_at)');
    await runner.query('DROP INDEX tokens__device');
    await runner.query(
      `CREATE INDEX tokens__device ON tokens (account_id, device_id, device_epoch, expires_at) WHERE device_id IS NOT NULL`,
    );
    await runner.query(`ALTER TABLE sign_ins DROP COLUMN sign_in_epoch`);
    await runner.query(`ALTER TABLE tokens DROP COLUMN admin_epoch`);
    await runner.query(`ALTER TABLE installation DROP COLUMN admin_epoch, DROP COLUMN sign_in_epoch`);
  }
}
