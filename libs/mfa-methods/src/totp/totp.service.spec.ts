import { SERVER } from '@sallyport/audit';
import { Database, Keyring } from '@sallyport/platform';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../../test/support/core.js';
import { addMethod, addUser, type Authenticator, bind, wrong } from '../../../../test/support/people.js';
import type { FactorVerdict } from '../factor.js';
import { FactorsService } from '../factors.service.js';
import type { MfaMethod } from '../mfa-method.entity.js';
import { DEFAULT_METHOD_ID, MfaMethodsService } from '../mfa-methods.service.js';
import { TOTP_DEFAULTS } from './totp-config.js';
import { seedPlace, TotpEnrollmentsService } from './totp-enrollments.service.js';

const SIGN_IN = '00000000-0000-4000-8000-000000000001';
const WRONG = { refused: { reason: 'wrong' } };

let core: Core;
let other: Core;
let method: MfaMethod;
let principalId: string;
let code: Authenticator;
let people = 0;

beforeAll(async () => {
  core = await startCore();
  other = await startCore({ replicaOf: core });
  method = (await core.get(MfaMethodsService).find(DEFAULT_METHOD_ID))!;
});
afterAll(async () => {
  await other.stop();
  await core.stop();
});
beforeEach(async () => {
  people += 1;
  ({ principalId } = await addUser(core, `person-${people}`));
  code = await bind(core, principalId);
});

function verify(credential: string | null, { of = method, replica = core } = {}): Promise<FactorVerdict> {
  return replica
    .get(FactorsService)
    .verify({ method: of, principalId, credential, signInId: SIGN_IN, actor: SERVER });
}

/** Verifies and, where it was right, spends in a transaction of its own; answers what came of it. */
async function prove(
  credential: string,
  options: { of?: MfaMethod; replica?: Core } = {},
): Promise<'accepted' | 'lost' | FactorVerdict> {
  const verdict = await verify(credential, options);
  if (!('proven' in verdict)) return verdict;
  if (await (options.replica ?? core).get(Database).transaction((tx) => verdict.proven.spend(tx)))
    return 'accepted';
  await verdict.proven.release();
  return 'lost';
}

function failures(): Promise<number> {
  return core.get(TotpEnrollmentsService).failuresOf(DEFAULT_METHOD_ID, principalId);
}

/** To a moment of a step, in milliseconds of its 30 s; early or late, it is an hour of its own. */
function moveWithinStep(milliseconds: number): void {
  core.clock.set(new Date(Math.floor(core.clock.now().getTime() / 30_000) * 30_000 + milliseconds));
}

