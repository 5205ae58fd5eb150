import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ChildServer } from '../support/child-server.js';
import { ReplicaSet } from '../support/replica-set.js';
import { expecting } from '../support/send.js';
import { PASSWORD } from '../support/stage.js';
import { withTestDatabase } from '../support/test-database.js';
import { VaultClient } from '../support/vault-client.js';

const PLANTED = join(import.meta.dirname, 'planted-rejection.ts');

const place = withTestDatabase();
let replicas: ReplicaSet;
const running: ChildServer[] = [];
beforeAll(() => {
  replicas = new ReplicaSet(place.url, {
    SALLYPORT_ACCEPT_UNSAFE_DATABASE: 'fsync,full_page_writes,synchronous_commit',
    NODE_OPTIONS: `--import ${PLANTED}`,
  });
});
afterAll(async () => {
  for (const server of running) await server.kill();
  replicas.remove();
});

it('S97 an error nobody caught: not ready at once, what is under way finishes, exit code 1, and no row is lost', async () => {
  running.push(await replicas.start(), await replicas.start());
  const root = new VaultClient(running[0]!.url, replicas.rootToken);
  await expecting(204, root.write('sys/auth/userpass', { type: 'userpass' }));
  const made: string[] = [];
  const add = async (server: ChildServer) => {
    const name = `made-${made.length}`;
    await expecting(204, root.at(server.url).write(`auth/userpass/users/${name}`, { password: PASSWORD }));
    made.push(name);
  };
  for (const [index, signal] of (['SIGUSR2', 'SIGWINCH'] as const).entries()) {
    const server = running[index]!;
    await add(server);
    server.signal(signal);
    await readiness(server, 503);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    await add(server);
  }
  expect(await Promise.all(running.map((server) => server.ended()))).toEqual([1, 1]);
  expect(running[0]!.words).toContain('planted rejection');
  expect(running[1]!.words).toContain('planted exception');

  const database = new pg.Client({ connectionString: place.url });
  await database.connect();
  const { rows } = await database.query<{ name: string; told: number }>(
    `SELECT u.name, (SELECT count(*)::int FROM audit_events e WHERE e.action = 'account.created' AND e.object_id IN (a.id::text, u.id::text)) AS told
     FROM local_users u JOIN accounts a ON a.id = u.account_id WHERE u.name LIKE 'made-%' ORDER BY u.name`,
  );
  await database.end();
  expect(rows).toEqual(made.map((name) => ({ name, told: 1 })));
}, 90_000);

async function readiness(server: ChildServer, wanted: number): Promise<void> {
  for (let left = 200; left > 0; left -= 1) {
    if ((await fetch(`${server.url}/readyz`)).status === wanted) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`readiness never said ${wanted}`);
}
