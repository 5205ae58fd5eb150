import {
  hashPassword,
  HashQueue,
  type IdentityProvider,
  IdentityProvidersService,
  LocalUsersService,
  needsRehash,
} from '@sallyport/identity';
import { SERVER } from '@sallyport/audit';
import { Database } from '@sallyport/platform';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Core, from, startCore } from '../../../../test/support/core.js';
import { addUser, PASSWORD, type Person } from '../../../../test/support/people.js';
import { waiting } from '../../../../test/support/planted-faults.js';
import { FirstFactorService, type PasswordTry, type ProvenUser } from './first-factor.service.js';

const REJECTED = {
  kind: 'rejected',
  code: 'wrong-password',
  message: 'Invalid username or password.',
  details: {},
};
const WEAK = { memoryKiB: 8_192, passes: 1, lanes: 1, saltBytes: 16, tagBytes: 32 };

let core: Core;
let local: IdentityProvider;
let ada: Person;

beforeAll(async () => {
  core = await startCore();
  local = await core.get(IdentityProvidersService).local();
  ada = await addUser(core, 'Ada');
});
afterAll(() => core.stop());
beforeEach(() => core.database.query('DELETE FROM password_throttles'));

function prove(attempt: Partial<PasswordTry> = {}, replica = core): Promise<ProvenUser> {
  const whole = {
    provider: local,
    providerName: 'local',
    open: true,
    username: 'ada',
    password: PASSWORD,
    actor: from('192.0.2.7'),
  };
  return replica.get(FirstFactorService).prove({ ...whole, ...attempt });
}

async function counts(): Promise<{ subject: string; failures: number; booked: number }[]> {
  return (
    await core.database.query(
      `SELECT subject, failures, booked FROM password_throttles WHERE '*' NOT IN (subject, network) ORDER BY failures DESC, subject`,
    )
  ).rows;
}

async function storedHash(): Promise<string> {
  return (await core.database.query('SELECT password_hash FROM local_users WHERE id = $1', [ada.user.id]))
    .rows[0].password_hash;
}

/** Takes every turn of the hash queue until let go. */
async function holdQueue(line?: 'and fill the line'): Promise<() => void> {
  const queue = core.get(HashQueue);
  let letGo!: () => void;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  for (let job = 0; job < (line ? 2_000 : queue.concurrency); job += 1)
    queue.run(() => held).catch(() => undefined);
  return letGo;
}

/** What a work answers that comes to the hash queue exactly so many times. */
async function hashing<T>(work: () => Promise<T>, times: 0 | 1): Promise<T> {
  const letGo = await holdQueue();
  const answer = work();
  if (times === 1) await expect.poll(() => core.get(HashQueue).depth, { interval: 2 }).toBe(1);
  else await answer;
  letGo();
  return answer;
}

describe('a right password', () => {
  it('proves its user, in any spelling of the name, and clears no count', async () => {
    await expect(prove({ password: 'wrong' })).rejects.toMatchObject(REJECTED);
    expect(await prove({ username: 'ADA' })).toMatchObject({
      localUserId: ada.user.id,
      principalId: ada.principalId,
      username: 'Ada',
      credentialVersion: 0,
    });
    expect(await counts()).toEqual([{ subject: ada.accountId, failures: 1, booked: 0 }]);
  });

  it('S06 passes twenty times at once', async () => {
    const proven = await Promise.all(Array.from({ length: 20 }, () => prove()));
    expect(proven).toHaveLength(20);
    expect(await counts()).toEqual([{ subject: ada.accountId, failures: 0, booked: 0 }]);
  });

  it('S07 is throttled during a wait, without a hash run, and accepted after it', async () => {
    for (let count = 0; count < 5; count += 1)
      await expect(prove({ password: 'wrong' })).rejects.toMatchObject(REJECTED);
    const letGo = await holdQueue();
    await expect(prove()).rejects.toMatchObject({ kind: 'throttled', details: { retryAfter: 30 } });
    letGo();
    await prove({ actor: from('198.51.100.1') });
    core.clock.advance(30);
    await prove();
  });

  it('S04 behind a weak hash raises it once', async () => {
    await core.database.query('UPDATE local_users SET password_hash = $2 WHERE id = $1', [
      ada.user.id,
      await hashPassword(PASSWORD, WEAK),
    ]);
    await prove();
    const raised = await storedHash();
    expect(needsRehash(raised)).toBe(false);
    await prove();
    expect(await storedHash()).toBe(raised);
  });

  it('S04 behind a weak hash does not undo a change of the password meanwhile', async () => {
    await core.database.query('UPDATE local_users SET password_hash = $2 WHERE id = $1', [
      ada.user.id,
      await hashPassword(PASSWORD, WEAK),
    ]);
    const changed = await hashPassword(PASSWORD);
    const proving = await core.get(Database).transaction(async (tx) => {
      await core.get(LocalUsersService).changePassword(tx, ada.user, changed, SERVER);
      const started = prove();
      await expect.poll(() => waiting(core, 'Lock')).toBe(1);
      return { started };
    });
    await proving.started;
    expect(await storedHash()).toBe(changed);
  });
});

