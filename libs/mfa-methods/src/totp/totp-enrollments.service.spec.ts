import { randomUUID } from 'node:crypto';
import { SERVER } from '@sallyport/audit';
import { Database, DomainError } from '@sallyport/platform';
import { ScureBase32Plugin } from 'otplib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../../test/support/core.js';
import { addMethod, addUser, authenticator, bind } from '../../../../test/support/people.js';
import { FactorsService } from '../factors.service.js';
import type { MfaMethod } from '../mfa-method.entity.js';
import { DEFAULT_METHOD_ID, MfaMethodsService } from '../mfa-methods.service.js';
import { TotpEnrollmentsService } from './totp-enrollments.service.js';

const SEEDED = { alreadySeeded: true };
const NOT_ENROLLED = { refused: { reason: 'not-enrolled', hasAny: false } };

let core: Core;
let enrollments: TotpEnrollmentsService;
let method: MfaMethod;
let principalId: string;
let people = 0;

beforeAll(async () => {
  core = await startCore();
  enrollments = core.get(TotpEnrollmentsService);
  method = (await core.get(MfaMethodsService).find(DEFAULT_METHOD_ID))!;
});
afterAll(() => core.stop());
beforeEach(async () => {
  people += 1;
  ({ principalId } = await addUser(core, `person-${people}`));
});

async function begin(signInId: string): Promise<string> {
  const begun = await enrollments.beginFor(method, principalId, signInId, SERVER);
  if (!('secret' in begun)) throw new Error('there is a seed already');
  return begun.secret;
}

function verify(credential: string, signInId: string) {
  return core.get(FactorsService).verify({ method, principalId, credential, signInId, actor: SERVER });
}

async function confirm(secret: string, signInId: string): Promise<boolean> {
  const verdict = await verify(authenticator(core, secret)(), signInId);
  return 'proven' in verdict && core.get(Database).transaction((tx) => verdict.proven.spend(tx));
}

