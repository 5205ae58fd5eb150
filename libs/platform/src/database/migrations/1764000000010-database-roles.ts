import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the server's role can rely on, and cannot get round (S74, S96). */
export class DatabaseRoles1764000000010 implements MigrationInterface {
  readonly servesFrom = 1763900000040;

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  // The last migration of the oldest version that may serve on and start beside the one that brought this step; null: none.
  `ALTER TABLE migrations ADD COLUMN serves_from bigint`,

  // When a checkpoint was written by the database's own clock, whatever its writer says: whoever may only add to the audit cannot make a
  // checkpoint that looks old enough to remove what is behind it (S74, S76).
  `ALTER TABLE audit_checkpoints ADD COLUMN recorded_at timestamptz`,
  `ALTER TABLE audit_checkpoints DISABLE TRIGGER keep_audit`,
  `UPDATE audit_checkpoints SET recorded_at = least(at, now())`,
  `ALTER TABLE audit_checkpoints ENABLE TRIGGER keep_audit`,
  `ALTER TABLE audit_checkpoints ALTER COLUMN recorded_at SET NOT NULL`,
  `CREATE FUNCTION record_checkpoint() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     NEW.recorded_at := clock_timestamp();
     RETURN NEW;
   END $$`,
  `CREATE TRIGGER record_checkpoint BEFORE INSERT ON audit_checkpoints FOR EACH ROW EXECUTE FUNCTION record_checkpoint()`,
  removeAuditStretch('recorded_at'),
  // It acts for the owner: what its caller puts into a temporary schema must not stand before the tables it names.
  `DO $$ BEGIN
     EXECUTE format('ALTER FUNCTION remove_audit_stretch(bigint) SET search_path = %I, pg_temp', current_schema());
   END $$`,
  `REVOKE EXECUTE ON FUNCTION remove_audit_stretch(bigint) FROM PUBLIC`,
];

const DOWN = [
  `GRANT EXECUTE ON FUNCTION remove_audit_stretch(bigint) TO PUBLIC`,
  removeAuditStretch('at'),
  `DROP TRIGGER record_checkpoint ON audit_checkpoints`,
  `DROP FUNCTION record_checkpoint`,
  `ALTER TABLE audit_checkpoints DROP COLUMN recorded_at`,
  `ALTER TABLE migrations DROP COLUMN serves_from`,
];

/** The one way out (S76), judged by one or the other time of a checkpoint. */
function removeAuditStretch(time: 'at' | 'recorded_at'): string {
  return `CREATE OR REPLACE FUNCTION remove_audit_stretch(through bigint) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
   DECLARE
     removed bigint;
   BEGIN
     IF NOT EXISTS (SELECT FROM audit_checkpoints WHERE number = through AND ${time} < now() - interval '30 days') THEN
       RAISE EXCEPTION 'no checkpoint of more than thirty days ago has this number';
     END IF;
     PERFORM set_config('sallyport.audit_retention', 'on', true);
     DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_seals WHERE number <= through);
     DELETE FROM audit_seals WHERE number <= through;
     GET DIAGNOSTICS removed = ROW_COUNT;
     PERFORM set_config('sallyport.audit_retention', 'off', true);
     RETURN removed;
   END $$`;
}
