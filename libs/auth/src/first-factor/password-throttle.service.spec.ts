import { Database } from '@sallyport/platform';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../../test/support/core.js';
import {
  type PasswordBooking,
  PasswordThrottleService,
  type PasswordSubject,
} from './password-throttle.service.js';
import {
  namesWaitAfter,
  PARALLEL_NAMES,
  PARALLEL_TRIES,
  passwordRuleOf,
  passwordWaitAfter,
  sharedWaitAfter,
} from './password-waits.js';

const DAY = 86_400;

let core: Core;
let other: Core;
let throttle: PasswordThrottleService;
let counted: PasswordSubject;
let subjects = 0;

beforeAll(async () => {
  core = await startCore();
  other = await startCore({ replicaOf: core });
  throttle = core.get(PasswordThrottleService);
});
afterAll(async () => {
  await other.stop();
  await core.stop();
});
beforeEach(() => {
  subjects += 1;
  counted = {
    subject: `account-${subjects}`,
    network: `192.0.${subjects}.0/24`,
    known: true,
    ...passwordRuleOf(null, null, true),
  };
});

async function book(tried = counted, replica = core): Promise<PasswordBooking | number> {
  const booked = await replica.get(PasswordThrottleService).book(tried);
  return 'booking' in booked ? booked.booking : booked.waitSeconds;
}

/** Books and fails. @returns null where it was evaluated, else the seconds to wait. */
async function miss(tried = counted, replica = core): Promise<number | null> {
  const booking = await book(tried, replica);
  if (typeof booking === 'number') return booking;
  await replica.get(PasswordThrottleService).fail(replica.get(Database), booking);
  return null;
}

async function row({ subject, network }: { subject: string; network: string } = counted): Promise<{
  failures: number;
  booked: number;
  wait: number | null;
}> {
  const { rows } = await core.database.query(
    `SELECT failures, booked, extract(epoch FROM wait_until - $3::timestamptz)::float AS wait FROM password_throttles
     WHERE subject = $1 AND network = $2`,
    [subject, network, core.clock.now()],
  );
  return rows[0];
}

describe('tries of a password', () => {
  it.each([
    { freeTries: 3, longestWait: 900 },
    { freeTries: 5, longestWait: 900 },
    { freeTries: 10, longestWait: 7_200 },
    { freeTries: 5, longestWait: 60 },
  ])('S07 wait as long as the formula says, at every count, with %o', async (rule) => {
    counted = { ...counted, ...rule };
    for (let failures = 1; failures <= 30; failures += 1) {
      expect(await miss()).toBe(null);
      const { failures: counts, wait } = await row();
      expect([counts, wait ?? 0]).toEqual([failures, passwordWaitAfter(failures, rule)]);
      core.clock.advance(wait ?? 0);
    }
  });

  it('S07 are not evaluated a millisecond before the wait is over', async () => {
    for (let count = 0; count < 5; count += 1) await miss();
    expect(await book()).toBe(30);
    core.clock.advance(29.999);
    expect(await book()).toBe(1);
    core.clock.advance(0.001);
    expect(await book()).toMatchObject({ subject: counted.subject });
  });

  it('S07 from another network are counted apart', async () => {
    for (let count = 0; count < 5; count += 1) await miss();
    expect(await miss({ ...counted, network: '198.51.100.0/24' })).toBe(null);
  });

  it('S07 are forgotten after 24 h of peace, and not before', async () => {
    for (let count = 0; count < 6; count += 1) {
      await miss();
      core.clock.advance((await row()).wait ?? 0);
    }
    core.clock.advance(DAY - 60);
    const booking = await book();
    await throttle.release(booking as PasswordBooking);
    expect(await row()).toMatchObject({ failures: 6 });
    core.clock.advance(0.001);
    await book();
    expect(await row()).toMatchObject({ failures: 0, booked: 1 });
  });

  it('S06 run twenty at once over both replicas', async () => {
    const bookings = await Promise.all(
      Array.from({ length: 200 }, (_, index) => book(counted, index % 2 ? core : other)),
    );
    expect(bookings.filter((booking) => typeof booking !== 'number')).toHaveLength(PARALLEL_TRIES);
    expect(bookings.filter((booking) => typeof booking === 'number' && booking !== 1)).toEqual([]);
    expect(await row()).toMatchObject({ failures: 0, booked: PARALLEL_TRIES });
  });

  it('S06 that were wrong and at once: 25 of 200 are evaluated at most', async () => {
    const waits = await Promise.all(
      Array.from({ length: 200 }, (_, index) => miss(counted, index % 2 ? core : other)),
    );
    const evaluated = waits.filter((wait) => wait === null).length;
    expect(evaluated).toBeGreaterThanOrEqual(5);
    expect(evaluated).toBeLessThanOrEqual(25);
    expect(await row()).toMatchObject({ failures: evaluated, booked: 0 });
  });
});

