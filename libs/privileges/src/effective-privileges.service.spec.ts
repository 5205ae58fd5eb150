import { randomUUID } from 'node:crypto';
import { Database } from '@sallyport/platform';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../test/support/core.js';
import { addUser, type Person } from '../../../test/support/people.js';
import type { AdministrativePrivilege } from './administrative-privilege.js';
import { EffectivePrivilegesService } from './effective-privileges.service.js';

const SCOPE = { all: true, ids: [], tags: [] };
const VIEW = { type: 'View', target: 'LocalUser', scope: SCOPE };
const EDIT = { type: 'Edit', target: 'LocalUser', scope: SCOPE };

let core: Core;
let ada: Person;

beforeAll(async () => {
  core = await startCore();
  ada = await addUser(core, 'ada', { tags: ['ops'], email: 'ada@example.org' });
});
afterAll(() => core.stop());
beforeEach(async () => {
  await core.database.query('DELETE FROM policies');
  await core.database.query('DELETE FROM administrative_roles');
});

async function addRole(...privileges: AdministrativePrivilege[]): Promise<string> {
  const id = randomUUID();
  await core.database.query(
    `INSERT INTO administrative_roles (id, name, name_canonical, privileges, created_at, updated_at) VALUES ($1::uuid, $1, $1, $2, now(), now())`,
    [id, JSON.stringify(privileges)],
  );
  return id;
}

async function addPolicy(
  expression: string,
  roles: string[],
  values: { type?: string; disabled?: boolean } = {},
): Promise<string> {
  const id = randomUUID();
  await core.database.query(
    `INSERT INTO policies (id, name, name_canonical, disabled, type, expression, administrative_roles, created_at, updated_at)
     VALUES ($1::uuid, $1, $1, $2, $3, $4, $5, now(), now())`,
    [id, values.disabled ?? false, values.type ?? 'Admin', expression, roles],
  );
  return id;
}

function held(person = ada): Promise<AdministrativePrivilege[]> {
  return core.get(EffectivePrivilegesService).of({
    localUserId: person.user.id,
    deviceId: null,
    clientAddress: '192.0.2.7',
    connectTime: new Date(0),
  });
}

describe('what a user holds', () => {
  it('is the union of the roles of every policy that matches, identical ones once', async () => {
    await addPolicy('return true;', [await addRole(VIEW), await addRole(VIEW, EDIT)]);
    await addPolicy('return claims.user.username === "ada";', [await addRole(EDIT)], { type: 'Mixed' });
    expect(await held()).toHaveLength(2);
    expect(await held()).toEqual(expect.arrayContaining([VIEW, EDIT]));
  });

  it('is nothing of policies that are disabled, of another type or do not match', async () => {
    const role = await addRole(VIEW);
    await addPolicy('return true;', [role], { disabled: true });
    for (const type of ['Access', 'Device', 'Dns', 'Stop']) await addPolicy('return true;', [role], { type });
    for (const expression of ['return false;', 'return "yes";', 'return claims.user.username === "bob";'])
      await addPolicy(expression, [role]);
    expect((await held()).filter(({ type }) => type !== 'View')).toEqual([]);
  });

  it('S52 is nothing of a policy whose expression fails, which is told of once', async () => {
    const id = await addPolicy('throw new Error("broken");', [await addRole(VIEW)]);
    for (let look = 0; look < 3; look += 1) expect(await held()).toEqual([]);
    const { rows } = await core.database.query(
      `SELECT outcome FROM audit_events WHERE action = 'policy.expression-failed' AND object_id = $1`,
      [id],
    );
    expect(rows).toEqual([{ outcome: 'failure' }]);
  });

  it('sees the claims of the user, its provider and its sign-in', async () => {
    const seen = `const { user, device, system } = claims;
      return user.username === 'ada' && user.emails[0] === 'ada@example.org' && user.tags[0] === 'ops' && user.firstName === 'Ada'
        && user.ag.identityProviderName === 'local' && device.deviceId === null && system.clientSrcIP === '192.0.2.7'
        && system.connectTime === '1970-01-01T00:00:00.000Z';`;
    await addPolicy(seen, [await addRole(VIEW)]);
    expect(await held()).toEqual([VIEW]);
  });

  it('S47 is what it is now: a changed role, policy or user counts at the next question', async () => {
    const role = await addRole(VIEW);
    const policy = await addPolicy('return claims.user.tags.includes("ops");', [role]);
    expect(await held()).toEqual([VIEW]);
    await core.database.query('UPDATE administrative_roles SET privileges = $2 WHERE id = $1', [
      role,
      JSON.stringify([EDIT]),
    ]);
    expect(await held()).toEqual([EDIT]);
    await core.database.query('UPDATE policies SET disabled = true WHERE id = $1', [policy]);
    expect(await held()).toEqual([]);
  });

  it('is nothing once the user is gone', async () => {
    await addPolicy('return true;', [await addRole(VIEW)]);
    expect(
      await core
        .get(EffectivePrivilegesService)
        .of({ localUserId: randomUUID(), deviceId: null, clientAddress: null, connectTime: null }),
    ).toEqual([]);
  });
});

describe('S49 what a user might hold in some sign-in', () => {
  const might = () =>
    core.get(Database).transaction((tx) => core.get(EffectivePrivilegesService).mightHold(ada.user, tx));

  it('is what they hold in all of them, and what a policy that looks at the sign-in would give', async () => {
    await addPolicy('return claims.user.username === "ada";', [await addRole(VIEW)]);
    await addPolicy('return claims.system.clientSrcIP === "203.0.113.9";', [await addRole(EDIT)]);
    await addPolicy('return claims.user.username === "bob" && claims.system.clientSrcIP === "203.0.113.9";', [
      await addRole({ type: 'All', target: 'All', scope: SCOPE }),
    ]);
    expect(await held()).toEqual([VIEW]);
    expect(await might()).toHaveLength(2);
    expect(await might()).toEqual(expect.arrayContaining([VIEW, EDIT]));
    const now = core
      .get(Database)
      .transaction((tx) => core.get(EffectivePrivilegesService).mightHoldNow(ada.user.id, tx));
    expect(await now).toEqual(await might());
  });

  it('is what a script of the provider that looked at the sign-in may lead to', async () => {
    const id = randomUUID();
    await core.database.query(
      `INSERT INTO user_scripts (id, name, name_canonical, expression, created_at, updated_at)
       VALUES ($1::uuid, $1, $1, 'return { inside: claims.system.clientSrcIP === "203.0.113.9" };', now(), now())`,
      [id],
    );
    await addPolicy('return claims.user.agScripted.inside === true;', [await addRole(EDIT)]);
    expect(await might()).toEqual([]);
    await core.database.query(
      `UPDATE identity_providers SET user_scripts = ARRAY[$1::uuid] WHERE name = 'local'`,
      [id],
    );
    expect(await might()).toEqual([EDIT]);
    await core.database.query(`UPDATE identity_providers SET user_scripts = '{}' WHERE name = 'local'`);
  });

  it('S52 tells nobody of an expression that fails for want of a sign-in', async () => {
    await addPolicy('return claims.system.clientSrcIP.startsWith("203.");', [await addRole(EDIT)]);
    const told = async () =>
      (await core.database.query(`SELECT 1 FROM audit_events WHERE action = 'policy.expression-failed'`))
        .rowCount;
    const before = await told();
    expect(await might()).toEqual([EDIT]);
    expect(await told()).toBe(before);
  });
});
