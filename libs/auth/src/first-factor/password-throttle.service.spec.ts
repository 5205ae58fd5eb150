import { Database } from '@sallyport/platform';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../../test/support/core.js';
import { PasswordThrottleService, type PasswordSubject } from './password-throttle.service.js';
import { PARALLEL_TRIES, passwordRuleOf, passwordWaitAfter } from './password-waits.js';

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
  counted = { subject: `account-${subjects}`, network: '192.0.2.0/24', ...passwordRuleOf(null, null) };
});

/** Books and fails. @returns null where it was evaluated, else the seconds to wait. */
async function miss(replica = core): Promise<number | null> {
  const wait = await replica.get(PasswordThrottleService).book(counted);
  if (wait === null) await replica.get(PasswordThrottleService).fail(replica.get(Database), counted);
  return wait;
}

async function row(): Promise<{ failures: number; booked: number; wait: number }> {
  const { rows } = await core.database.query(
    'SELECT failures, booked, extract(epoch FROM wait_until - $2::timestamptz)::float AS wait FROM password_throttles WHERE subject = $1',
    [counted.subject, core.clock.now()],
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
    expect(await throttle.book(counted)).toBe(30);
    core.clock.advance(29.999);
    expect(await throttle.book(counted)).toBe(1);
    core.clock.advance(0.001);
    expect(await throttle.book(counted)).toBe(null);
  });

  it('S07 from another network are counted apart', async () => {
    for (let count = 0; count < 5; count += 1) await miss();
    expect(await throttle.book({ ...counted, network: '198.51.100.0/24' })).toBe(null);
  });

  it('S07 are forgotten after 24 h of peace, and not before', async () => {
    for (let count = 0; count < 6; count += 1) {
      await miss();
      core.clock.advance((await row()).wait ?? 0);
    }
    core.clock.advance(DAY - 60);
    await throttle.book(counted);
    await throttle.release(counted);
    expect(await row()).toMatchObject({ failures: 6 });
    core.clock.advance(0.001);
    await throttle.book(counted);
    expect(await row()).toMatchObject({ failures: 0, booked: 1 });
  });

  it('S07 are forgotten by a full sign-in from there only', async () => {
    const elsewhere = { ...counted, network: '198.51.100.0/24' };
    for (const subject of [counted, elsewhere]) await throttle.fail(core.get(Database), subject);
    await throttle.clear(core.get(Database), counted.subject, counted.network);
    const { rows } = await core.database.query(
      'SELECT network, failures FROM password_throttles WHERE subject = $1 ORDER BY network',
      [counted.subject],
    );
    expect(rows).toEqual([
      { network: counted.network, failures: 0 },
      { network: elsewhere.network, failures: 1 },
    ]);
  });

  it('S06 run twenty at once over both replicas', async () => {
    const waits = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        (index % 2 ? core : other).get(PasswordThrottleService).book(counted),
      ),
    );
    expect(waits.filter((wait) => wait === null)).toHaveLength(PARALLEL_TRIES);
    expect(waits.filter((wait) => wait !== null && wait !== 1)).toEqual([]);
  });

  it('S06 that were wrong and at once: 25 of 200 are evaluated at most', async () => {
    const waits = await Promise.all(
      Array.from({ length: 200 }, (_, index) => miss(index % 2 ? core : other)),
    );
    const evaluated = waits.filter((wait) => wait === null).length;
    expect(evaluated).toBeGreaterThanOrEqual(5);
    expect(evaluated).toBeLessThanOrEqual(25);
    expect(await row()).toMatchObject({ failures: evaluated, booked: 0 });
  });

  it('S06 that were booked by a replica that died count as failures', async () => {
    for (let count = 0; count < 5; count += 1) await throttle.book(counted);
    core.clock.advance(60.001);
    expect(await throttle.book(counted)).toBe(30);
    expect(await row()).toMatchObject({ failures: 5, booked: 0, wait: 30 });
  });
});