describe('a seed', () => {
  it.each([
    [16, 20],
    [20, 20],
    [64, 64],
    [100, 64],
  ])('S14 of a method that asks for %i bytes has %i', async (keySize, length) => {
    const other = (await core.get(MfaMethodsService).find(await addMethod(core, { keySize })))!;
    const begun = await enrollments.bindNew(other, principalId, SERVER);
    expect('secret' in begun && new ScureBase32Plugin().decode(begun.secret)).toHaveLength(length);
  });

  it('S14 is drawn evenly, and never twice', async () => {
    const seeds: Buffer[] = [];
    for (let count = 0; count < 200; count += 1)
      seeds.push(Buffer.from(new ScureBase32Plugin().decode(await begin(randomUUID()))));
    const ones = seeds
      .flatMap((seed) => [...seed])
      .reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
    const bits = 200 * 160;
    expect(new Set(seeds.map((seed) => seed.toString('hex'))).size).toBe(200);
    expect(Math.abs(ones - bits / 2)).toBeLessThan(6 * Math.sqrt(bits / 4));
  });

  it('S59 that is provisional is shown to its own sign-in again, and the same', async () => {
    const signIn = randomUUID();
    expect(await begin(signIn)).toBe(await begin(signIn));
  });

  it('S59 that is provisional gives way to that of another sign-in, and its code is good for neither', async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    const known = await begin(first);
    const fresh = await begin(second);
    expect(fresh).not.toBe(known);
    for (const signIn of [first, second]) expect(await confirm(known, signIn)).toBe(false);
    expect(await verify(authenticator(core, fresh)(), first)).toEqual(NOT_ENROLLED);
    expect(await confirm(fresh, second)).toBe(true);
  });

  it('S59 that was replaced between look and spending is not confirmed', async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    const verdict = await verify(authenticator(core, await begin(first))(), first);
    await begin(second);
    expect(
      'proven' in verdict && (await core.get(Database).transaction((tx) => verdict.proven.spend(tx))),
    ).toBe(false);
  });

  it('S59 counts from its first right code on, of two at once one confirms it, and nobody is shown it again', async () => {
    const signIn = randomUUID();
    const secret = await begin(signIn);
    expect(await enrollments.find(method.id, principalId)).toMatchObject({
      boundAt: null,
      verifiedAt: null,
      provisionalFor: signIn,
    });
    const confirms = await Promise.all([confirm(secret, signIn), confirm(secret, signIn)]);
    expect(confirms.filter((done) => done)).toHaveLength(1);
    const now = core.clock.now();
    expect(await enrollments.find(method.id, principalId)).toMatchObject({
      boundAt: now,
      verifiedAt: now,
      provisionalFor: null,
    });
    for (const asks of [signIn, randomUUID()])
      expect(await enrollments.beginFor(method, principalId, asks, SERVER)).toEqual(SEEDED);
    expect(await enrollments.bindNew(method, principalId, SERVER)).toEqual(SEEDED);
  });

  it('S59 that an administrator made counts for every sign-in, and is verified by its first right code', async () => {
    const code = await bind(core, principalId);
    expect(await enrollments.find(method.id, principalId)).toMatchObject({
      boundAt: core.clock.now(),
      verifiedAt: null,
    });
    const verdict = await verify(code(), randomUUID());
    expect(
      'proven' in verdict && (await core.get(Database).transaction((tx) => verdict.proven.spend(tx))),
    ).toBe(true);
    expect(await enrollments.find(method.id, principalId)).toMatchObject({ verifiedAt: core.clock.now() });
  });

  it('of ten who bind one at once is shown to one', async () => {
    const begun = await Promise.all(
      Array.from({ length: 10 }, () => enrollments.bindNew(method, principalId, SERVER)),
    );
    expect(begun.filter((one) => 'secret' in one)).toHaveLength(1);
  });

  it('S65 opens for its own person only', async () => {
    const code = await bind(core, principalId);
    const { principalId: thief } = await addUser(core, `thief-${people}`);
    await bind(core, thief);
    await core.database.query(
      'UPDATE totp_enrollments SET sealed_seed = (SELECT sealed_seed FROM totp_enrollments WHERE principal_id = $1) WHERE principal_id = $2',
      [principalId, thief],
    );
    const attempt = { method, principalId: thief, credential: code(), signInId: randomUUID(), actor: SERVER };
    await expect(core.get(FactorsService).verify(attempt)).rejects.toMatchObject({
      code: 'sealed-value-broken',
    });
  });
});

describe('a removal', () => {
  it('S39 ends all tokens of the person, and takes replay state and failures along', async () => {
    const code = await bind(core, principalId);
    const verdict = await verify(code(), randomUUID());
    if ('proven' in verdict) await core.get(Database).transaction((tx) => verdict.proven.spend(tx));
    await verify('000000', randomUUID());
    const epoch = async () =>
      (
        await core.database.query('SELECT token_epoch::int AS epoch FROM principals WHERE id = $1', [
          principalId,
        ])
      ).rows[0].epoch;
    const before = await epoch();
    expect(
      await core.get(Database).transaction((tx) => enrollments.remove(tx, method.id, principalId, SERVER)),
    ).toBe(true);
    expect(await epoch()).toBe(before + 1);
    expect(await enrollments.failuresOf(method.id, principalId)).toBe(0);
    await bind(core, principalId);
    expect(await enrollments.find(method.id, principalId)).toMatchObject({
      lastUsedStep: null,
      verifiedAt: null,
    });
  });

  it('of what is not there changes nothing', async () => {
    expect(
      await core.get(Database).transaction((tx) => enrollments.remove(tx, method.id, principalId, SERVER)),
    ).toBe(false);
  });

  it('is not done when its transaction is undone', async () => {
    await bind(core, principalId);
    const undone = core.get(Database).transaction(async (tx) => {
      await enrollments.remove(tx, method.id, principalId, SERVER);
      throw new DomainError('conflict', 'undone', 'undone');
    });
    await expect(undone).rejects.toMatchObject({ code: 'undone' });
    expect(await enrollments.find(method.id, principalId)).not.toBe(null);
  });
});
