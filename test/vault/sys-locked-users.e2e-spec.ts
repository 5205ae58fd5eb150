import { afterAll, beforeAll, expect, it } from 'vitest';
import { addUser, logIn, startWorld, type World } from './world.js';

let world: World;
let people: string;
beforeAll(async () => {
  world = await startWorld();
  await world.root.write('sys/auth/people', { type: 'userpass' });
  people = (await world.root.read('sys/auth/people')).body.data.accessor;
  for (const name of ['ann', 'Ben']) await addUser(world, name, {}, 'people');
  await addUser(world, 'cyd');
});
afterAll(() => world.stop());

const lock = async (name: string, mount: string) => {
  for (let count = 0; count < 5; count += 1)
    await world.anonymous.write(`auth/${mount}/login/${name}`, { password: 'wrong' });
};
const locked = async (query = '') => (await world.root.read(`sys/locked-users${query}`)).body.data;
const root = (counts: number, accessors: object[]) => ({
  by_namespace: [{ namespace_id: 'root', namespace_path: '', counts, mount_accessors: accessors }],
  total: counts,
});

it('tells nobody where nobody waits', async () => {
  await world.anonymous.write('auth/people/login/ann', { password: 'wrong' });
  expect(await locked()).toEqual(root(0, []));
});

it('tells who waits by mount, the most first, and no name that nobody has', async () => {
  await lock('ann', 'people');
  await lock('BEN', 'people');
  await lock('cyd', 'userpass');
  await lock('nobody', 'people');
  const ofPeople = { mount_accessor: people, counts: 2, alias_identifiers: ['ann', 'ben'] };
  const ofLocal = { mount_accessor: world.accessor, counts: 1, alias_identifiers: ['cyd'] };
  expect(await locked()).toEqual(root(3, [ofPeople, ofLocal]));
  expect(await locked(`?mount_accessor=${world.accessor}`)).toEqual(root(1, [ofLocal]));
  expect(await locked('?mount_accessor=auth_userpass_00000000')).toEqual(root(0, []));
});

it('S07 unlocks one user, in any spelling, and no other', async () => {
  expect((await logIn(world, 'ann', [], 'people')).status).toBe(403);
  const { status, text } = await world.root.write(`sys/locked-users/${people}/unlock/ANN`);
  expect([status, text]).toEqual([204, '']);
  expect((await logIn(world, 'ann', [], 'people')).status).toBe(200);
  expect((await logIn(world, 'Ben', [], 'people')).status).toBe(403);
  expect((await locked()).total).toBe(2);
});

it('S05 does not tell what is unknown from what is not locked, and unlocks an unknown name like a known one', async () => {
  const texts: unknown[] = [];
  for (const path of [
    `${people}/unlock/ann`,
    `${people}/unlock/nobody`,
    `${people}/unlock/never`,
    'auth_x/unlock/ann',
  ]) {
    const { status, text } = await world.root.write(`sys/locked-users/${path}`);
    texts.push([status, text]);
  }
  expect(texts).toEqual(Array.from({ length: 4 }, () => [204, '']));
  expect((await logIn(world, 'nobody', [], 'people')).status).toBe(400);
});

it('forgets waits that are over', async () => {
  world.server.clock.advance(31);
  expect(await locked()).toEqual(root(0, []));
});
