import { hashPassword } from '@sallyport/identity';
import { PASSWORD, type Stage } from './stage.js';

/** Users `person-1` … with `PASSWORD`, who have all signed in from this machine before: nobody makes another wait (S09). */
export async function plantPeople(stage: Stage, people: number): Promise<void> {
  await stage.rows(
    `WITH people AS (
       INSERT INTO principals (id, created_at, updated_at) SELECT gen_random_uuid(), $3, $3 FROM generate_series(1, $1::integer) RETURNING id
     ), numbered AS (
       SELECT id, 'person-' || row_number() OVER () AS name FROM people
     ), known AS (
       INSERT INTO accounts (id, identity_provider_id, principal_id, name, name_canonical, created_at, updated_at)
       SELECT gen_random_uuid(), (SELECT id FROM identity_providers WHERE name = 'local'), id, name, name, $3, $3 FROM numbered
       RETURNING id, identity_provider_id, name
     ), networks AS (
       INSERT INTO known_networks (account_id, network, last_sign_in_at) SELECT id, '127.0.0.0/24', $3 FROM known
     )
     INSERT INTO local_users (id, account_id, identity_provider_id, name, name_canonical, password_hash, first_name, last_name, created_at, updated_at)
     SELECT gen_random_uuid(), id, identity_provider_id, name, name, $2, 'F', 'L', $3, $3 FROM known`,
    [people, await hashPassword(PASSWORD), stage.now],
  );
  await stage.rows('ANALYZE');
}
