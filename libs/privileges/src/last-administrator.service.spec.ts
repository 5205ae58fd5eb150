import { SERVER } from '@sallyport/audit';
import {
  AuthMountsService,
  EntitiesService,
  EntityAliasesService,
  IdentityProvidersService,
  type LocalUser,
  LocalUsersService,
} from '@sallyport/identity';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../test/support/core.js';
import { addUser, bind, type Person } from '../../../test/support/people.js';
import { ROOT, writerHolding } from '../../../test/support/writers.js';
import { EntityAdministration } from './entities/entity-administration.service.js';
import type { Writer } from './objects/index.js';
import { LocalUserAdministration } from './users/local-user-administration.service.js';
import { MountUsersService } from './users/mount-users.service.js';

const ALL = [{ type: 'All', target: 'All', scope: { all: true, ids: [], tags: [] } }];
const MOUNT = {
  description: '',
  defaultLeaseTtl: 0,
  maxLeaseTtl: 0,
  listingVisibility: null,
  tokenType: 'default-service',
};
const LAST = { code: 'last-administrator' };

let core: Core;
let other: Core;
/** Holds everything, and cannot sign in at `/admin`. */
let operator: Writer;
let one: Person;
let two: Person;
let rounds = 0;

beforeAll(async () => {
  core = await startCore();
  other = await startCore({ replicaOf: core });
  await core.get(AuthMountsService).attach('userpass', MOUNT, SERVER);
  const elsewhere = await core.get(AuthMountsService).attach('elsewhere', MOUNT, SERVER);
  operator = await writerHolding(core, ALL, elsewhere.identityProviderId!);
});
afterAll(async () => {
  await other.stop();
  await core.stop();
});

/** Two administrators by tag, seen as entities; the built-in one is none here. */
beforeEach(async () => {
  rounds += 1;
  await core.database.query(
    `UPDATE policies SET disabled = false, expression = $1 WHERE NOT starts_with(name, 'writer')`,
    [
      `const { tags = [], emails = [] } = claims.user; return tags.includes('boss-${rounds}') || emails.includes('boss-${rounds}@example.org');`,
    ],
  );
  one = await addUser(core, `one-${rounds}`, { tags: [`boss-${rounds}`] });
  two = await addUser(core, `two-${rounds}`, { tags: [`boss-${rounds}`] });
  for (const { principalId } of [one, two]) await bind(core, principalId);
});

function users(replica = core): LocalUserAdministration {
  return replica.get(LocalUserAdministration);
}

function entities(replica = core): EntityAdministration {
  return replica.get(EntityAdministration);
}

async function change({ user }: Person, values: Partial<LocalUser>, replica = core): Promise<void> {
  const { name, firstName, lastName, email, phone, notes, tags, disabled, failedLoginAttempts, lockStart } =
    (await core.get(LocalUsersService).find(user.id))!;
  const whole = {
    name,
    firstName,
    lastName,
    email,
    phone,
    notes,
    tags,
    disabled,
    failedLoginAttempts,
    lockStart,
  };
  await users(replica).replace(user.id, { ...whole, ...values }, operator);
}

async function refusal(act: Promise<unknown>): Promise<string> {
  return act.then(
    () => 'done',
    (error) => error.details?.violations?.[0]?.message ?? error.code,
  );
}