describe('a try that fails', () => {
  it('S05 answers alike for a wrong password, an unknown name or provider, a closed provider and a disabled user, and counts alike', async () => {
    const disabled = await addUser(core, 'disabled', { disabled: true });
    const tries: Partial<PasswordTry>[] = [
      { password: 'wrong' },
      { username: 'nobody' },
      { provider: null, providerName: 'nowhere' },
      { open: false },
      { username: disabled.user.name },
    ];
    for (const attempt of tries) {
      await core.database.query('DELETE FROM password_throttles');
      const refusals = [];
      for (let count = 0; count < 6; count += 1)
        refusals.push(
          await hashing(() => prove(attempt).catch((error: unknown) => error), count < 5 ? 1 : 0),
        );
      for (const refusal of refusals.slice(0, 5)) expect(refusal).toMatchObject(REJECTED);
      expect(refusals[5]).toMatchObject({
        kind: 'throttled',
        code: 'password-throttled',
        details: { retryAfter: 30 },
      });
      expect(await counts()).toEqual([{ subject: expect.any(String), failures: 5, booked: 0 }]);
    }
  });

  it('S05 leaves no sooner than the floor, and a success at once', async () => {
    const slow = await startCore({ replicaOf: core, settings: { SALLYPORT_FAILURE_FLOOR_MS: '900' } });
    const timed = async (work: Promise<unknown>) => {
      const started = performance.now();
      await work.catch(() => undefined);
      return performance.now() - started;
    };
    expect(await timed(prove({ password: 'wrong' }, slow))).toBeGreaterThanOrEqual(899);
    expect(await timed(prove({}, slow))).toBeLessThan(899);
    await slow.stop();
  });

  it('S06 of 200 at once is evaluated 25 times at most', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, () => prove({ password: 'wrong' }).catch((error) => error.kind)),
    );
    const evaluated = outcomes.filter((kind) => kind === 'rejected').length;
    expect(evaluated).toBeGreaterThanOrEqual(5);
    expect(evaluated).toBeLessThanOrEqual(25);
    // On a busy machine some are told to come again before anything is booked (S12).
    const refusals = ['rejected', 'throttled', 'unavailable'];
    expect(outcomes.filter((kind) => !refusals.includes(kind))).toEqual([]);
    expect(await counts()).toEqual([{ subject: ada.accountId, failures: evaluated, booked: 0 }]);
  });

  it('S10 adds up over spellings of the name, known or not, and shows no name', async () => {
    for (const username of ['zoë', 'ZOË', 'zoe\u0308', 'Zoë', 'zOË'])
      await expect(prove({ username, password: 'x' })).rejects.toMatchObject(REJECTED);
    for (const username of ['ada', 'ADA', 'Ada', 'aDA', 'adA'])
      await expect(prove({ username, password: 'x' })).rejects.toMatchObject(REJECTED);
    const [one, two] = await counts();
    expect([one!.failures, two!.failures]).toEqual([5, 5]);
    const unknown = [one!.subject, two!.subject].filter((subject) => subject !== ada.accountId);
    expect(unknown).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
    for (const username of ['Zoë', 'Ada'])
      await expect(prove({ username })).rejects.toMatchObject({ kind: 'throttled' });
  });

  it('S10 is counted through a restart', async () => {
    for (let count = 0; count < 3; count += 1) await prove({ username: 'nobody' }).catch(() => undefined);
    const restarted = await startCore({ replicaOf: core });
    for (let count = 0; count < 2; count += 1)
      await prove({ username: 'nobody' }, restarted).catch(() => undefined);
    await expect(prove({ username: 'nobody' }, restarted)).rejects.toMatchObject({ kind: 'throttled' });
    await restarted.stop();
  });

  it('S06 because the hash queue is full counts neither way', async () => {
    const letGo = await holdQueue('and fill the line');
    await expect(prove({ password: 'wrong' })).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'hash-queue-full',
    });
    letGo();
    expect(await counts()).toEqual([{ subject: ada.accountId, failures: 0, booked: 0 }]);
  });

  it('S06 because the count cannot be written stays booked, and is counted once', async () => {
    await core.database.query(
      `ALTER TABLE audit_events ADD CONSTRAINT full_disk CHECK (action <> 'sign-in.password-refused') NOT VALID`,
    );
    await expect(prove({ password: 'wrong' })).rejects.toMatchObject({ kind: 'unavailable' });
    await core.database.query('ALTER TABLE audit_events DROP CONSTRAINT full_disk');
    expect(await counts()).toEqual([{ subject: ada.accountId, failures: 0, booked: 1 }]);
    core.clock.advance(61);
    await prove();
    expect(await counts()).toEqual([{ subject: ada.accountId, failures: 1, booked: 0 }]);
  });

  it('with a name that no text column can hold is an unknown name', async () => {
    await expect(prove({ username: 'a\0b' })).rejects.toMatchObject(REJECTED);
  });
});
