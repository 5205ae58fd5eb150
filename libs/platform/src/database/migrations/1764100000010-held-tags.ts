import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Whoever comes to carry tags holds them: none of them is deleted meanwhile, or it is there again (contract appgate.md §6.6). A deletion may
 * end between the two statements, so both run until all are held; the same order for everybody keeps two writers from a deadlock.
 */
export class HeldTags1764100000010 implements MigrationInterface {
  readonly servesFrom = 1764000000020;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE OR REPLACE FUNCTION keep_tags() RETURNS trigger LANGUAGE plpgsql AS $$
   DECLARE
     held integer;
   BEGIN
     LOOP
       ${KNOW}
       PERFORM FROM tags WHERE name = ANY(NEW.tags) ORDER BY name FOR KEY SHARE;
       GET DIAGNOSTICS held = ROW_COUNT;
       EXIT WHEN held = (SELECT count(DISTINCT tag) FROM unnest(NEW.tags) AS tag);
     END LOOP;
     RETURN NULL;
   END $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE OR REPLACE FUNCTION keep_tags() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     ${KNOW}
     RETURN NULL;
   END $$`);
  }
}

const KNOW = `INSERT INTO tags (id, name, name_canonical, color_code, created_at, updated_at)
         SELECT gen_random_uuid(), tag, lower(normalize(tag)), 1 + floor(random() * 20)::integer, NEW.updated_at, NEW.updated_at
         FROM (SELECT DISTINCT unnest(NEW.tags) AS tag ORDER BY 1) AS used
         WHERE NOT EXISTS (SELECT 1 FROM tags known WHERE known.name = used.tag)
         ON CONFLICT (name) DO NOTHING;`;
