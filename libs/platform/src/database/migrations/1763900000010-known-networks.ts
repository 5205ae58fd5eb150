import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where people usually sign in from, and tries that are counted over many networks and many names (S08, S09). */
export class KnownNetworks1763900000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE known_networks (
        account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
        network text NOT NULL,
        last_sign_in_at timestamptz NOT NULL,
        PRIMARY KEY (account_id, network)
      )`,
    );
    await runner.query('CREATE INDEX known_networks__last_sign_in_at ON known_networks (last_sign_in_at)');
    // When each running try was booked: one whose replica died is found however many others come meanwhile (S06).
    await runner.query('ALTER TABLE password_throttles DROP COLUMN booked, DROP COLUMN booked_at');
    await runner.query(
      `ALTER TABLE password_throttles ADD COLUMN bookings timestamptz[] NOT NULL DEFAULT '{}',
         ADD COLUMN booked integer NOT NULL GENERATED ALWAYS AS (cardinality(bookings)) STORED`,
    );
    // The names that failed from one network of late (S09).
    await runner.query(
      'CREATE INDEX password_throttles__network ON password_throttles (network, last_failure_at)',
    );
    // Null: the password opens from everywhere; else only from networks known to the account (S08, `password_failure_cap`).
    await runner.query('ALTER TABLE local_users ADD COLUMN password_stopped_at timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE local_users DROP COLUMN password_stopped_at');
    await runner.query('DROP INDEX password_throttles__network');
    await runner.query('ALTER TABLE password_throttles DROP COLUMN booked, DROP COLUMN bookings');
    await runner.query(
      'ALTER TABLE password_throttles ADD COLUMN booked integer NOT NULL DEFAULT 0, ADD COLUMN booked_at timestamptz',
    );
    await runner.query('DROP TABLE known_networks');
  }
}
