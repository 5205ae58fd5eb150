import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { withTestDatabase } from '../../../../test/support/test-database.js';

const place = withTestDatabase();
let one: pg.Client;
let other: pg.Client;
beforeAll(async () => {
  [one, other] = [
    new pg.Client({ connectionString: place.url }),
    new pg.Client({ connectionString: place.url }),
  ];
  for (const client of [one, other]) {
    await client.connect();
    await client.query(`SET lock_timeout = '1s'`);
  }
});
afterAll(async () => {
  await one.end();
  await other.end();
});

let provider: string;
beforeEach(async () => {
  provider = await newProvider();
});

async function newProvider(): Promise<string> {
  const id = randomUUID();
  await one.query(
    `INSERT INTO identity_providers (id, type, name, name_canonical, created_at, updated_at) VALUES ($1::uuid, 'Userpass', $1::text, $1::text, now(), now())`,
    [id],
  );
  return id;
}

async function addUsers(client: pg.Client, count: number, to = [provider]): Promise<void> {
  await client.query(
    `WITH people AS (
       INSERT INTO principals (id, created_at, updated_at) SELECT gen_random_uuid(), now(), now() FROM generate_series(1, $2) RETURNING id
     ), known AS (
       INSERT INTO accounts (id, identity_provider_id, principal_id, name, name_canonical, created_at, updated_at)
       SELECT gen_random_uuid(), provider, id, id::text, id::text, now(), now() FROM people, unnest($1::uuid[]) AS provider RETURNING *
     )
     INSERT INTO local_users (id, account_id, identity_provider_id, name, name_canonical, password_hash, first_name, last_name, created_at, updated_at)
     SELECT gen_random_uuid(), id, identity_provider_id, name, name, 'x', 'F', 'L', now(), now() FROM known`,
    [to, count],
  );
}

async function countOf(client: pg.Client, id = provider): Promise<number> {
  const { rows } = await client.query<{ users: number }>(
    'SELECT coalesce(sum(users), 0)::integer AS users FROM local_user_counts WHERE identity_provider_id = $1',
    [id],
  );
  return rows[0]!.users;
}

it('counts each provider for itself, what comes and what goes', async () => {
  const second = await newProvider();
  await addUsers(one, 3, [provider, second]);
  await addUsers(one, 1);
  expect([await countOf(one), await countOf(one, second)]).toEqual([4, 3]);
  await one.query('DELETE FROM local_users WHERE identity_provider_id = $1', [second]);
  expect([await countOf(one), await countOf(one, second)]).toEqual([4, 0]);
});

it('counts what the same moment sees of the users themselves', async () => {
  await addUsers(one, 2);
  await one.query('BEGIN');
  await addUsers(one, 5);
  expect([await countOf(one), await countOf(other)]).toEqual([7, 2]);
  await one.query('ROLLBACK');
  expect(await countOf(one)).toBe(2);
});

it('makes nobody wait for another who has not ended yet', async () => {
  await addUsers(one, 1);
  await one.query('BEGIN');
  await addUsers(one, 10);
  await other.query('BEGIN');
  await addUsers(other, 100);
  await other.query('COMMIT');
  await one.query('COMMIT');
  expect(await countOf(one)).toBe(111);
  const rowsOfIt = 'SELECT FROM local_user_counts WHERE identity_provider_id = $1';
  await addUsers(one, 1);
  expect((await one.query(rowsOfIt, [provider])).rowCount).toBe(2);
});

it('keeps nothing of a provider that is gone with its users', async () => {
  await addUsers(one, 3);
  await one.query('DELETE FROM identity_providers WHERE id = $1', [provider]);
  const { rowCount } = await one.query('SELECT FROM local_user_counts WHERE identity_provider_id = $1', [
    provider,
  ]);
  expect(rowCount).toBe(0);
});