describe('a code', () => {
  it.each([-2, -1, 0, 1, 2])(
    'S15 of step %i from now is accepted next to the present one only, at both ends of a step',
    async (offset) => {
      for (const moment of [0, 29_999]) {
        core.clock.advance(300);
        moveWithinStep(moment);
        if (Math.abs(offset) <= 1) expect(await prove(code(offset))).toBe('accepted');
        else expect(await prove(code(offset))).toEqual(WRONG);
      }
    },
  );

  it.each([
    ' 123456',
    '123456 ',
    '123 456',
    '１２３４５６',
    '١٢٣٤٥٦',
    '+123456',
    '1e5',
    '12345',
    '1234567',
    '12345678',
    '123456\n',
  ])('S16 is nothing but its digits: %j is refused like a wrong one and not counted', async (text) => {
    expect(await prove(text)).toEqual(WRONG);
    expect(await failures()).toBe(0);
  });

  it('S16 that was used does not come back in another spelling', async () => {
    const used = code();
    expect(await prove(used)).toBe('accepted');
    for (const text of [` ${used}`, `${used} `, `0${used}`, `${used.slice(0, 3)} ${used.slice(3)}`])
      expect(await prove(text)).toEqual(WRONG);
    expect(await failures()).toBe(0);
  });

  it('that is missing is told apart, and not counted', async () => {
    for (const nothing of [null, ''])
      expect(await verify(nothing)).toEqual({ refused: { reason: 'missing' } });
    expect(await failures()).toBe(0);
  });

  it('S17 is spent once of 200 tries at once over both replicas', async () => {
    const right = code();
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, index) => prove(right, { replica: index % 2 ? core : other })),
    );
    expect(outcomes.filter((outcome) => outcome === 'accepted')).toHaveLength(1);
    expect(await failures()).toBe(0);
  });

  it('S17 is not taken again on another replica, later, or with the clock set back an hour', async () => {
    const right = code();
    expect(await prove(right)).toBe('accepted');
    expect(await prove(right, { replica: other })).toEqual(WRONG);
    core.clock.advance(30);
    expect(await prove(right)).toEqual(WRONG);
    core.clock.advance(-3_600);
    for (const offset of [-1, 0, 1]) expect(await prove(code(offset))).toEqual(WRONG);
    core.clock.advance(3_600);
  });

  it('S17 of an earlier step is not taken after that of a later one', async () => {
    const [earlier, later] = [code(0), code(1)];
    expect(await prove(later)).toBe('accepted');
    expect(await prove(earlier)).toEqual(WRONG);
  });

  it('S17 belongs to its person: two with equal codes both pass', async () => {
    const keyring = core.get(Keyring);
    const first = (await core.get(TotpEnrollmentsService).find(DEFAULT_METHOD_ID, principalId))!;
    const twin = await addUser(core, `twin-${people}`);
    await bind(core, twin.principalId);
    const seed = await keyring.unseal(first.sealedSeed, seedPlace(DEFAULT_METHOD_ID, principalId));
    const sealed = await keyring.seal(seed, seedPlace(DEFAULT_METHOD_ID, twin.principalId));
    await core.database.query('UPDATE totp_enrollments SET sealed_seed = $2 WHERE principal_id = $1', [
      twin.principalId,
      sealed,
    ]);
    expect(await prove(code())).toBe('accepted');
    ({ principalId } = twin);
    expect(await prove(code())).toBe('accepted');
  });

  it('S17 is not spent when the authenticator was reset between look and spending', async () => {
    const verdict = await verify(code());
    await core
      .get(Database)
      .transaction((tx) =>
        core.get(TotpEnrollmentsService).remove(tx, DEFAULT_METHOD_ID, principalId, SERVER),
      );
    await bind(core, principalId);
    expect(
      'proven' in verdict && (await core.get(Database).transaction((tx) => verdict.proven.spend(tx))),
    ).toBe(false);
  });
});