describe('tries whose replica died', () => {
  it('S06 count as failures once the others are used up, and then begin a wait', async () => {
    for (let count = 0; count < PARALLEL_TRIES; count += 1) await book();
    core.clock.advance(60);
    expect(await book()).toBe(1);
    core.clock.advance(0.001);
    expect(await book()).toBe(900);
    expect(await row()).toMatchObject({ failures: PARALLEL_TRIES, booked: 0, wait: 900 });
  });

  it('S06 count as failures also while tries keep coming', async () => {
    await book();
    for (let round = 0; round < 4; round += 1) {
      core.clock.advance(20);
      const booking = await book();
      await throttle.release(booking as PasswordBooking);
    }
    expect(await row()).toMatchObject({ failures: 1, booked: 0 });
  });

  it('S06 are counted once, even where the replica lives on and settles late', async () => {
    const booking = (await book()) as PasswordBooking;
    core.clock.advance(61);
    expect(await miss()).toBe(null);
    await throttle.fail(core.get(Database), booking);
    await throttle.release(booking);
    expect(await row()).toMatchObject({ failures: 2, booked: 0 });
  });

  it('S06 leave those that run beside them alone', async () => {
    await book();
    core.clock.advance(61);
    const running = (await book()) as PasswordBooking;
    expect(await miss()).toBe(null);
    expect(await row()).toMatchObject({ failures: 2, booked: 1 });
    await throttle.release(running);
    expect(await row()).toMatchObject({ failures: 2, booked: 0 });
  });
});

describe('networks unknown to an account', () => {
  const from = (network: number) => ({ ...counted, known: false, network: `10.0.${network}.0/24` });
  const shared = () => row({ ...counted, network: '*' });

  it('S08 share one schedule: 20 failures, then 1 s doubling to 60 s, from 100 on up to 15 minutes', async () => {
    for (let failures = 1; failures <= 110; failures += 1) {
      expect(await miss(from(failures))).toBe(null);
      const { failures: counts, wait } = await shared();
      expect([counts, wait ?? 0]).toEqual([failures, sharedWaitAfter(failures, 20)]);
      if (wait !== null) expect(await book(from(failures + 1))).toBe(wait);
      core.clock.advance(wait ?? 0);
    }
    const waits = [19, 20, 21, 25, 26, 99, 100, 101, 102, 103, 500].map((failures) =>
      sharedWaitAfter(failures, 20),
    );
    expect(waits).toEqual([0, 1, 2, 32, 60, 60, 120, 240, 480, 900, 900]);
  });

  it('S08 make no known network wait, and a known one adds nothing to theirs', async () => {
    for (let failures = 1; failures <= 20; failures += 1) await miss(from(failures));
    expect(await book(from(21))).toBe(1);
    const booking = (await book({ ...from(22), known: true })) as PasswordBooking;
    expect(booking).toMatchObject({ known: true });
    await throttle.fail(core.get(Database), booking);
    expect(await shared()).toMatchObject({ failures: 20 });
  });

  it('S08 run twenty at once from all of them together, and a refused try books nowhere', async () => {
    const bookings = await Promise.all(
      Array.from({ length: 60 }, (_, index) => book(from(index), index % 2 ? core : other)),
    );
    expect(bookings.filter((booking) => typeof booking !== 'number')).toHaveLength(PARALLEL_TRIES);
    const { rows } = await core.database.query(
      `SELECT sum(booked)::int AS booked FROM password_throttles WHERE subject = $1 AND network <> '*'`,
      [counted.subject],
    );
    expect(rows).toEqual([{ booked: PARALLEL_TRIES }]);
  });

  it('S08 forget after 24 h of peace', async () => {
    for (let failures = 1; failures <= 20; failures += 1) await miss(from(failures));
    core.clock.advance(DAY + 1);
    expect(await miss(from(1))).toBe(null);
    expect(await shared()).toMatchObject({ failures: 1, wait: null });
  });
});

