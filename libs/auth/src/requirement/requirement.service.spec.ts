import { SERVER } from '@sallyport/audit';
import {
  AuthMountsService,
  EntitiesService,
  GroupsService,
  type GroupValues,
  PeopleService,
} from '@sallyport/identity';
import {
  AdminMfaSettingsService,
  DEFAULT_METHOD_ID,
  type EnforcementValues,
  LoginEnforcementsService,
} from '@sallyport/mfa-methods';
import { Database } from '@sallyport/platform';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../../test/support/core.js';
import { addMethod, addUser, type Person } from '../../../../test/support/people.js';
import { RequirementService } from './requirement.service.js';

const MOUNT = {
  description: '',
  defaultLeaseTtl: 0,
  maxLeaseTtl: 0,
  listingVisibility: null,
  tokenType: 'default-service',
};
const FACTOR = { methodId: DEFAULT_METHOD_ID, type: 'totp', time: '2026-01-01T00:00:00Z' };

let core: Core;
let ada: Person;
let bob: Person;
let second: string;

beforeAll(async () => {
  core = await startCore();
  ada = await addUser(core, 'ada');
  bob = await addUser(core, 'bob');
  second = await addMethod(core);
  await core.get(AuthMountsService).attach('userpass', MOUNT, SERVER);
  await core.get(Database).transaction((tx) => core.get(PeopleService).show(tx, ada.principalId, SERVER));
});
afterAll(() => core.stop());
afterEach(async () => {
  await core.get(AdminMfaSettingsService).replace({ providerId: null, exemptedUsers: [] }, SERVER);
  for (const { name } of await core.get(LoginEnforcementsService).list())
    await core.get(LoginEnforcementsService).remove(name, SERVER);
});

function enforce(name: string, values: EnforcementValues): Promise<void> {
  return core
    .get(LoginEnforcementsService)
    .write(name, { mfaMethodIds: [DEFAULT_METHOD_ID], ...values }, SERVER);
}

/** The names of what somebody owes, and whether an exemption is used. */
async function owed(person: Person): Promise<[string[], boolean]> {
  const { owed: enforcements, exempted } = await core.get(RequirementService).of(person.accountId);
  return [enforcements.map(({ name }) => name), exempted];
}

function requireAll(...exemptedUsers: string[]): Promise<void> {
  return core.get(AdminMfaSettingsService).replace({ providerId: DEFAULT_METHOD_ID, exemptedUsers }, SERVER);
}

async function group(values: GroupValues): Promise<string> {
  const write = core
    .get(Database)
    .transaction((tx) => core.get(GroupsService).write(tx, values, SERVER, async () => undefined));
  return (await write).group.id;
}

