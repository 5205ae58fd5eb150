import { SERVER } from '@sallyport/audit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../../test/support/core.js';
import { addUser, bind } from '../../../../test/support/people.js';
import { LocalUsersService } from '../local-users/local-users.service.js';
import { AuthMountsService } from './auth-mounts.service.js';

const MOUNT = {
  description: 'people',
  defaultLeaseTtl: 60,
  maxLeaseTtl: 600,
  listingVisibility: 'unauth',
  tokenType: 'default-service',
};

let core: Core;
let mounts: AuthMountsService;

beforeAll(async () => {
  core = await startCore();
  mounts = core.get(AuthMountsService);
});
afterAll(() => core.stop());

describe('a mount', () => {
  it('of an installation is token/ alone', async () => {
    expect((await mounts.attached()).map(({ path }) => path)).toEqual(['token']);
  });

  it('at userpass/ is the provider local, whose accessor outlives a detaching, and its users too', async () => {
    const { user } = await addUser(core, 'ada');
    const first = await mounts.attach('userpass', MOUNT, SERVER);
    expect(first).toMatchObject({
      ...MOUNT,
      identityProviderId: user.identityProviderId,
      accessor: expect.stringMatching(/^auth_userpass_[0-9a-f]{8}$/),
    });
    await mounts.detach('userpass', SERVER);
    expect(await mounts.findAttached('userpass')).toBe(null);
    expect(await mounts.findByAccessor(first.accessor)).toMatchObject({ attached: false });
    const again = await mounts.attach('userpass', { ...MOUNT, description: 'again' }, SERVER);
    expect([again.accessor, again.description]).toEqual([first.accessor, 'again']);
    expect(await core.get(LocalUsersService).find(user.id)).toMatchObject({ name: 'ada' });
  });

  it('elsewhere has users of its own, who go with it; a person that was seen stays', async () => {
    const { identityProviderId } = await mounts.attach('partners', MOUNT, SERVER);
    const seen = await addUser(core, 'ada', { identityProviderId: identityProviderId! });
    await bind(core, seen.principalId);
    const unseen = await addUser(core, 'bob', { identityProviderId: identityProviderId! });
    await mounts.detach('partners', SERVER);
    for (const { user } of [seen, unseen]) expect(await core.get(LocalUsersService).find(user.id)).toBe(null);
    const { rows } = await core.database.query('SELECT id FROM principals WHERE id = ANY($1)', [
      [seen.principalId, unseen.principalId],
    ]);
    expect(rows).toEqual([{ id: seen.principalId }]);
    expect(
      (await core.database.query('SELECT 1 FROM identity_providers WHERE id = $1', [identityProviderId]))
        .rows,
    ).toEqual([]);
  });

  it.each(['userpass', 'twice', 'token'])('is made once of several at once: %s', async (path) => {
    await mounts.detach(path, SERVER);
    const free = path === 'token' ? 0 : 1;
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => mounts.attach(path, MOUNT, SERVER)),
    );
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(refused).toHaveLength(5 - free);
    for (const reason of refused)
      expect(reason).toMatchObject({
        kind: 'conflict',
        code: 'path-in-use',
        message: `path is already in use at ${path}/`,
      });
  });

  it('that is not attached, and token/, are not detached', async () => {
    await mounts.detach('nowhere', SERVER);
    await mounts.detach('token', SERVER);
    expect(await mounts.findAttached('token')).not.toBe(null);
  });
});
