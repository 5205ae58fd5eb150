import { SERVER } from '@sallyport/audit';
import { AuthMountsService, IdentityProvidersService, LocalUsersService } from '@sallyport/identity';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../../test/support/core.js';
import { ROOT } from '../../../../test/support/writers.js';
import { MountUsersService } from './mount-users.service.js';

const PASSWORD = 'plum orbit velvet 93';
const MOUNT = {
  description: '',
  defaultLeaseTtl: 0,
  maxLeaseTtl: 0,
  listingVisibility: null,
  tokenType: 'default-service',
};

let core: Core;
let users: MountUsersService;
let count = 0;

beforeAll(async () => {
  core = await startCore();
  await core.get(AuthMountsService).attach('userpass', MOUNT, SERVER);
  users = core.get(MountUsersService);
});
afterAll(() => core.stop());
beforeEach(() => (count += 1));

describe('a user at a mount', () => {
  it('needs a password when new, and gets its name as first and last name', async () => {
    const local = await core.get(IdentityProvidersService).local();
    await expect(users.write(local, `at-${count}`, {}, ROOT, SERVER)).rejects.toMatchObject({
      code: 'missing-password',
    });
    await users.write(local, `At-${count}`, { password: PASSWORD }, ROOT, SERVER);
    const made = (await core.get(LocalUsersService).findByName(local.id, `at-${count}`))!;
    expect(made).toMatchObject({ name: `At-${count}`, firstName: `At-${count}`, lastName: `At-${count}` });
    await users.write(
      local,
      `AT-${count}`,
      { tokenSettings: (before) => ({ ...before, ttl: 5 }) },
      ROOT,
      SERVER,
    );
    expect(await core.get(LocalUsersService).find(made.id)).toMatchObject({
      tokenSettings: { ttl: 5 },
      credentialVersion: 0,
    });
    await users.write(local, `AT-${count}`, { password: `${PASSWORD} two` }, ROOT, SERVER);
    expect(await core.get(LocalUsersService).find(made.id)).toMatchObject({
      tokenSettings: { ttl: 5 },
      credentialVersion: 1,
    });
  });

  it('of five who make it at once is made once', async () => {
    const local = await core.get(IdentityProvidersService).local();
    const write = () => users.write(local, `race-${count}`, { password: PASSWORD }, ROOT, SERVER);
    const results = await Promise.allSettled(Array.from({ length: 5 }, write));
    for (const result of results)
      if (result.status === 'rejected')
        expect(result.reason).toMatchObject({ kind: 'conflict', code: 'exists' });
    expect(results.some(({ status }) => status === 'fulfilled')).toBe(true);
  });

  it('that nobody has is removed without a trace', async () => {
    await users.remove(await core.get(IdentityProvidersService).local(), 'nobody-at-all', ROOT, SERVER);
  });

  it('that is built in is not removed', async () => {
    const local = await core.get(IdentityProvidersService).local();
    await expect(users.remove(local, 'ADMIN', ROOT, SERVER)).rejects.toMatchObject({
      code: 'built-in-user',
    });
  });
});
