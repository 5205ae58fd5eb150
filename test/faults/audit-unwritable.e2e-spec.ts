import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppgateClient } from '../support/appgate-client.js';
import { dumpOfActs } from '../support/faults.js';
import { type Answer, expecting } from '../support/send.js';
import { PASSWORD, type Player, Stage } from '../support/stage.js';
import { isUnavailable } from '../support/unavailable.js';

let stage: Stage;
let admin: AppgateClient;
let player: Player;
let role: string;
beforeAll(async () => {
  stage = await Stage.open(1);
  admin = await stage.administrator();
  player = await stage.addProtected('player');
  await stage.addUser('plain');
  role = (await expecting(200, admin.post('/administrative-roles', { name: 'role', privileges: [] }))).body
    .id;
});
afterAll(() => stage.close());

/** Acts of both dialects; each is prepared, then done. */
const ACTS: Record<string, () => Promise<() => Promise<Answer>>> = {
  'a sign-in': async () => () => stage.vault().logIn('plain', PASSWORD),
  'a second factor at /v1': async () => {
    stage.clock.advance(30);
    const request = await stage.request('player');
    return () => stage.vault().validate(request, stage.code(player));
  },
  'a second factor at /admin': async () => {
    stage.clock.advance(30);
    const partial = await stage.partial('player');
    return () => partial.submit(stage.code(player));
  },
  'a role edit': async () => () =>
    admin.put(`/administrative-roles/${role}`, { name: 'role', notes: 'edited', privileges: [] }),
  'a new user': async () => () => stage.root.write('auth/userpass/users/made', { password: PASSWORD }),
  'a revocation': async () => {
    const { auth } = (await expecting(200, stage.vault().logIn('plain', PASSWORD))).body;
    return () => stage.root.write('auth/token/revoke', { token: auth.client_token });
  },
};

/** Ways in which Postgres keeps a row out of the audit, each with what ends it. The full disk is in outages.fault-spec.ts. */
const HINDRANCES: Record<string, () => Promise<() => Promise<void>>> = {
  'its role may not insert': async () => {
    const roles = (
      await stage.rows<{ grantee: string }>(
        `SELECT DISTINCT coalesce(r.rolname, 'public') AS grantee FROM pg_class c
           CROSS JOIN aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a LEFT JOIN pg_roles r ON r.oid = a.grantee
         WHERE c.oid = 'audit_events'::regclass AND a.privilege_type = 'INSERT'`,
      )
    ).map(({ grantee }) => `"${grantee}"`);
    await stage.rows(`REVOKE INSERT ON audit_events FROM ${roles.join(', ')}`);
    return async () => void (await stage.rows(`GRANT INSERT ON audit_events TO ${roles.join(', ')}`));
  },
  'the table is locked': async () => {
    const holder = await stage.first.database.connect();
    await holder.query('BEGIN');
    await holder.query('LOCK TABLE audit_events IN SHARE MODE');
    return async () => {
      await holder.query('ROLLBACK');
      holder.release();
    };
  },
};

describe.each(Object.keys(HINDRANCES))('where %s', (hindrance) => {
  it.each(Object.keys(ACTS))('S72 %s does not happen and is answered 503', async (act) => {
    const commit = await ACTS[act]!();
    const before = await state();
    const mend = await HINDRANCES[hindrance]!();
    const answer = await commit().finally(mend);
    expect([answer.status, isUnavailable(answer)]).toEqual([503, true]);
    expect(await changesSince(before)).toEqual([]);
    const done = await commit();
    expect([200, 204]).toContain(done.status);
  });
});

/** What is booked before anything is evaluated or whenever a token is shown, and is no act. */
const BOOKED = ['password_throttles', 'factor_throttles', 'known_networks', 'login_counts', 'tokens'];

async function state(): Promise<Map<string, string>> {
  const tables = await dumpOfActs(stage.first.database);
  for (const table of BOOKED) tables.delete(table);
  const tokens = await stage.rows('SELECT accessor, revoked_at FROM tokens ORDER BY accessor');
  return tables.set('tokens', JSON.stringify(tokens));
}

async function changesSince(before: Map<string, string>): Promise<string[]> {
  const after = await state();
  return [...after.keys()].filter((table) => after.get(table) !== before.get(table));
}
