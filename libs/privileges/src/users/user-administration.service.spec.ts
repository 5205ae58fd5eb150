import { SERVER } from '@sallyport/audit';
import { IdentityProvidersService, LocalUsersService } from '@sallyport/identity';
import { AdminMfaSettingsService } from '@sallyport/mfa-methods';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../../test/support/core.js';
import { addUser } from '../../../../test/support/people.js';
import type { AdministrativePrivilege, PrivilegeScope } from '../administrative-privilege.js';
import { UserAdministrationService, type UserInput } from './user-administration.service.js';

const PASSWORD = 'plum orbit velvet 93';
const ALL = [privilege('All', { all: true }, 'All')];

let core: Core;
let users: UserAdministrationService;
let count = 0;

beforeAll(async () => {
  core = await startCore();
  users = core.get(UserAdministrationService);
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

function input(change: Partial<UserInput> = {}): UserInput & { password: string } {
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

function create(change: Partial<UserInput>, privileges: AdministrativePrivilege[], mayExempt = true) {
  return users.createLocal(input(change), privileges, mayExempt, SERVER);
}

/** A PUT that keeps the password. */
async function replace(
  id: string,
  change: Partial<UserInput>,
  privileges: AdministrativePrivilege[],
): Promise<string> {
  const { password: _, ...values } = input(change);
  return users.replaceLocal(id, values, privileges, true, SERVER).then(
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
      `UPDATE policies SET expression = 'return claims.user.username === "admin" || claims.user.tags.includes("boss");'`,
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

  it('S53 under a name that is exempt already is exempt only by a maker who may exempt', async () => {
    const names = [`lesser-${count}`, `greater-${count}`];
    await core
      .get(AdminMfaSettingsService)
      .replace({ providerId: null, exemptedUsers: names.map((name) => `CN=${name},OU=local`) }, SERVER);
    expect(await create({ name: names[0]! }, ALL, false)).toMatchObject({ exemptionCounts: false });
    expect(await create({ name: names[1]! }, ALL, true)).toMatchObject({ exemptionCounts: true });
    expect(await create({}, ALL, false)).toMatchObject({ exemptionCounts: true });
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
    await expect(users.get(id, [privilege('View', { tags: ['else'] })])).rejects.toMatchObject({
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
      `UPDATE policies SET expression = 'return claims.user.username === "admin" || claims.user.tags.includes("boss");'`,
    );
    const lesser = ['View', 'Edit', 'Tag'].map((type) => privilege(type, { all: true }));
    expect(await replace(id, { tags: ['boss'] }, lesser)).toBe('escalation');
    expect(await replace(id, { tags: ['boss'] }, ALL)).toBe('done');
    expect(await replace(id, { tags: [] }, lesser)).toBe('escalation');
  });

  it('to a name that is taken is refused on the name', async () => {
    await addUser(core, `owner-${count}`);
    const values = input({ name: `OWNER-${count}`, tags: ['team'] });
    await expect(users.replaceLocal(id, values, ALL, true, SERVER)).rejects.toMatchObject({
      details: { violations: [{ field: 'name', message: 'must be unique' }] },
    });
  });

  it('S53 of the name to an exempt one frees nobody whose changer may not exempt', async () => {
    await core
      .get(AdminMfaSettingsService)
      .replace({ providerId: null, exemptedUsers: [`CN=free-${count},OU=local`] }, SERVER);
    const { password: _, ...values } = input({ name: `free-${count}`, tags: ['team'] });
    await users.replaceLocal(id, values, ALL, false, SERVER);
    expect(await core.get(LocalUsersService).find(id)).toMatchObject({ exemptionCounts: false });
  });

  it('of the built-in administrator may not rename or delete it', async () => {
    const local = await core.get(IdentityProvidersService).local();
    const admin = (await core.get(LocalUsersService).findByName(local.id, 'admin'))!;
    await expect(
      users.replaceLocal(admin.id, input({ name: 'root', tags: admin.tags }), ALL, true, SERVER),
    ).rejects.toMatchObject({ kind: 'invalid' });
    await expect(users.removeLocal(admin.id, ALL, SERVER)).rejects.toMatchObject({
      kind: 'forbidden',
      code: 'built-in',
    });
    await expect(users.removeAtMount(local, 'ADMIN', SERVER)).rejects.toMatchObject({
      code: 'built-in-user',
    });
  });

  it('that removes needs Delete on the user', async () => {
    await expect(
      users.removeLocal(id, [view, privilege('Delete', { tags: ['else'] })], SERVER),
    ).rejects.toMatchObject({ kind: 'forbidden' });
    await users.removeLocal(id, [view, privilege('Delete', { tags: ['team'] })], SERVER);
    expect(await core.get(LocalUsersService).find(id)).toBe(null);
  });
});

describe('a user at a mount', () => {
  it('needs a password when new, and gets its name as first and last name', async () => {
    const local = await core.get(IdentityProvidersService).local();
    await expect(users.writeAtMount(local, `at-${count}`, { mayExempt: true }, SERVER)).rejects.toMatchObject(
      { code: 'missing-password' },
    );
    await users.writeAtMount(local, `At-${count}`, { password: PASSWORD, mayExempt: true }, SERVER);
    const made = (await core.get(LocalUsersService).findByName(local.id, `at-${count}`))!;
    expect(made).toMatchObject({ name: `At-${count}`, firstName: `At-${count}`, lastName: `At-${count}` });
    await users.writeAtMount(
      local,
      `AT-${count}`,
      { tokenSettings: (before) => ({ ...before, ttl: 5 }), mayExempt: true },
      SERVER,
    );
    expect(await core.get(LocalUsersService).find(made.id)).toMatchObject({
      tokenSettings: { ttl: 5 },
      credentialVersion: 0,
    });
    await users.writeAtMount(local, `AT-${count}`, { password: `${PASSWORD} two`, mayExempt: true }, SERVER);
    expect(await core.get(LocalUsersService).find(made.id)).toMatchObject({
      tokenSettings: { ttl: 5 },
      credentialVersion: 1,
    });
  });

  it('of five who make it at once is made once', async () => {
    const local = await core.get(IdentityProvidersService).local();
    const write = () =>
      users.writeAtMount(local, `race-${count}`, { password: PASSWORD, mayExempt: true }, SERVER);
    const results = await Promise.allSettled(Array.from({ length: 5 }, write));
    for (const result of results)
      if (result.status === 'rejected')
        expect(result.reason).toMatchObject({ kind: 'conflict', code: 'exists' });
    expect(results.some(({ status }) => status === 'fulfilled')).toBe(true);
  });

  it('that nobody has is removed without a trace', async () => {
    await users.removeAtMount(await core.get(IdentityProvidersService).local(), 'nobody-at-all', SERVER);
  });
});