describe('wrong codes', () => {
  it('S19 are evaluated five times of 200 at once', async () => {
    const text = wrong(code);
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, index) => prove(text, { replica: index % 2 ? core : other })),
    );
    const evaluated = outcomes.filter((outcome) => JSON.stringify(outcome) === JSON.stringify(WRONG));
    expect(evaluated).toHaveLength(5);
    expect(await failures()).toBe(5);
  });

  it('S19 make one wait by the schedule; a right code during the wait is throttled, and good after it', async () => {
    for (let count = 0; count < 5; count += 1) await prove(wrong(code));
    for (const wait of [30, 60, 120, 240, 480, 900, 900]) {
      core.clock.advance(wait - 1);
      const right = code(1);
      expect(await prove(right)).toEqual({
        refused: { reason: 'throttled', freeTries: 5, waitSeconds: wait, retryAfter: 1 },
      });
      core.clock.advance(1);
      if (wait === 900 && (await failures()) === 11) expect(await prove(right)).toBe('accepted');
      else expect(await prove(wrong(code))).toEqual(WRONG);
    }
    expect(await failures()).toBe(0);
  });

  it('S19 leave the other factors of the same person untouched', async () => {
    const id = await addMethod(core);
    const second = (await core.get(MfaMethodsService).find(id))!;
    const secondCode = await bind(core, principalId, id);
    for (let count = 0; count < 6; count += 1) await prove(wrong(code));
    expect(await prove(secondCode(), { of: second })).toBe('accepted');
  });

  it('S22 are counted on when the settings of the method change', async () => {
    const id = await addMethod(core);
    const secondCode = await bind(core, principalId, id);
    const find = async () => (await core.get(MfaMethodsService).find(id))!;
    for (let count = 0; count < 5; count += 1) await prove(wrong(secondCode), { of: await find() });
    await core
      .get(MfaMethodsService)
      .replace(
        id,
        null,
        { type: 'totp', config: { ...TOTP_DEFAULTS, maxValidationAttempts: 5, skew: 0 } },
        SERVER,
      );
    expect(await prove(secondCode(), { of: await find() })).toMatchObject({
      refused: { reason: 'throttled' },
    });
  });

  it('S20 disable the authenticator at a hundred, through a restart, and never a 101st is evaluated', async () => {
    const evaluated: FactorVerdict[] = [];
    for (let count = 0; count < 99; count += 1) {
      const verdict = await verify(wrong(code), { replica: count < 60 ? core : other });
      evaluated.push(verdict);
      if (count >= 4) core.clock.advance(900);
    }
    expect(evaluated).toEqual(Array.from({ length: 99 }, () => WRONG));
    await Promise.all(Array.from({ length: 20 }, () => verify(wrong(code))));
    expect(await failures()).toBe(100);
    const { rows } = await core.database.query(
      `SELECT action, detail FROM audit_events WHERE object_id = $1 AND action IN ('sign-in.factor-refused', 'enrollment.disabled') ORDER BY at`,
      [principalId],
    );
    expect(rows.filter(({ detail }) => detail.reason === 'wrong')).toHaveLength(100);
    expect(rows.filter(({ action }) => action === 'enrollment.disabled')).toEqual([
      {
        action: 'enrollment.disabled',
        detail: { methodId: DEFAULT_METHOD_ID, before: { state: 'bound' }, after: { state: 'disabled' } },
      },
    ]);
    core.clock.advance(365 * 86_400);
    expect(await prove(code())).toEqual(WRONG);
    expect(await failures()).toBe(100);
  });

  it('S20 disable the authenticator also where the hundredth was booked by a replica that died', async () => {
    await core.database.query(
      'INSERT INTO factor_throttles (principal_id, method_id, failures, booked, booked_at, updated_at) VALUES ($1, $2, 99, 1, $3, $3)',
      [principalId, method.id, core.clock.now()],
    );
    core.clock.advance(61);
    for (let count = 0; count < 2; count += 1) expect(await prove(code())).toEqual(WRONG);
    expect(await core.get(TotpEnrollmentsService).find(method.id, principalId)).toMatchObject({
      disabledAt: core.clock.now(),
    });
    const { rows } = await core.database.query(
      `SELECT 1 FROM audit_events WHERE object_id = $1 AND action = 'enrollment.disabled'`,
      [principalId],
    );
    expect(rows).toHaveLength(1);
  });

  it('S20 that disabled an authenticator are forgotten by a reset and a new one', async () => {
    await core.database.query(
      'INSERT INTO factor_throttles (principal_id, method_id, failures, updated_at) VALUES ($1, $2, 99, now())',
      [principalId, method.id],
    );
    await prove(wrong(code));
    expect(await prove(code())).toEqual(WRONG);
    expect(await core.get(TotpEnrollmentsService).bindNew(method, principalId, SERVER)).toEqual({
      alreadySeeded: true,
    });
    expect(await core.get(TotpEnrollmentsService).beginFor(method, principalId, SIGN_IN, SERVER)).toEqual({
      alreadySeeded: true,
    });
    await core
      .get(Database)
      .transaction((tx) => core.get(TotpEnrollmentsService).remove(tx, method.id, principalId, SERVER));
    expect(await failures()).toBe(0);
    code = await bind(core, principalId);
    expect(await prove(code())).toBe('accepted');
  });
});

describe('whoever has no usable authenticator', () => {
  it('S23 is refused and counted like a wrong code; only not enrolled is told apart inside', async () => {
    ({ principalId } = await addUser(core, `bare-${people}`));
    for (let count = 0; count < 5; count += 1)
      expect(await prove('123456')).toEqual({ refused: { reason: 'not-enrolled', hasAny: false } });
    expect(await prove('123456')).toEqual({
      refused: { reason: 'throttled', freeTries: 5, waitSeconds: 30, retryAfter: 30 },
    });
    await bind(core, principalId, await addMethod(core));
    core.clock.advance(30);
    expect(await prove('123456')).toEqual({ refused: { reason: 'not-enrolled', hasAny: true } });
  });
});

describe('the parameters of an authenticator', () => {
  it('S14 stay what they were when the method changes', async () => {
    const id = await addMethod(core, { digits: 8, period: 60, algorithm: 'SHA512' });
    const secondCode = await bind(core, principalId, id);
    await core
      .get(MfaMethodsService)
      .replace(
        id,
        null,
        { type: 'totp', config: { ...TOTP_DEFAULTS, digits: 6, period: 20, skew: 0 } },
        SERVER,
      );
    const changed = (await core.get(MfaMethodsService).find(id))!;
    expect(secondCode()).toHaveLength(8);
    expect(await prove(secondCode(1), { of: changed })).toBe('accepted');
  });

  it('a method of a type that is not built yet proves nothing', async () => {
    const fido2 = (await core.get(MfaMethodsService).find('3ae98d53-c520-437f-99e4-451f936e6d2c'))!;
    expect(await verify('123456', { of: fido2 })).toEqual({ refused: { reason: 'unsupported-type' } });
  });
});