describe('a network that fails on many names', () => {
  const named = (name: number) => ({ ...counted, known: false, subject: `${counted.subject}-${name}` });
  const ofNames = () => row({ subject: '*', network: counted.network });

  it('S09 waits after 31 within ten minutes, for names it is not known to, doubling to 15 minutes', async () => {
    for (let name = 1; name <= 30; name += 1) expect(await miss(named(name))).toBe(null);
    expect(await miss(named(30))).toBe(null);
    expect(await ofNames()).toMatchObject({ failures: 0, wait: null });
    const waits: number[] = [];
    for (let name = 31; name <= 38; name += 1) {
      expect(await miss(named(name))).toBe(null);
      const wait = (await book(named(99))) as number;
      waits.push(wait);
      expect(await miss({ ...named(99), known: true })).toBe(null);
      expect(await miss({ ...named(name), network: '198.51.100.0/24' })).toBe(null);
      core.clock.advance(wait);
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 900, 900, 900]);
    expect(waits).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map(namesWaitAfter));
  });

  it('S09 may fail on as many again once ten minutes lie between', async () => {
    for (let name = 1; name <= 30; name += 1) await miss(named(name));
    core.clock.advance(601);
    for (let name = 31; name <= 60; name += 1) expect(await miss(named(name))).toBe(null);
    expect(await ofNames()).toMatchObject({ failures: 0, wait: null });
  });

  it('S09 is not charged for names that sign in from there', async () => {
    const { rows: accounts } = await core.database.query('SELECT id FROM accounts LIMIT 1');
    await miss({ ...named(0), subject: accounts[0].id });
    await throttle.signedIn(core.get(Database), accounts[0].id, counted.network);
    for (let name = 1; name <= 30; name += 1) expect(await miss(named(name))).toBe(null);
    expect(await ofNames()).toMatchObject({ failures: 0, wait: null });
  });

  it('S09 tries a hundred names at once at most', async () => {
    const bookings = await Promise.all(Array.from({ length: 150 }, (_, index) => book(named(index))));
    expect(bookings.filter((booking) => typeof booking !== 'number')).toHaveLength(PARALLEL_NAMES);
  });
});

describe('a full sign-in', () => {
  let accountId: string;
  const elsewhere = '198.51.100.0/24';
  beforeEach(async () => {
    const { rows } = await core.database.query('SELECT id FROM accounts LIMIT 1');
    accountId = rows[0].id;
    await core.database.query('DELETE FROM known_networks');
    await core.database.query('DELETE FROM password_throttles');
    for (const network of [counted.network, elsewhere])
      await miss({ ...counted, subject: accountId, network, known: false });
  });

  const failures = async () => {
    const { rows } = await core.database.query(
      'SELECT network, failures FROM password_throttles WHERE subject = $1',
      [accountId],
    );
    return Object.fromEntries(rows.map(({ network, failures: count }) => [network, count]));
  };
  const signedIn = () => throttle.signedIn(core.get(Database), accountId, counted.network);

  it('S07 S08 clears its own network and, coming from an unknown one, what those share', async () => {
    await signedIn();
    expect(await failures()).toEqual({ '*': 0, [counted.network]: 0, [elsewhere]: 1 });
  });

  it('S08 from a known network clears nothing that unknown ones share', async () => {
    await signedIn();
    await miss({ ...counted, subject: accountId, network: elsewhere, known: false });
    await signedIn();
    expect(await failures()).toEqual({ '*': 1, [counted.network]: 0, [elsewhere]: 2 });
  });

  it('S08 counts as one from an unknown network again after 30 days', async () => {
    await signedIn();
    core.clock.advance(30 * DAY - 1);
    await miss({ ...counted, subject: accountId, network: elsewhere, known: false });
    await signedIn();
    expect(await failures()).toMatchObject({ '*': 1 });
    core.clock.advance(30 * DAY);
    await miss({ ...counted, subject: accountId, network: elsewhere, known: false });
    await signedIn();
    expect(await failures()).toMatchObject({ '*': 0 });
  });
});
