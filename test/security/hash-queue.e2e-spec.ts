import { HashQueue } from '@sallyport/identity';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { plantPeople } from '../support/plant-people.js';
import { expecting } from '../support/send.js';
import { count, PASSWORD, Stage, together } from '../support/stage.js';

const PEOPLE = 500;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(1);
  await plantPeople(stage, PEOPLE);
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => stage.close());

const throttles = () =>
  stage.rows('SELECT subject, failures, booked FROM password_throttles WHERE failures > 0 OR booked > 0');

it('S12 of 500 sign-ins at once each passes or is told to come again, and none is counted', async () => {
  const hashes = stage.first.app.get(HashQueue, { strict: false });
  let running = 0;
  let most = 0;
  const run = hashes.run.bind(hashes);
  vi.spyOn(hashes, 'run').mockImplementation((job) =>
    run(async () => {
      most = Math.max(most, ++running);
      return await job().finally(() => (running -= 1));
    }),
  );
  const answers = await together(PEOPLE, (index) => stage.vault().logIn(`person-${index + 1}`, PASSWORD));
  expect(count(answers, 200)).toBeGreaterThan(0);
  expect(count(answers, 200) + count(answers, 503)).toBe(PEOPLE);
  for (const { status, headers } of answers) if (status === 503) expect(headers['retry-after']).toBe('1');
  expect(most).toBeLessThanOrEqual(hashes.concurrency);
  expect(await throttles()).toEqual([]);
});

it('S12 token checks are answered while nobody can have a password compared', async () => {
  const hashes = stage.first.app.get(HashQueue, { strict: false });
  let letGo!: () => void;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  for (let job = 0; job < hashes.concurrency; job += 1) void hashes.run(() => held);
  const waiting = together(100, (index) => stage.vault().logIn(`person-${index + 1}`, PASSWORD));
  await expect.poll(() => hashes.depth).toBeGreaterThan(0);
  for (let check = 0; check < 20; check += 1) await expecting(200, stage.root.read('auth/token/lookup-self'));
  expect(hashes.depth).toBeGreaterThan(0);
  letGo();
  const answers = await waiting;
  expect(count(answers, 200) + count(answers, 503)).toBe(100);
  expect(await throttles()).toEqual([]);
});

it('S12 a wrong password that is not compared is not counted either', async () => {
  const hashes = stage.first.app.get(HashQueue, { strict: false });
  let letGo!: () => void;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const jobs = Array.from({ length: 5_000 }, () => hashes.run(() => held).catch(() => undefined));
  await expecting(503, stage.vault().logIn('person-1', 'wrong'));
  await expecting(503, stage.appgate().authenticate('person-1', 'wrong'));
  expect(await throttles()).toEqual([]);
  letGo();
  await Promise.all(jobs);
  await expecting(400, stage.vault().logIn('person-1', 'wrong'));
  expect(await throttles()).toEqual([{ subject: expect.any(String), failures: 1, booked: 0 }]);
});
