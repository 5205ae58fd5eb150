import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Enrolment of one's own factors, what became of factors, and what their owners are told (S24, S59, S60, S63, S64). */
export class Enrolment1763800000050 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  // An enrolment window that an administrator opened anew; emptied by the factor that is bound in it (S60).
  `ALTER TABLE principals ADD COLUMN enrolment_reopened_at timestamptz`,

  // The seed that will replace a bound one, while that one keeps working; of one token (contract vault.md §5.6).
  `CREATE TABLE totp_resets (
    method_id uuid NOT NULL REFERENCES mfa_methods ON DELETE CASCADE,
    principal_id uuid NOT NULL REFERENCES principals ON DELETE CASCADE,
    token_id uuid NOT NULL,
    sealed_seed bytea NOT NULL,
    algorithm text NOT NULL,
    digits integer NOT NULL,
    period integer NOT NULL,
    skew integer NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (method_id, principal_id)
  )`,
  `CREATE INDEX totp_resets__principal_id ON totp_resets (principal_id)`,
  `CREATE INDEX totp_resets__expires_at ON totp_resets (expires_at)`,

  // Ids without foreign keys: what happened outlives the factor, the method and the person (S64).
  `CREATE TABLE factor_history (
    id uuid PRIMARY KEY,
    position bigint GENERATED ALWAYS AS IDENTITY,
    principal_id uuid NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL CHECK (kind IN ('bind', 'change', 'reset', 'recovery', 'disable')),
    factor_type text NOT NULL,
    method_id uuid,
    method_name text,
    reason text,
    set_by_another boolean NOT NULL,
    actor_principal_id uuid,
    actor_name text,
    network text
  )`,
  `CREATE INDEX factor_history__principal_at ON factor_history (principal_id, at)`,

  // The outbox: who is to be told what; delivered later.
  `CREATE TABLE notices (
    id uuid PRIMARY KEY,
    principal_id uuid NOT NULL,
    kind text NOT NULL,
    addresses text[] NOT NULL,
    detail jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    delivered_at timestamptz
  )`,
  `CREATE INDEX notices__principal_kind ON notices (principal_id, kind, created_at)`,
  `CREATE INDEX notices__open ON notices (created_at) WHERE delivered_at IS NULL`,

  // An address that was replaced is told for a while what happens under the new one.
  `CREATE TABLE former_addresses (
    principal_id uuid NOT NULL REFERENCES principals ON DELETE CASCADE,
    address text NOT NULL,
    replaced_at timestamptz NOT NULL,
    PRIMARY KEY (principal_id, address)
  )`,
  `CREATE INDEX former_addresses__replaced_at ON former_addresses (replaced_at)`,
  `CREATE FUNCTION keep_former_address() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     INSERT INTO former_addresses (principal_id, address, replaced_at)
     SELECT a.principal_id, OLD.email, greatest(NEW.updated_at, OLD.updated_at) FROM accounts a WHERE a.id = OLD.account_id
     ON CONFLICT (principal_id, address) DO UPDATE SET replaced_at = excluded.replaced_at;
     RETURN NULL;
   END $$`,
  `CREATE TRIGGER keep_former_address AFTER UPDATE OF email ON local_users FOR EACH ROW
   WHEN (OLD.email IS NOT NULL AND OLD.email <> '' AND OLD.email IS DISTINCT FROM NEW.email)
   EXECUTE FUNCTION keep_former_address()`,

  // Wrong codes by day, whatever lay between them (S24).
  `CREATE TABLE factor_failure_days (
    principal_id uuid NOT NULL REFERENCES principals ON DELETE CASCADE,
    day date NOT NULL,
    failures integer NOT NULL,
    PRIMARY KEY (principal_id, day)
  )`,
  `CREATE INDEX factor_failure_days__day ON factor_failure_days (day)`,
];

const DOWN = [
  `DROP TABLE factor_failure_days`,
  `DROP TRIGGER keep_former_address ON local_users`,
  `DROP FUNCTION keep_former_address`,
  `DROP TABLE former_addresses`,
  `DROP TABLE notices`,
  `DROP TABLE factor_history`,
  `DROP TABLE totp_resets`,
  `ALTER TABLE principals DROP COLUMN enrolment_reopened_at`,
];
