import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Ending everybody's tokens looks at each device and writes it once, whatever tokens it had (S40). */
export class DevicesInPlace1763700000051 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // With room in its page a row is rewritten there, and no index with it.
    await runner.query('ALTER TABLE registered_devices SET (fillfactor = 50)');
    // With the epoch, tokens that were ended before are not looked at again.
    await runner.query('DROP INDEX tokens__device');
    await runner.query(
      'CREATE INDEX tokens__device ON tokens (account_id, device_id, device_epoch, expires_at) WHERE device_id IS NOT NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX tokens__device');
    await runner.query(
      'CREATE INDEX tokens__device ON tokens (account_id, device_id, expires_at) WHERE device_id IS NOT NULL',
    );
    await runner.query('ALTER TABLE registered_devices RESET (fillfactor)');
  }
}
