import { afterAll, beforeAll, expect, it } from 'vitest';
import { addUser, logIn, startWorld, type World } from './world.js';
import type { VaultClient } from './vault-client.js';

let world: World;
let user: VaultClient;
beforeAll(async () => {
  world = await startWorld();
  const config = { listing_visibility: 'unauth' };
  await world.root.write('sys/auth/open', { type: 'userpass', description: 'for all', config });
  await world.root.write('sys/auth/closed', { type: 'userpass' });
  const policy =
    'path "auth/closed/users/*" { capabilities = ["read", "list"] } path "sys/internal/ui/resultant-acl" { capabilities = ["read"] }';
  await world.root.write('sys/policies/acl/reader', { policy });
  await addUser(world, 'u', { token_policies: ['reader'], token_no_default_policy: true });
  user = world.anonymous.as((await logIn(world, 'u')).body.auth.client_token);
});
afterAll(() => world.stop());

const paths = async (client: VaultClient) =>
  Object.keys((await client.read('sys/internal/ui/mounts')).body.data.auth).toSorted();

it('shows everybody the mounts that are listed for all, and nothing more of them', async () => {
  const { status, body } = await world.anonymous.read('sys/internal/ui/mounts');
  expect([status, body.data]).toEqual([
    200,
    { auth: { 'open/': { type: 'userpass', description: 'for all', options: null } }, secret: {} },
  ]);
});

it('shows the holder of a token what its policies reach', async () => {
  expect(await paths(user)).toEqual(['closed/', 'open/']);
  expect(await paths(world.root)).toEqual(['closed/', 'open/', 'token/', 'userpass/']);
  const { auth } = (await user.read('sys/internal/ui/mounts')).body.data;
  expect(auth['closed/']).toEqual((await world.root.read('sys/auth/closed')).body.data);
});

it('refuses a token that is unknown', async () => {
  const { status, body } = await world.anonymous.as('hvs.unknown').read('sys/internal/ui/mounts');
  expect([status, body]).toEqual([
    403,
    { errors: ['2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'] },
  ]);
});

it('tells the mount of a path to whoever reaches it', async () => {
  const { status, body } = await user.read('sys/internal/ui/mounts/auth/closed/users/x');
  const mount = (await world.root.read('sys/auth/closed')).body.data;
  expect([status, body.data]).toEqual([200, { ...mount, path: 'auth/closed/' }]);
  for (const path of ['auth/userpass', 'auth/none', 'secret/foo']) {
    const refused = await user.read(`sys/internal/ui/mounts/${path}`);
    const why = `preflight capability check returned 403, please ensure client's policies grant access to path "${path}/"`;
    expect([refused.status, refused.body]).toEqual([403, { errors: [why] }]);
  }
  const nobody = await world.anonymous.read('sys/internal/ui/mounts/auth/open');
  expect([nobody.status, nobody.body]).toEqual([403, { errors: ['permission denied'] }]);
});

it("tells what the caller's policies allow", async () => {
  const { status, body } = await user.read('sys/internal/ui/resultant-acl');
  expect([status, body.data]).toEqual([
    200,
    {
      root: false,
      exact_paths: { 'sys/internal/ui/resultant-acl': { capabilities: ['read'] } },
      glob_paths: { 'auth/closed/users/': { capabilities: expect.arrayContaining(['read', 'list']) } },
    },
  ]);
  expect((await world.root.read('sys/internal/ui/resultant-acl')).body.data).toEqual({
    root: true,
    exact_paths: {},
    glob_paths: {},
  });
});
