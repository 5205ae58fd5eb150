import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A page of local users at a cost that does not grow with their number: their count is kept, and each order has its index. */
export class PagesOfLocalUsers1763700000050 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  // The users of a provider are the sum of its rows; one alone may be negative. A provider has as many as were ever written at once.
  `CREATE TABLE local_user_counts (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    identity_provider_id uuid NOT NULL,
    users bigint NOT NULL
  ) WITH (fillfactor = 50)`,
  `CREATE INDEX local_user_counts__identity_provider_id ON local_user_counts (identity_provider_id)`,

  // Takes a row nobody holds and makes one where all are held: nobody waits for another's transaction to end.
  `CREATE FUNCTION count_local_users(provider uuid, change bigint) RETURNS void LANGUAGE plpgsql AS $$
   BEGIN
     UPDATE local_user_counts SET users = users + change WHERE id = (
       SELECT id FROM local_user_counts WHERE identity_provider_id = provider LIMIT 1 FOR UPDATE SKIP LOCKED);
     IF NOT FOUND THEN
       INSERT INTO local_user_counts (identity_provider_id, users) VALUES (provider, change);
     END IF;
   END $$`,
  `CREATE FUNCTION local_users_changed() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     IF TG_OP = 'TRUNCATE' THEN
       DELETE FROM local_user_counts;
     ELSE
       PERFORM count_local_users(identity_provider_id, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END)
         FROM written WHERE identity_provider_id IN (SELECT id FROM identity_providers) GROUP BY identity_provider_id;
     END IF;
     RETURN NULL;
   END $$`,
  // No user ever changes its provider, so an UPDATE moves no count.
  `CREATE TRIGGER count_inserted AFTER INSERT ON local_users
     REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION local_users_changed()`,
  `CREATE TRIGGER count_deleted AFTER DELETE ON local_users
     REFERENCING OLD TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION local_users_changed()`,
  `CREATE TRIGGER count_truncated AFTER TRUNCATE ON local_users FOR EACH STATEMENT EXECUTE FUNCTION local_users_changed()`,
  // The triggers hold the table until the migration is through: nobody comes in between.
  `INSERT INTO local_user_counts (identity_provider_id, users)
     SELECT identity_provider_id, count(*) FROM local_users GROUP BY identity_provider_id`,

  // The users of a provider go with it, and after this: they are no more counted then.
  `CREATE FUNCTION forget_local_user_counts() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     DELETE FROM local_user_counts WHERE identity_provider_id IN (SELECT id FROM gone);
     RETURN NULL;
   END $$`,
  `CREATE TRIGGER forget_local_user_counts AFTER DELETE ON identity_providers
     REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION forget_local_user_counts()`,

  // By name and by id there is an index already.
  `CREATE INDEX local_users__created_at ON local_users (identity_provider_id, created_at, id)`,
  `CREATE INDEX local_users__updated_at ON local_users (identity_provider_id, updated_at, id)`,
  `CREATE INDEX local_users__disabled ON local_users (identity_provider_id, disabled, id)`,
  `CREATE INDEX local_users__first_name ON local_users (identity_provider_id, lower(first_name), id)`,
  `CREATE INDEX local_users__last_name ON local_users (identity_provider_id, lower(last_name), id)`,
  `CREATE INDEX local_users__email ON local_users (identity_provider_id, lower(email), id)`,
  // Users without one come last in this direction too.
  `CREATE INDEX local_users__email_descending ON local_users (identity_provider_id, lower(email) DESC NULLS LAST, id DESC)`,
];

const DOWN = [
  `DROP TRIGGER forget_local_user_counts ON identity_providers`,
  `DROP TRIGGER count_inserted ON local_users`,
  `DROP TRIGGER count_deleted ON local_users`,
  `DROP TRIGGER count_truncated ON local_users`,
  `DROP FUNCTION forget_local_user_counts`,
  `DROP FUNCTION local_users_changed`,
  `DROP FUNCTION count_local_users`,
  `DROP TABLE local_user_counts`,
  ...['created_at', 'updated_at', 'disabled', 'first_name', 'last_name', 'email', 'email_descending'].map(
    (order) => `DROP INDEX local_users__${order}`,
  ),
];
