import type { Scene } from '../appgate/scene.js';

/** Brings the number of local users to `count`, the administrator included. Nobody knows the password of a planted one. */
export async function plantUsers(scene: Pick<Scene, 'rows'>, count: number): Promise<void> {
  const [{ present }] = (await scene.rows<{ present: number }>(
    'SELECT count(*)::integer AS present FROM local_users',
  )) as [{ present: number }];
  await scene.rows(
    `WITH local AS (SELECT id FROM identity_providers WHERE name = 'local' AND type <> 'Userpass'),
     people AS (
       INSERT INTO principals (id, created_at, updated_at)
       SELECT gen_random_uuid(), now(), now() FROM generate_series($1::integer + 1, $2::integer) RETURNING id
     ), known AS (
       INSERT INTO accounts (id, identity_provider_id, principal_id, name, name_canonical, created_at, updated_at)
       SELECT gen_random_uuid(), local.id, people.id, people.id::text, people.id::text, now(), now() FROM people, local RETURNING *
     )
     INSERT INTO local_users
       (id, account_id, identity_provider_id, name, name_canonical, password_hash, first_name, last_name, email, tags, created_at, updated_at)
     SELECT gen_random_uuid(), id, identity_provider_id, name, name, 'x', 'First', 'Last ' || left(name, 2),
       CASE WHEN name < '8' THEN left(name, 8) || '@example.com' END, ARRAY['team-' || left(name, 1)], created_at, updated_at FROM known`,
    [present, count],
  );
  // What autovacuum does elsewhere; it is switched off in the server of the tests.
  await scene.rows('VACUUM ANALYZE');
}
