import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, it } from 'vitest';
import { AdminClient } from '../appgate/admin-client.js';
import { Scene } from '../appgate/scene.js';
import { type Sallyport, startSallyport } from '../support/sallyport.js';
import { at as share, measure } from './measure.js';
import { tell } from './results.js';

/** What a request costs as policies and users grow: privileges are judged anew for each (S47). `vitest bench --run test/bench`. */
let sallyport: Sallyport;
let scene: Scene;
let client: AdminClient;
beforeAll(async () => {
  sallyport = await startSallyport();
  scene = new Scene(sallyport);
  client = await scene.administrator();
});
afterAll(() => sallyport.stop());

async function plant(policies: number, users: number): Promise<void> {
  await scene.rows('DELETE FROM policies WHERE NOT built_in');
  await scene.rows(
    `INSERT INTO policies (id, name, name_canonical, type, expression, administrative_roles, created_at, updated_at)
     SELECT gen_random_uuid(), 'p' || n, 'p' || n, 'Admin', 'return claims.user.tags.indexOf("team-' || n || '") >= 0;',
       ARRAY[(SELECT id FROM administrative_roles WHERE built_in)], now(), now() FROM generate_series(2, $1::integer) AS n`,
    [policies],
  );
  await scene.rows(`DELETE FROM local_users WHERE NOT built_in`);
  await scene.rows(
    `WITH people AS (
       INSERT INTO principals (id, created_at, updated_at) SELECT gen_random_uuid(), now(), now() FROM generate_series(2, $1::integer) RETURNING id
     ), known AS (
       INSERT INTO accounts (id, identity_provider_id, principal_id, name, name_canonical, created_at, updated_at)
       SELECT gen_random_uuid(), (SELECT id FROM identity_providers WHERE name = 'local'), id, id::text, id::text, now(), now() FROM people
       RETURNING id, identity_provider_id, name
     )
     INSERT INTO local_users (id, account_id, identity_provider_id, name, name_canonical, password_hash, first_name, last_name, created_at, updated_at)
     SELECT gen_random_uuid(), id, identity_provider_id, name, name, 'x', 'F', 'L', now(), now() FROM known`,
    [users],
  );
  await scene.rows('ANALYZE');
}

const at = (taken: number[], part: number) => share(taken, part).toFixed(1);

const WORLDS: [number, number][] = [
  [1, 10],
  [10, 10],
  [100, 10],
  [1, 10_000],
  [100, 10_000],
];

it('measures', { timeout: 300_000 }, async () => {
  const path = `/administrative-roles/${randomUUID()}`;
  const rows: Record<string, string | number>[] = [];
  for (const [policies, users] of WORLDS) {
    await plant(policies, users);
    await measure(50, () => client.get(path));
    const again = await measure(500, () => client.get(path));
    const first = await measure(40, async () => {
      // Other claims than before: no decision is known of them.
      await scene.rows(`UPDATE local_users SET phone = $1 WHERE built_in`, [randomUUID()]);
      await client.get(path);
    });
    rows.push({
      policies,
      users,
      'known claims p50': at(again, 0.5),
      'known p99': at(again, 0.99),
      'new claims p50': at(first, 0.5),
      'new p99': at(first, 0.99),
    });
  }
  await tell(
    scene,
    'A request of `/admin` as policies and users grow',
    rows,
    'Milliseconds. New claims: the first request after the caller changed, which runs every expression anew.',
  );
});
