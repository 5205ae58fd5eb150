import { afterAll, beforeAll, expect, it } from 'vitest';
import { AclService, type AclSubject } from '@sallyport/privileges';
import { type Core, startCore } from '../support/core.js';
import { at, measure } from './measure.js';
import { tell } from './results.js';

/** What the decision of a request costs while one subject holds 1 000 policies of 100 paths. `vitest bench --run test/bench`. */
const POLICIES = 1_000;
const PATHS = 100;
const MICROSECONDS = 1_000;

let core: Core;
beforeAll(async () => {
  core = await startCore();
});
afterAll(() => core.stop());

/** Exact paths, prefixes, `+` and the same patterns in all policies. */
function textOf(policy: number): string {
  const path = (n: number) => {
    if (n < 40) return `team-${policy}/exact/${n}`;
    if (n < 70) return `team-${policy}/prefix/${n}*`;
    if (n < 95) return `team-${policy}/+/any-${n}/*`;
    return `everybody/${n}/*`;
  };
  return Array.from(
    { length: PATHS },
    (_, n) => `path "${path(n)}" { capabilities = ["read", "list"] }`,
  ).join('\n');
}

function subject(version: number): AclSubject {
  // Names as they come from the database: no two requests share a string.
  const policies = Array.from({ length: POLICIES }, (_, n) => Buffer.from(`policy-${n}`).toString());
  return { policies, tokenPolicies: policies, entityId: null, version };
}

const ASKED: Record<string, string> = {
  exact: 'team-512/exact/7',
  prefix: 'team-512/prefix/42/and/more',
  'plus sign': 'team-512/anything/any-80/x',
  'in every policy': 'everybody/97/x/y',
  'in none': 'nowhere/to/be/found/at/all',
};

it('measures', { timeout: 300_000 }, async () => {
  const acl = core.get(AclService);
  const names = Array.from({ length: POLICIES }, (_, n) => `policy-${n}`);
  const texts = Array.from({ length: POLICIES }, (_, n) => textOf(n));
  await core.database.query(
    `INSERT INTO acl_policies (name, text, version, created_at, updated_at)
     SELECT name, text, 2, now(), now() FROM unnest($1::text[], $2::text[]) AS p(name, text)`,
    [names, texts],
  );
  await core.database.query('UPDATE installation SET acl_epoch = 2');
  const [compiling] = await measure(1, () => acl.grantOn(subject(2), 'x'));

  let version = 2;
  const again = await measure(9, async () => {
    version += 1;
    await core.database.query(`UPDATE acl_policies SET version = $1 WHERE name = 'policy-1'`, [version]);
    await core.database.query('UPDATE installation SET acl_epoch = $1', [version]);
    await acl.grantOn(subject(version), 'x');
  });

  const rows = [];
  for (const [kind, path] of Object.entries(ASKED)) {
    const subjects = Array.from({ length: 3_000 }, () => subject(version));
    const taken = await measure(subjects.length, () => acl.grantOn(subjects.pop()!, path));
    rows.push({
      path: kind,
      'p50 µs': at(taken, 0.5) * MICROSECONDS,
      'p99 µs': at(taken, 0.99) * MICROSECONDS,
    });
  }
  const scene = {
    rows: async <Row extends object>(text: string) =>
      (await core.database.query(text)).rows as unknown as Row[],
  };
  await tell(
    scene,
    'The decision of a request by 1 000 policies of 100 paths',
    rows.map((row) => ({ ...row, 'p50 µs': row['p50 µs'].toFixed(1), 'p99 µs': row['p99 µs'].toFixed(1) })),
    `One subject holds all of them. Compiling them all takes ${compiling!.toFixed(0)} ms once, after a change of one ${at(again, 0.5).toFixed(1)} ms.`,
  );
  for (const row of rows) expect(row['p50 µs'], row.path).toBeLessThan(100);
});
