import { SERVER } from '@sallyport/audit';
import { IdentityProvidersService, LocalUsersService } from '@sallyport/identity';
import { AdminMfaSettingsService } from '@sallyport/mfa-methods';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../../test/support/core.js';
import { addUser } from '../../../../test/support/people.js';
import { writerHolding } from '../../../../test/support/writers.js';
import type { AdministrativePrivilege, PrivilegeScope } from '../administrative-privilege.js';
import { LocalUserAdministration, type LocalUserInput } from './local-user-administration.service.js';
import { ObjectsService } from '../objects/index.js';
import { LOCAL_USERS } from './local-user-collection.js';

const PASSWORD = 'plum orbit velvet 93';
const ALL = [privilege('All', { all: true }, 'All')];

let core: Core;
let users: LocalUserAdministration;
let count = 0;

beforeAll(async () => {
  core = await startCore();
  users = core.get(LocalUserAdministration);
});
afterAll(() => core.stop());
beforeEach(() => (count += 1));

function privilege(
  type: string,
  scope: Partial<PrivilegeScope> = {},
  target = 'LocalUser',
  defaultTags?: string[],
): AdministrativePrivilege {
  return {
    type,
    target,
    scope: { all: false, ids: [], tags: [], ...scope },
    ...(defaultTags && { defaultTags }),
  };
}

function input(change: Partial<LocalUserInput> = {}): LocalUserInput & { password: string } {
  return {
    name: `user-${count}`,
    firstName: 'Ada',
    lastName: 'Byron',
    email: null,
    phone: null,
    notes: '',
    tags: [],
    disabled: false,
    failedLoginAttempts: 0,
    lockStart: null,
    password: PASSWORD,
    ...change,
  };
}

async function create(change: Partial<LocalUserInput>, privileges: AdministrativePrivilege[]) {
  return users.create(input(change), await writerHolding(core, privileges));
}

/** A PUT that keeps the password. */
async function replace(
  id: string,
  change: Partial<LocalUserInput>,
  privileges: AdministrativePrivilege[],
): Promise<string> {
  const { password: _, ...values } = input(change);
  return users.replace(id, values, await writerHolding(core, privileges)).then(
    () => 'done',
    (error) => error.code as string,
  );
}

describe('a new user', () => {
  it('§3.4 needs a privilege to create; a neutral scope is enough', async () => {
    await expect(create({}, [privilege('View', { all: true })])).rejects.toMatchObject({ kind: 'forbidden' });
    expect(await create({}, [privilege('Create')])).toMatchObject({ name: `user-${count}` });
  });

  it('§3.4 must lie in the scope with its default tags, and gets those of every privilege that allowed it', async () => {
    const near = privilege('Create', { tags: ['near'] }, 'LocalUser', ['near', 'a']);
    const far = privilege('Create', { tags: ['far'] }, 'LocalUser', ['b']);
    expect((await create({ tags: ['own'] }, [near, far])).tags).toEqual(['own', 'near', 'a']);
    await expect(create({ name: `other-${count}` }, [far])).rejects.toMatchObject({ kind: 'forbidden' });
  });

  it('S01 S80 is refused with an unfit name and an unfit password, both told at once, and not stored', async () => {
    await expect(create({ name: '', password: 'short' }, ALL)).rejects.toMatchObject({
      kind: 'invalid',
      details: { violations: [{ field: 'name' }, { field: 'password' }] },
    });
  });

  it('S48 may not hold more than its maker', async () => {
    await core.database.query(
      `UPDATE policies SET expression = 'return claims.user.username === "admin" || claims.user.tags.includes("boss");' WHERE NOT starts_with(name, 'writer')`,
    );
    await expect(create({ tags: ['boss'] }, [privilege('Create', { all: true })])).rejects.toMatchObject({
      code: 'escalation',
    });
    expect(
      await core
        .get(LocalUsersService)
        .findByName((await core.get(IdentityProvidersService).local()).id, `user-${count}`),
    ).toBe(null);
    expect(await create({ tags: ['boss'] }, ALL)).toMatchObject({ tags: ['boss'] });
  });

  it('S48 is refused for what it would hold before its name is said to be taken', async () => {
    await core.database.query(
      `UPDATE policies SET expression = 'return claims.user.username === "admin" || claims.user.tags.includes("boss");' WHERE NOT starts_with(name, 'writer')`,
    );
    await addUser(core, `taken-${count}`);
    const creator = [privilege('Create', { all: true })];
    await expect(create({ name: `taken-${count}`, tags: ['boss'] }, creator)).rejects.toMatchObject({
      code: 'escalation',
    });
    await expect(create({ name: `taken-${count}` }, creator)).rejects.toMatchObject({ code: 'exists' });
  });

  it('S53 under a name that is exempt already is exempt only by a maker who may exempt', async () => {
    const names = [`lesser-${count}`, `greater-${count}`];
    await core
      .get(AdminMfaSettingsService)
      .replace({ providerId: null, exemptedUsers: names.map((name) => `CN=${name},OU=local`) }, SERVER);
    const lesser = [privilege('Create', { all: true })];
    const greater = [...lesser, { type: 'Edit', target: 'GlobalSetting' }];
    expect(await create({ name: names[0]! }, lesser)).toMatchObject({ exemptionCounts: false });
    expect(await create({ name: names[1]! }, greater)).toMatchObject({ exemptionCounts: true });
    expect(await create({}, lesser)).toMatchObject({ exemptionCounts: true });
  });
});

