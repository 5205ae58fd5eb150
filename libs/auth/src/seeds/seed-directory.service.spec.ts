import { randomUUID } from 'node:crypto';
import { IdentityProvidersService } from '@sallyport/identity';
import { DEFAULT_METHOD_ID, TotpEnrollmentsService } from '@sallyport/mfa-methods';
import type { AdministrativePrivilege, PrivilegeScope } from '@sallyport/privileges';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../../test/support/core.js';
import { addMethod, addUser, bind, type Person } from '../../../../test/support/people.js';
import { writerHolding } from '../../../../test/support/writers.js';
import { SeedDirectoryService } from './seed-directory.service.js';

const EVERYTHING = { queries: [], range: null, orderBy: 'username', descending: false, filters: [] };
const ALL = [{ type: 'All', target: 'All' }];
const SOMEBODY = { principalId: randomUUID(), username: 'somebody', factors: [] };

let core: Core;
let seeds: SeedDirectoryService;
let ada: Person;
let localId: string;

beforeAll(async () => {
  core = await startCore();
  seeds = core.get(SeedDirectoryService);
  ada = await addUser(core, 'Ada');
  await bind(core, ada.principalId);
  const bob = await addUser(core, 'bob', { tags: ['boss'] });
  await bind(core, bob.principalId);
  await bind(core, bob.principalId, await addMethod(core));
  await addUser(core, 'carol');
  localId = (await core.get(IdentityProvidersService).local()).id;
  await core.database.query(`UPDATE policies SET expression = 'return claims.user.tags.includes("boss");'`);
});
afterAll(() => core.stop());

function on(type: string, scope: Partial<PrivilegeScope>): AdministrativePrivilege {
  return { type, target: 'OtpSeed', scope: { all: false, ids: [], tags: [], ...scope } };
}

async function remove(
  username: string,
  privileges: AdministrativePrivilege[],
  providerName = 'local',
): Promise<string> {
  const caller = { ...(await writerHolding(core, privileges)), privileges };
  return seeds.remove({ username, providerName }, caller, SOMEBODY).then(
    () => 'done',
    (error) => error.code as string,
  );
}

describe('the seeds of users', () => {
  it('are listed once for each user who has one of the built-in method, and never shown', async () => {
    const { rows, total } = await seeds.list(EVERYTHING, ALL);
    expect(total).toBe(2);
    expect(rows).toEqual([
      { username: 'Ada', providerName: 'local', userDistinguishedName: 'CN=Ada,OU=local', verified: false },
      { username: 'bob', providerName: 'local', userDistinguishedName: 'CN=bob,OU=local', verified: false },
    ]);
  });

  it('S45 are seen as far as the scope names their provider', async () => {
    const listed = async (scope: Partial<PrivilegeScope>) =>
      (await seeds.list(EVERYTHING, [on('View', scope)])).total;
    expect([
      await listed({}),
      await listed({ ids: [localId] }),
      await listed({ tags: ['builtin'] }),
      await listed({ ids: [ada.user.id] }),
    ]).toEqual([0, 2, 2, 0]);
  });

  it('S45 are removed as far as the scope names their provider; what may not be seen is not there', async () => {
    expect(await remove('ada', [on('View', { all: true }), on('Delete', {})])).toBe('scope');
    expect(await remove('ada', [on('Delete', { all: true })])).toBe('not-found');
    expect(await remove('ada', [on('Delete', { all: true })], 'nowhere')).toBe('not-found');
    expect(await remove('ada', [on('Delete', { ids: [localId] })], 'nowhere')).toBe('scope');
  });

  it('S49 of somebody who holds more than the caller stay', async () => {
    const lesser = [on('View', { all: true }), on('Delete', { all: true })];
    expect(await remove('bob', lesser)).toBe('escalation');
    expect(await remove('ADA', lesser)).toBe('done');
  });

  it('S63 are removed once, with every failure, and nobody else is touched', async () => {
    expect(await core.get(TotpEnrollmentsService).find(DEFAULT_METHOD_ID, ada.principalId)).toBe(null);
    for (const username of ['ada', 'carol', 'nobody']) expect(await remove(username, ALL)).toBe('not-found');
    expect((await seeds.list(EVERYTHING, ALL)).rows.map(({ username }) => username)).toEqual(['bob']);
  });
});
