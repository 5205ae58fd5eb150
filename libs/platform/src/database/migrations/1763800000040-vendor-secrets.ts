import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Methods that a push service judges keep its keys sealed (S65). */
export class VendorSecrets1763800000040 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE mfa_methods ADD COLUMN sealed_vendor_secrets bytea`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE mfa_methods DROP COLUMN sealed_vendor_secrets`);
  }
}