describe('a change', () => {
  let id: string;

  beforeEach(async () => {
    ({ id } = (await addUser(core, `user-${count}`, { tags: ['team'] })).user);
  });

  const view = privilege('View', { all: true });

  it('S45 of what the caller may not view is of what is not there', async () => {
    expect(await replace(id, { tags: ['team'] }, [privilege('Edit', { all: true })])).toBe('not-found');
    expect(await replace('00000000-0000-4000-8000-00000000dead', {}, ALL)).toBe('not-found');
    const elsewhere = [privilege('View', { tags: ['else'] })];
    await expect(core.get(ObjectsService).get(LOCAL_USERS, id, elsewhere)).rejects.toMatchObject({
      kind: 'not-found',
    });
  });

  it('S45 needs Edit on the user as it was and as it will be, and Tag too where the tags differ', async () => {
    const edit = privilege('Edit', { tags: ['team'] });
    expect(await replace(id, { tags: ['team'], notes: 'x' }, [view, edit])).toBe('done');
    expect(await replace(id, { tags: ['team', 'more'], notes: 'y' }, [view, edit])).toBe('scope');
    expect(
      await replace(id, { tags: ['team', 'more'], notes: 'y' }, [
        view,
        edit,
        privilege('Tag', { all: true }),
      ]),
    ).toBe('done');
    expect(
      await replace(id, { tags: ['else'], notes: 'z' }, [view, edit, privilege('Tag', { all: true })]),
    ).toBe('scope');
  });

  it('S45 of the tags alone needs Tag alone, which takes no scope', async () => {
    const tag = privilege('Tag');
    expect(await replace(id, { tags: ['team', 'new'] }, [view, privilege('Edit', { all: true })])).toBe(
      'scope',
    );
    expect(await replace(id, { tags: ['team', 'new'] }, [view, tag])).toBe('done');
    expect(await replace(id, { tags: ['gone'], notes: 'x' }, [view, tag])).toBe('scope');
    expect(await replace(id, { tags: ['gone'] }, [view, tag])).toBe('done');
  });

  it('S49 of somebody who holds more than the caller is refused, and so is making somebody such', async () => {
    await core.database.query(
      `UPDATE policies SET expression = 'return claims.user.username === "admin" || claims.user.tags.includes("boss");' WHERE NOT starts_with(name, 'writer')`,
    );
    const lesser = ['View', 'Edit', 'Tag'].map((type) => privilege(type, { all: true }));
    expect(await replace(id, { tags: ['boss'] }, lesser)).toBe('escalation');
    expect(await replace(id, { tags: ['boss'] }, ALL)).toBe('done');
    expect(await replace(id, { tags: [] }, lesser)).toBe('escalation');
  });

  it('to a name that is taken is refused on the name', async () => {
    await addUser(core, `owner-${count}`);
    const values = input({ name: `OWNER-${count}`, tags: ['team'] });
    await expect(users.replace(id, values, await writerHolding(core, ALL))).rejects.toMatchObject({
      details: { violations: [{ field: 'name', message: 'must be unique' }] },
    });
  });

  it('S53 of the name to an exempt one frees nobody whose changer may not exempt', async () => {
    await core
      .get(AdminMfaSettingsService)
      .replace({ providerId: null, exemptedUsers: [`CN=free-${count},OU=local`] }, SERVER);
    const { password: _, ...values } = input({ name: `free-${count}`, tags: ['team'] });
    await users.replace(id, values, await writerHolding(core, [view, privilege('Edit', { all: true })]));
    expect(await core.get(LocalUsersService).find(id)).toMatchObject({ exemptionCounts: false });
  });

  it('of the built-in administrator may not rename or delete it', async () => {
    const local = await core.get(IdentityProvidersService).local();
    const admin = (await core.get(LocalUsersService).findByName(local.id, 'admin'))!;
    const writer = await writerHolding(core, ALL);
    await expect(
      users.replace(admin.id, input({ name: 'root', tags: admin.tags }), writer),
    ).rejects.toMatchObject({ kind: 'invalid', details: { violations: [{ field: 'name' }] } });
    await expect(users.remove(admin.id, writer)).rejects.toMatchObject({
      kind: 'forbidden',
      code: 'built-in',
    });
  });

  it('that removes needs Delete on the user', async () => {
    const remove = async (tag: string) =>
      users.remove(id, await writerHolding(core, [view, privilege('Delete', { tags: [tag] })]));
    await expect(remove('else')).rejects.toMatchObject({ kind: 'forbidden' });
    await remove('team');
    expect(await core.get(LocalUsersService).find(id)).toBe(null);
  });
});