describe('what is owed', () => {
  it('S53 is owed by a group somebody is in, and by every group above it', async () => {
    const low = await group({ name: 'low', memberEntityIds: [ada.principalId] });
    const middle = await group({ name: 'middle', memberGroupIds: [low] });
    const top = await group({ name: 'top', memberGroupIds: [middle] });
    const beside = await group({ name: 'beside' });
    await enforce('direct', { identityGroupIds: [low] });
    await enforce('inherited', { identityGroupIds: [beside, top] });
    await enforce('other', { identityGroupIds: [beside] });
    expect(await owed(ada)).toEqual([['direct', 'inherited'], false]);
    expect(await owed(bob)).toEqual([[], false]);
    await group({ id: middle, memberGroupIds: [] });
    expect(await owed(ada)).toEqual([['direct'], false]);
  });

  it('is nothing without a rule', async () => {
    expect(await owed(ada)).toEqual([[], false]);
  });

  it('S53 is owed by entity, by the accessor of the mount and by its type', async () => {
    const { accessor } = (await core.get(AuthMountsService).findAttached('userpass'))!;
    await enforce('entity', { identityEntityIds: [ada.principalId] });
    await enforce('accessor', { authMethodAccessors: [accessor] });
    await enforce('type', { authMethodTypes: ['userpass'] });
    expect(await owed(ada)).toEqual([['accessor', 'entity', 'type'], false]);
    expect(await owed(bob)).toEqual([['accessor', 'type'], false]);
  });

  it('is all of several rules, any method of each, in the order of each', async () => {
    await enforce('both', { mfaMethodIds: [second, DEFAULT_METHOD_ID], authMethodTypes: ['userpass'] });
    await enforce('other', { mfaMethodIds: [second], authMethodTypes: ['userpass'] });
    const requirement = core.get(RequirementService);
    const { owed: enforcements } = await requirement.of(ada.accountId);
    expect(enforcements.map(({ methodIds, methods }) => [methodIds, methods.map(({ id }) => id)])).toEqual([
      [
        [second, DEFAULT_METHOD_ID],
        [second, DEFAULT_METHOD_ID],
      ],
      [[second], [second]],
    ]);
    expect((await requirement.missing(ada.accountId, [FACTOR])).map(({ name }) => name)).toEqual(['other']);
    expect(await requirement.missing(ada.accountId, [{ ...FACTOR, methodId: second }])).toEqual([]);
  });

  it('S53 is admin-mfa for every user of the provider local while the setting is on, on another mount not', async () => {
    const { identityProviderId } = await core.get(AuthMountsService).attach('partners', MOUNT, SERVER);
    const carol = await addUser(core, 'carol', { identityProviderId: identityProviderId! });
    await requireAll();
    expect([await owed(ada), await owed(bob), await owed(carol)]).toEqual([
      [['admin-mfa'], false],
      [['admin-mfa'], false],
      [[], false],
    ]);
    await enforce('type', { authMethodTypes: ['userpass'] });
    expect(await owed(carol)).toEqual([['type'], false]);
  });

  it('counts at once when it changes', async () => {
    await enforce('rule', { authMethodTypes: ['userpass'] });
    expect(await owed(bob)).toEqual([['rule'], false]);
    await core.get(LoginEnforcementsService).remove('rule', SERVER);
    expect(await owed(bob)).toEqual([[], false]);
  });

  it('is nothing for an account that is not there', async () => {
    await requireAll();
    expect(await core.get(RequirementService).of(ada.principalId)).toEqual({ owed: [], exempted: false });
  });
});

describe('an exemption', () => {
  it.each(['CN=ada,OU=local', 'cn=ADA,ou=LOCAL', 'Cn=Ada,oU=Local'])(
    'S53 counts in any spelling of the name: %s',
    async (dn) => {
      await requireAll(dn);
      expect([await owed(ada), await owed(bob)]).toEqual([
        [[], true],
        [['admin-mfa'], false],
      ]);
    },
  );

  it('S53 frees from admin-mfa and from nothing else', async () => {
    await requireAll('CN=ada,OU=local');
    await enforce('rule', { authMethodTypes: ['userpass'] });
    expect(await owed(ada)).toEqual([['rule'], true]);
  });

  it('S53 is unused while the setting is off', async () => {
    await core
      .get(AdminMfaSettingsService)
      .replace({ providerId: null, exemptedUsers: ['CN=ada,OU=local'] }, SERVER);
    expect(await owed(ada)).toEqual([[], false]);
  });

  it('S53 that waited for a name counts only where its maker might exempt, until somebody lists it anew', async () => {
    await requireAll('CN=later,OU=local', 'CN=granted,OU=local');
    const later = await addUser(core, 'Later', { exemptionCounts: false });
    const granted = await addUser(core, 'granted', { exemptionCounts: true });
    expect([await owed(later), await owed(granted)]).toEqual([
      [['admin-mfa'], false],
      [[], true],
    ]);
    await requireAll('CN=LATER,OU=local');
    expect(await owed(later)).toEqual([['admin-mfa'], false]);
    await requireAll();
    await requireAll('CN=later,OU=local');
    expect(await owed(later)).toEqual([[], true]);
  });

  it('S53 of a user of another mount is none, though the name is the same', async () => {
    const { identityProviderId } = (await core.get(AuthMountsService).findAttached('partners'))!;
    const namesake = await addUser(core, 'ada', { identityProviderId: identityProviderId! });
    await requireAll('CN=ada,OU=partners');
    await enforce('rule', { authMethodTypes: ['userpass'] });
    expect([await owed(namesake), await owed(ada)]).toEqual([
      [['rule'], false],
      [['admin-mfa', 'rule'], false],
    ]);
  });
});

it('S53 the same person owes the same after its entity was renamed', async () => {
  await requireAll();
  await core
    .get(EntitiesService)
    .write({ id: ada.principalId, name: 'renamed' }, SERVER, async () => undefined);
  expect(await owed(ada)).toEqual([['admin-mfa'], false]);
});
