import { expect } from 'vitest';
import type { AcknowledgedLoad } from './acknowledged-load.js';
import type { PostgresCluster } from './postgres-cluster.js';

/** Everything that was acknowledged is in the tables, and nothing is there that was not asked for (S90, S91, S94). */
export async function recordEqualsTables(load: AcknowledgedLoad, cluster: PostgresCluster): Promise<void> {
  const known = <State>({ acknowledged, doubtful }: { acknowledged: State; doubtful: Set<State> }) => [
    acknowledged,
    ...doubtful,
  ];
  const roles = await cluster.rows('SELECT id, notes FROM administrative_roles WHERE NOT built_in');
  expect(roles.length).toBe(load.roles.size);
  for (const { id, notes } of roles) expect(known(load.roles.get(id)!)).toContain(notes);

  const users = new Set(
    (await cluster.rows(`SELECT name FROM local_users WHERE name LIKE 'made-%'`)).map(({ name }) => name),
  );
  for (const [name, told] of load.users)
    expect([name, ...known(told)]).toContain(users.has(name) ? 'there' : 'gone');
  for (const name of users) expect(load.users.has(name)).toBe(true);

  const tokens = new Map(
    (await cluster.rows('SELECT accessor, revoked_at FROM tokens')).map((row) => [
      row.accessor,
      row.revoked_at,
    ]),
  );
  for (const [accessor, told] of load.tokens) {
    expect([accessor, tokens.has(accessor)]).toEqual([accessor, true]);
    expect([accessor, ...known(told)]).toContain(tokens.get(accessor) === null ? 'live' : 'revoked');
  }
  await codesAreSpentOnce(load, cluster);
}

/** A code gives one token at most, and one that was accepted is spent for good (S17). */
async function codesAreSpentOnce(
  { players, spent }: AcknowledgedLoad,
  cluster: PostgresCluster,
): Promise<void> {
  for (const { name, entityId, steps } of players) {
    const [row] = await cluster.rows(
      `SELECT (SELECT count(*)::int FROM tokens WHERE principal_id = $1 AND jsonb_array_length(factors) > 0) AS tokens,
         (SELECT max(last_used_step)::bigint::int FROM totp_enrollments WHERE principal_id = $1) AS step`,
      [entityId],
    );
    const accepted = spent.filter(({ player }) => player.name === name);
    expect(row!.tokens).toBeGreaterThanOrEqual(accepted.length);
    expect(row!.tokens).toBeLessThanOrEqual(new Set(steps).size);
    const latest = Math.max(0, ...accepted.map(({ at }) => at / 30_000));
    expect(Number(row!.step ?? 0)).toBeGreaterThanOrEqual(latest);
  }
}

/** No act without its audit row, and no row without its act (S72). */
export async function actsEqualAudit(load: AcknowledgedLoad, cluster: PostgresCluster): Promise<void> {
  for (const [what, statement] of Object.entries(PAIRS)) {
    const [row] = await cluster.rows<{ acts: number; told: number }>(statement);
    expect([what, row!.told]).toEqual([what, row!.acts]);
  }
  // Each edit has its own text: the audit tells of every acknowledged one, and of none that was not asked for.
  const told = new Set(
    (
      await cluster.rows(
        `SELECT detail #>> '{after,notes}' AS notes FROM audit_events WHERE action = 'role.changed'`,
      )
    ).map(({ notes }) => notes as string),
  );
  for (const [notes, acknowledged] of load.edits) if (acknowledged) expect(told).toContain(notes);
  for (const notes of told) expect(load.edits.has(notes)).toBe(true);
  const written = await cluster.rows(
    `SELECT notes FROM administrative_roles WHERE NOT built_in AND notes <> 'v0'`,
  );
  for (const { notes } of written) expect(told).toContain(notes);
}

const PAIRS = {
  tokens: `SELECT (SELECT count(*)::int FROM tokens) AS acts,
    (SELECT count(*)::int FROM audit_events WHERE action = 'token.issued') AS told`,
  'revoked tokens': `SELECT (SELECT count(*)::int FROM tokens WHERE revoked_at IS NOT NULL) AS acts,
    (SELECT count(*)::int FROM audit_events WHERE action = 'token.revoked') AS told`,
  users: `SELECT (SELECT count(*)::int FROM local_users) AS acts,
    count(*) FILTER (WHERE action = 'account.created')::int - count(*) FILTER (WHERE action = 'account.deleted')::int AS told
    FROM audit_events`,
  roles: `SELECT (SELECT count(*)::int FROM administrative_roles WHERE NOT built_in) AS acts,
    (SELECT count(*)::int FROM audit_events WHERE action = 'role.created') AS told`,
};
