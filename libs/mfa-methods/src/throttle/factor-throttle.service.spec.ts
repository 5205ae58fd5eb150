import { Database } from '@sallyport/platform';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../../test/support/core.js';
import { addUser } from '../../../../test/support/people.js';
import { DEFAULT_METHOD_ID } from '../mfa-methods.service.js';
import { type CountedFactor, FactorThrottleService } from './factor-throttle.service.js';
import { FAILURE_CAP, waitAfter } from './factor-waits.js';

let core: Core;
let other: Core;
let throttle: FactorThrottleService;
let counted: CountedFactor;

beforeAll(async () => {
  core = await startCore();
  other = await startCore({ replicaOf: core });
  throttle = core.get(FactorThrottleService);
  const { principalId } = await addUser(core, 'ada');
  counted = { principalId, methodId: DEFAULT_METHOD_ID, freeTries: 5, period: 30 };
});
afterAll(async () => {
  await other.stop();
  await core.stop();
});
beforeEach(() => forget());

function forget(): Promise<void> {
  return throttle.forget(core.get(Database), counted.principalId, counted.methodId);
}

/** Books and, where that is allowed, fails. */
async function miss(factor = counted, replica = core): Promise<boolean> {
  const service = replica.get(FactorThrottleService);
  const { booked } = await service.book(factor);
  if (booked) await service.fail(replica.get(Database), factor);
  return booked;
}

async function row(): Promise<{ failures: number; booked: number; wait: number | null }> {
  const { rows } = await core.database.query(
    'SELECT failures, booked, extract(epoch FROM wait_until - $2::timestamptz)::float AS wait FROM factor_throttles WHERE principal_id = $1',
    [counted.principalId, core.clock.now()],
  );
  return rows[0];
}

describe('tries of a second factor', () => {
  it.each([
    { freeTries: 5, period: 30 },
    { freeTries: 1, period: 60 },
    { freeTries: 10, period: 7 },
  ])('S19 wait as long as the formula says, at every count: %o', async (rule) => {
    const factor = { ...counted, ...rule };
    for (let failures = 1; failures <= 40; failures += 1) {
      expect(await miss(factor)).toBe(true);
      const { failures: counts, wait } = await row();
      expect([counts, wait ?? 0]).toEqual([failures, waitAfter(failures, rule.freeTries, rule.period)]);
      core.clock.advance(wait ?? 0);
    }
  });

  it('S19 are not evaluated a millisecond before the wait is over, and the answer tells the wait', async () => {
    for (let count = 0; count < 7; count += 1) {
      await miss();
      core.clock.advance(count < 4 ? 0 : waitAfter(count + 1, 5, 30));
    }
    core.clock.advance(-0.001);
    expect(await throttle.book(counted)).toEqual({
      booked: false,
      waitSeconds: 120,
      retryAfter: 1,
      capped: false,
    });
    core.clock.advance(-60);
    expect(await throttle.book(counted)).toEqual({
      booked: false,
      waitSeconds: 120,
      retryAfter: 61,
      capped: false,
    });
    core.clock.advance(60.001);
    expect(await throttle.book(counted)).toEqual({ booked: true });
  });

  it('S19 run five at once and no more, over both replicas', async () => {
    const bookings = await Promise.all(
      Array.from({ length: 200 }, (_, index) => miss(counted, index % 2 ? core : other)),
    );
    expect(bookings.filter((booked) => booked)).toHaveLength(5);
    expect(await row()).toMatchObject({ failures: 5, booked: 0, wait: 30 });
  });

  it('S20 after the free ones run one at a time, also in parallel', async () => {
    for (let count = 0; count < 5; count += 1) await miss();
    core.clock.advance(30);
    const bookings = await Promise.all(Array.from({ length: 20 }, () => throttle.book(counted)));
    expect(bookings.filter(({ booked }) => booked)).toHaveLength(1);
  });

  it('S20 stop at a hundred failures, however long one waits', async () => {
    await core.database.query(
      'INSERT INTO factor_throttles (principal_id, method_id, failures, updated_at) VALUES ($1, $2, $3, now())',
      [counted.principalId, counted.methodId, FAILURE_CAP - 1],
    );
    expect(
      (await Promise.all(Array.from({ length: 20 }, () => miss()))).filter((booked) => booked),
    ).toHaveLength(1);
    core.clock.advance(365 * 86_400);
    expect(await throttle.book(counted)).toMatchObject({ booked: false, capped: true });
    expect((await row()).failures).toBe(FAILURE_CAP);
    await forget();
    expect(await throttle.book(counted)).toEqual({ booked: true });
  });

  it('S06 that were booked by a replica that died count as failures', async () => {
    for (let count = 0; count < 5; count += 1) await throttle.book(counted);
    core.clock.advance(60);
    expect(await throttle.book(counted)).toMatchObject({ booked: false });
    core.clock.advance(0.001);
    expect(await throttle.book(counted)).toMatchObject({ booked: false, waitSeconds: 30, retryAfter: 30 });
    expect(await row()).toMatchObject({ failures: 5, booked: 0, wait: 30 });
  });

  it('S06 that were booked by a replica that died count also while others keep coming', async () => {
    await throttle.book(counted);
    for (let count = 0; count < 4; count += 1) {
      core.clock.advance(20);
      expect(await miss()).toBe(true);
    }
    expect(await miss()).toBe(false);
    core.clock.advance(60.001);
    expect(await throttle.book(counted)).toMatchObject({ booked: false, waitSeconds: 30, retryAfter: 30 });
    expect(await row()).toMatchObject({ failures: 5, booked: 0, wait: 30 });
  });

  it('S06 that are released count neither way', async () => {
    for (let count = 0; count < 30; count += 1) {
      expect(await throttle.book(counted)).toEqual({ booked: true });
      await throttle.release(counted.principalId, counted.methodId);
    }
    expect(await row()).toMatchObject({ failures: 0, booked: 0 });
  });

  it('S19 begin anew after a success', async () => {
    for (let count = 0; count < 4; count += 1) await miss();
    await throttle.book(counted);
    await throttle.succeed(core.get(Database), counted.principalId, counted.methodId);
    expect(await row()).toMatchObject({ failures: 0, booked: 0, wait: null });
  });
});