describe('of two administrators', () => {
  type Act = (person: Person, replica?: Core) => Promise<unknown>;
  const acts: [string, Act, string][] = [
    [
      'disabled',
      (person, replica) => change(person, { disabled: true }, replica),
      'must leave a full administrator',
    ],
    [
      'untagged',
      (person, replica) => change(person, { tags: [] }, replica),
      'must leave a full administrator',
    ],
    ['deleted', (person, replica) => users(replica).remove(person.user.id, operator), 'last-administrator'],
    [
      'disabled as an entity',
      (person, replica) => entities(replica).write({ id: person.principalId, disabled: true }, ROOT, SERVER),
      'last-administrator',
    ],
    [
      'deleted at the mount',
      async (person, replica = core) =>
        replica
          .get(MountUsersService)
          .remove(await core.get(IdentityProvidersService).local(), person.user.name, ROOT, SERVER),
      'last-administrator',
    ],
  ];

  it.each(acts)('S50 the first may be %s, the last not', async (_, act, message) => {
    expect(await refusal(act(one))).toBe('done');
    expect(await refusal(act(two))).toBe(message);
    expect(await core.get(LocalUsersService).find(two.user.id)).toMatchObject({
      disabled: false,
      tags: [`boss-${rounds}`],
    });
  });

  it.each(acts)('S50 who are both %s at once over two replicas one remains', async (_, act, message) => {
    expect((await Promise.all([refusal(act(one)), refusal(act(two, other))])).toSorted()).toEqual(
      ['done', message].toSorted(),
    );
  });

  it('S50 who are taken away in different ways at once one remains', async () => {
    for (let mixed = 0; mixed < acts.length; mixed += 1) {
      const pair = [
        await addUser(core, `a-${rounds}-${mixed}`, { tags: ['boss-mixed'] }),
        await addUser(core, `b-${rounds}-${mixed}`, { tags: ['boss-mixed'] }),
      ];
      for (const { principalId } of pair) await bind(core, principalId);
      await core.database.query(`UPDATE policies SET expression = $1 WHERE NOT starts_with(name, 'writer')`, [
        `return ['${pair[0]!.user.name}', '${pair[1]!.user.name}'].includes(claims.user.username) && claims.user.tags.includes('boss-mixed');`,
      ]);
      const results = await Promise.all([
        refusal(acts[mixed]![1](pair[0]!)),
        refusal(acts[(mixed + 3) % acts.length]![1](pair[1]!, other)),
      ]);
      expect(results.filter((result) => result === 'done')).toHaveLength(1);
    }
  });
});

describe('the last administrator', () => {
  beforeEach(() => change(one, { disabled: true }));

  it('S50 may not lose what an expression speaks of', async () => {
    await core.database.query(`UPDATE policies SET expression = $1 WHERE NOT starts_with(name, 'writer')`, [
      `return (claims.user.emails || []).includes('boss-${rounds}@example.org');`,
    ]);
    await core.database.query('UPDATE local_users SET email = $2 WHERE id = $1', [
      two.user.id,
      `boss-${rounds}@example.org`,
    ]);
    expect(await refusal(change(two, { email: null }))).toBe('must leave a full administrator');
    expect(await refusal(change(two, { notes: 'x' }))).toBe('done');
  });

  it('S50 may not lose the account to an entity that is disabled', async () => {
    const { entity } = await core
      .get(EntitiesService)
      .write({ name: `off-${rounds}`, disabled: true }, SERVER, async () => undefined);
    await expect(
      entities().writeAlias({ id: two.accountId, canonicalId: entity.id }, ROOT, SERVER),
    ).rejects.toMatchObject(LAST);
    expect(await core.get(EntityAliasesService).find(two.accountId)).toMatchObject({
      principalId: two.principalId,
    });
  });

  it('S50 outlives the removal of entity and alias: the user begins anew', async () => {
    await entities().removeAlias(two.accountId, ROOT, SERVER);
    await entities().remove(two.principalId, ROOT, SERVER);
    expect(await refusal(change(two, { notes: 'still there' }))).toBe('done');
  });

  it('S50 is not one whose provider may not sign in at /admin', async () => {
    const { identityProviderId } = await core.get(AuthMountsService).attach(`store-${rounds}`, MOUNT, SERVER);
    await addUser(core, `three-${rounds}`, {
      identityProviderId: identityProviderId!,
      tags: [`boss-${rounds}`],
    });
    expect(await refusal(change(two, { disabled: true }))).toBe('must leave a full administrator');
  });

  it('may be changed in everything else', async () => {
    expect(await refusal(change(two, { name: `renamed-${rounds}`, firstName: 'New' }))).toBe('done');
  });
});
