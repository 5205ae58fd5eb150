import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A row that is not old stays, whatever number it was sealed under: whoever may add a seal cannot put a fresh deed among those that are removed
 * (S74, S76). A stretch that may go ended thirty days ago by the database's clock; the day less is for servers whose clock was another.
 */
export class FreshAuditRows1764000000020 implements MigrationInterface {
  readonly servesFrom = 1763900000040;

  async up(runner: QueryRunner): Promise<void> {
    await replace(runner, `at < now() - interval '29 days' AND`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await replace(runner, '');
  }
}

/** @param only which rows of the stretch, as the beginning of a condition. */
async function replace(runner: QueryRunner, only: string): Promise<void> {
  await runner.query(`CREATE OR REPLACE FUNCTION remove_audit_stretch(through bigint) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS $$
   DECLARE
     removed bigint;
   BEGIN
     IF NOT EXISTS (SELECT FROM audit_checkpoints WHERE number = through AND recorded_at < now() - interval '30 days') THEN
       RAISE EXCEPTION 'no checkpoint of more than thirty days ago has this number';
     END IF;
     PERFORM set_config('sallyport.audit_retention', 'on', true);
     DELETE FROM audit_events WHERE ${only} id IN (SELECT event_id FROM audit_seals WHERE number <= through);
     DELETE FROM audit_seals WHERE number <= through;
     GET DIAGNOSTICS removed = ROW_COUNT;
     PERFORM set_config('sallyport.audit_retention', 'off', true);
     RETURN removed;
   END $$`);
  // It acts for the owner: what its caller puts into a temporary schema must not stand before the tables it names.
  await runner.query(`DO $$ BEGIN
     EXECUTE format('ALTER FUNCTION remove_audit_stretch(bigint) SET search_path = %I, pg_temp', current_schema());
   END $$`);
}
