import { afterAll, beforeAll, expect, it } from 'vitest';
import { addUser, logIn, startWorld, UUID, type World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
  for (const path of ['staff', 'taken']) await world.root.write(`sys/auth/${path}`, { type: 'userpass' });
  await addUser(world, 'ann', {}, 'staff');
});
afterAll(() => world.stop());

const move = (from: unknown, to: unknown) => world.root.write('sys/remount', { from, to });

it('moves a mount with its accessor, its users and their entities, and ends its tokens', async () => {
  const before = (await world.root.read('sys/auth/staff')).body.data;
  const { auth } = (await logIn(world, 'ann', [], 'staff')).body;
  const { status, body } = await move('auth/staff/', 'auth/people');
  expect([status, body.data]).toEqual([200, { migration_id: UUID }]);
  expect(body.migration_id).toBe(body.data.migration_id);
  expect((await world.root.read('sys/auth/people')).body.data).toEqual(before);
  expect((await world.root.read('sys/auth/staff')).status).toBe(400);
  expect((await world.anonymous.as(auth.client_token).read('auth/token/lookup-self')).status).toBe(403);
  const again = (await logIn(world, 'ann', [], 'people')).body.auth;
  expect(again.entity_id).toBe(auth.entity_id);
  expect((await logIn(world, 'ann', [], 'staff')).status).toBe(403);
  expect((await world.root.read(`sys/remount/status/${body.migration_id}`)).body.data).toEqual({
    migration_id: body.migration_id,
    migration_info: { source_mount: 'auth/staff/', target_mount: 'auth/people/', status: 'success' },
  });
});

it('knows nothing of a move nobody made', async () => {
  for (const id of ['6c3fdc1a-9f6d-4f43-9a83-0d2c9a0f7a11', 'x']) {
    const { status, body } = await world.root.read(`sys/remount/status/${id}`);
    expect([status, body]).toEqual([404, { errors: [] }]);
  }
});

it.each<[unknown, unknown, string]>([
  ['', 'auth/b', "both 'from' and 'to' path must be specified as a string"],
  ['auth/a', undefined, "both 'from' and 'to' path must be specified as a string"],
  ['auth/none', 'auth/b', 'no matching mount at "auth/none/"'],
  ['secret', 'auth/b', 'no matching mount at "secret/"'],
  ['auth/people', 'secret', 'cannot remount auth mount to non-auth mount "secret/"'],
  ['auth/people', 'auth/taken', 'path already in use at "auth/taken/"'],
  ['auth/people', 'auth/token', 'path already in use at "auth/token/"'],
  ['auth/people', 'auth/userpass', 'path already in use at "auth/userpass/"'],
  ['auth/people', 'auth/a/b', 'mount path must be one segment of word characters, dots and dashes'],
  ['auth/userpass', 'auth/b', 'cannot remount "auth/userpass/"'],
  ['auth/token/', 'auth/b', 'cannot remount "auth/token/"'],
])('refuses %j to %j', async (from, to, text) => {
  const { status, body } = await move(from, to);
  expect([status, body]).toEqual([400, { errors: [text] }]);
});
