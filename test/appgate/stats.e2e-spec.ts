import { beforeAll, expect, it } from 'vitest';
import { type AdminClient } from './admin-client.js';
import { PASSWORD, withServer } from './scene.js';

const server = withServer();
let admin: AdminClient;
const HOURS = Array.from({ length: 24 }, (_, hour) => String(hour));
const hour = () => String(server.sallyport.clock.now().getUTCHours());
const read = async (name: string) => (await admin.get(`/stats/${name}`)).body.data as Record<string, number>;
const total = (data: Record<string, number>) => Object.values(data).reduce((sum, count) => sum + count, 0);

beforeAll(async () => {
  // The middle of an hour: what happens here happens in one.
  const { clock } = server.sallyport;
  const half = clock.now();
  half.setUTCMinutes(30, 0, 0);
  clock.set(half);
  admin = await server.administrator();
});

it('counts right passwords by hour, nothing but numbers, wrong ones not', async () => {
  const before = (await read('user-logins'))[hour()]!;
  await server.authenticate();
  await server.client.post('/login', server.credentials());
  await server.authenticate('admin', 'wrong');
  const data = await read('user-logins');
  expect(Object.keys(data)).toEqual(HOURS);
  expect(data[hour()]).toBe(before + 2);
  expect(total(data)).toBe(before + 2);
});

it('counts those who sign in at once in rows of their own, and all of them', async () => {
  const before = (await read('user-logins'))[hour()]!;
  for (let count = 0; count < 30; count += 3) await Promise.all([1, 2, 3].map(() => server.authenticate()));
  expect((await read('user-logins'))[hour()]).toBe(before + 30);
  const rows = await server.rows('SELECT 1 FROM login_counts');
  expect(rows.length).toBeGreaterThan(1);
  expect(rows.length).toBeLessThanOrEqual(16);
});

it('counts new devices by hour, old ones not', async () => {
  expect(await read('on-boarded-devices')).toMatchObject({ [hour()]: 1 });
  await server.administrator();
  await server.client.post('/login', {
    ...server.credentials(),
    deviceId: '11111111-2222-4333-8444-555555555555',
  });
  const data = await read('on-boarded-devices');
  expect(Object.keys(data)).toEqual(HOURS);
  expect(total(data)).toBe(2);
});

it('forgets after 24 hours and keeps every hour of the last day apart', async () => {
  const counted = (await read('user-logins'))[hour()]!;
  server.advance(23 * 3_600);
  admin = await server.administrator();
  const data = await read('user-logins');
  expect(data[hour()]).toBe(1);
  expect(total(data)).toBe(counted + 1);
  server.advance(3_600);
  admin = await server.administrator();
  expect(total(await read('user-logins'))).toBe(2);
  expect(await read('on-boarded-devices')).toEqual(Object.fromEntries(HOURS.map((name) => [name, 0])));
});

it('shows a name and password to nobody', async () => {
  expect((await admin.get('/stats/user-logins')).text).not.toContain(PASSWORD);
  expect(Object.keys((await admin.get('/stats/user-logins')).body)).toEqual(['data']);
});
