import { SERVER } from '@sallyport/audit';
import {
  AdminMfaSettingsService,
  DEFAULT_METHOD_ID,
  LoginEnforcementsService,
  TotpEnrollmentsService,
} from '@sallyport/mfa-methods';
import { Database } from '@sallyport/platform';
import { TokenRevocationService, TokensService } from '@sallyport/tokens';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AdminSteps, outcome } from '../../../../test/support/admin-sign-in.js';
import { type Core, startCore } from '../../../../test/support/core.js';
import {
  addMethod,
  addUser,
  authenticator,
  type Authenticator,
  bind,
  type Person,
  wrong,
} from '../../../../test/support/people.js';
import { withFault } from '../../../../test/support/planted-faults.js';
import { AdminFactorService } from './admin-factor.service.js';
import { FactorResetService } from './factor-reset.service.js';

let core: Core;
let other: Core;
let person: Person;
let steps: AdminSteps;
let code: Authenticator;
let people = 0;

beforeAll(async () => {
  core = await startCore();
  other = await startCore({ replicaOf: core });
  await core.database.query(`UPDATE policies SET expression = 'return true;'`);
  await core
    .get(AdminMfaSettingsService)
    .replace({ providerId: DEFAULT_METHOD_ID, exemptedUsers: [] }, SERVER);
});
afterAll(async () => {
  await other.stop();
  await core.stop();
});
beforeEach(async () => {
  people += 1;
  person = await addUser(core, `person-${people}`);
  steps = new AdminSteps(core, person.user.name);
  code = await bind(core, person.principalId);
});
afterEach(async () => {
  for (const { name } of await core.get(LoginEnforcementsService).list())
    await core.get(LoginEnforcementsService).remove(name, SERVER);
});

function failures(): Promise<number> {
  return core.get(TotpEnrollmentsService).failuresOf(DEFAULT_METHOD_ID, person.principalId);
}

function enforce(name: string, ...mfaMethodIds: string[]): Promise<void> {
  return core
    .get(LoginEnforcementsService)
    .write(name, { mfaMethodIds, identityEntityIds: [person.principalId] }, SERVER);
}

describe('a right code', () => {
  it('S36 trades the partial token for a fresh one, which lives 10 minutes', async () => {
    const { secret, expiresAt } = await steps.authenticate();
    core.clock.advance(500);
    const proven = await steps.prove(secret, code());
    expect(proven).toMatchObject({ pending: false, expiresAt, username: person.user.name });
    expect([await steps.lives(secret), await steps.lives(proven.secret)]).toEqual([false, true]);
    core.clock.advance(599);
    expect(await outcome(steps.authorize(proven.secret))).toBe('done');
  });

  it('S17 is good for one of 200 tries at once with one token over two replicas', async () => {
    const { secret } = await steps.authenticate();
    const there = new AdminSteps(other, person.user.name);
    const right = code();
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, index) => outcome((index % 2 ? steps : there).prove(secret, right))),
    );
    expect(outcomes.filter((one) => one === 'done')).toHaveLength(1);
    expect(await failures()).toBe(0);
  });

  it('S17 is good for one of two sign-ins', async () => {
    const [one, two] = [await steps.authenticate(), await steps.authenticate()];
    expect(await outcome(steps.prove(one.secret, code()))).toBe('done');
    expect(await outcome(steps.prove(two.secret, code()))).toBe('wrong-code');
  });

  it('is asked for once: on a token that owes nothing more nothing is looked at', async () => {
    const { secret } = await steps.authenticate();
    const proven = await steps.prove(secret, code());
    expect(await outcome(steps.prove(proven.secret, wrong(code)))).toBe('factor-not-pending');
    expect(await outcome(steps.begin(proven.secret))).toBe('factor-not-pending');
    expect(await failures()).toBe(0);
  });

  it('for each of several factors that are owed, the built-in one first', async () => {
    const id = await addMethod(core);
    await enforce('a-second', id);
    const second = await bind(core, person.principalId, id);
    const { secret } = await steps.authenticate();
    expect(await steps.begin(secret)).toMatchObject({
      method: { id: DEFAULT_METHOD_ID },
      kind: 'already-seeded',
    });
    const half = await steps.prove(secret, code());
    expect(half.pending).toBe(true);
    expect(await outcome(steps.authorize(half.secret))).toBe('factor-owed');
    expect(await steps.begin(half.secret)).toMatchObject({ method: { id }, kind: 'already-seeded' });
    const whole = await steps.prove(half.secret, second());
    expect(whole.pending).toBe(false);
    expect(await outcome(steps.authorize(whole.secret))).toBe('done');
  });

  it('of a method without a seed there is none: it leaves the person pending', async () => {
    await enforce('unseeded', await addMethod(core));
    const { secret } = await steps.authenticate();
    const half = await steps.prove(secret, code());
    expect(await steps.begin(half.secret)).toMatchObject({ kind: 'already-seeded' });
    expect(await outcome(steps.prove(half.secret, '123456'))).toBe('wrong-code');
  });

  it('of the first method that can be asked for is enough where a rule names several', async () => {
    const ids = [await addMethod(core), await addMethod(core)];
    await enforce('either', ...ids);
    const second = await bind(core, person.principalId, ids[1]);
    const half = await steps.prove((await steps.authenticate()).secret, code());
    expect((await steps.prove(half.secret, second())).pending).toBe(false);
  });
});

describe('a wrong code', () => {
  it('leaves the token as it is', async () => {
    const { secret } = await steps.authenticate();
    for (let count = 0; count < 3; count += 1)
      expect(await outcome(steps.prove(secret, wrong(code)))).toBe('wrong-code');
    expect(await outcome(steps.prove(secret, code()))).toBe('done');
    expect(await failures()).toBe(0);
  });

  it('S22 is counted on through a new sign-in, the seed being asked for, and another token', async () => {
    for (let count = 0; count < 5; count += 1) {
      const { secret } = await steps.authenticate();
      await steps.begin(secret);
      expect(await outcome(steps.prove(secret, wrong(code)))).toBe('wrong-code');
    }
    const { secret } = await steps.authenticate();
    await expect(steps.prove(secret, code())).rejects.toMatchObject({
      code: 'factor-throttled',
      details: { retryAfter: 30 },
    });
    expect(await failures()).toBe(5);
  });

  it('S21 with a token that is invented, expired, spent or has proven nothing moves no count', async () => {
    const spent = await steps.authenticate();
    await steps.prove(spent.secret, code());
    const expired = await steps.authenticate();
    core.clock.advance(600);
    for (const secret of ['invented', spent.secret, expired.secret])
      expect(await outcome(steps.prove(secret, wrong(code)))).toBe('no-session');
    expect(await outcome(steps.authenticate('wrong'))).toBe('wrong-password');
    expect(await failures()).toBe(0);
  });

  it('S21 with a token of somebody else counts for that one alone', async () => {
    const stranger = await addUser(core, `stranger-${people}`);
    const theirs = new AdminSteps(core, stranger.user.name);
    const { secret } = await theirs.authenticate();
    expect(await outcome(theirs.prove(secret, code()))).toBe('wrong-code');
    expect(await failures()).toBe(0);
  });
});

describe('a first seed', () => {
  beforeEach(async () => {
    await core.get(FactorResetService).reset(DEFAULT_METHOD_ID, person.principalId, SERVER);
  });

  async function begin(secret: string): Promise<string> {
    const begun = await steps.begin(secret);
    if (begun.kind !== 'secret') throw new Error('there is a seed already');
    return begun.secret;
  }

  it('S59 is the same for calls at once of one sign-in, and bound by its first right code', async () => {
    const { secret } = await steps.authenticate();
    const [one, two] = await Promise.all([begin(secret), begin(secret)]);
    expect(one).toBe(two);
    const proven = await steps.prove(secret, authenticator(core, one)());
    expect(await outcome(steps.authorize(proven.secret))).toBe('done');
    expect(await steps.begin((await steps.authenticate()).secret)).toMatchObject({ kind: 'already-seeded' });
  });

  it('S59 of a second sign-in is another, and the code of the first is rejected in both', async () => {
    const [one, two] = [(await steps.authenticate()).secret, (await steps.authenticate()).secret];
    const known = await begin(one);
    const fresh = await begin(two);
    expect(fresh).not.toBe(known);
    for (const secret of [one, two])
      expect(await outcome(steps.prove(secret, authenticator(core, known)()))).toBe('wrong-code');
    expect(await outcome(steps.prove(one, authenticator(core, fresh)()))).toBe('wrong-code');
    expect(await outcome(steps.prove(two, authenticator(core, fresh)()))).toBe('done');
  });

  it('S59 stays with its sign-in when another factor comes in between', async () => {
    const id = await addMethod(core);
    await enforce('a-second', id);
    const second = await bind(core, person.principalId, id);
    await core.get(AdminMfaSettingsService).replace({ providerId: null, exemptedUsers: [] }, SERVER);
    const { secret } = await steps.authenticate();
    const half = await steps.prove(secret, second());
    await core
      .get(AdminMfaSettingsService)
      .replace({ providerId: DEFAULT_METHOD_ID, exemptedUsers: [] }, SERVER);
    const seed = await begin(half.secret);
    expect(await outcome(steps.prove(half.secret, authenticator(core, seed)()))).toBe('done');
  });
});

describe('a reset', () => {
  it('S63 ends every token of the person, partial ones too, and the seed with its failures', async () => {
    const partial = (await steps.authenticate()).secret;
    const final = (
      await steps.authorize((await steps.prove((await steps.authenticate()).secret, code())).secret)
    ).secret!;
    await outcome(steps.prove(partial, wrong(code)));
    expect(await core.get(FactorResetService).reset(DEFAULT_METHOD_ID, person.principalId, SERVER)).toBe(
      true,
    );
    expect([await steps.lives(partial), await steps.lives(final), await failures()]).toEqual([
      false,
      false,
      0,
    ]);
    expect(await core.get(FactorResetService).reset(DEFAULT_METHOD_ID, person.principalId, SERVER)).toBe(
      false,
    );
  });

  it('S37 between the steps: the code of the seed that is gone is refused', async () => {
    const { secret } = await steps.authenticate();
    const session = (await steps.session(secret))!;
    await core.get(FactorResetService).reset(DEFAULT_METHOD_ID, person.principalId, SERVER);
    expect(await outcome(core.get(AdminFactorService).prove(session, code(), SERVER))).toBe('wrong-code');
  });
});

describe('the transaction of a factor', () => {
  it.each([
    { table: 'totp_enrollments', event: 'UPDATE' as const },
    { table: 'factor_throttles', event: 'UPDATE' as const, rows: 'OLD.failures > 0 AND NEW.failures = 0' },
    { table: 'sign_ins', event: 'UPDATE' as const },
    { table: 'audit_events', event: 'INSERT' as const },
  ])(
    'S18 happens whole or not at all when Postgres refuses %o, and the same code then works once',
    async (fault) => {
      const { secret } = await steps.authenticate();
      await outcome(steps.prove(secret, wrong(code)));
      const right = code();
      expect(await outcome(withFault(core, fault, () => steps.prove(secret, right)))).not.toBe('done');
      expect(await failures()).toBe(1);
      expect(
        await core.get(TotpEnrollmentsService).find(DEFAULT_METHOD_ID, person.principalId),
      ).toMatchObject({ lastUsedStep: null, verifiedAt: null });
      expect([await outcome(steps.prove(secret, right)), await failures()]).toEqual(['done', 0]);
      expect(await outcome(steps.prove((await steps.authenticate()).secret, right))).toBe('wrong-code');
    },
  );
});

describe('a token of /v1 that owes a factor', () => {
  it('earns a sign-in of its own, is neither ended nor lengthened, and takes it along when it ends', async () => {
    const issued = await core.get(Database).transaction((tx) =>
      core.get(TokensService).issue(
        tx,
        {
          origin: 'vault',
          principalId: person.principalId,
          accountId: person.accountId,
          localUserId: person.user.id,
          mountId: null,
          sessionId: '00000000-0000-4000-8000-000000000002',
          policies: [],
          factors: [],
          metadata: null,
          path: 'auth/userpass/login/x',
          displayName: 'x',
          orphan: true,
          renewable: true,
          ttl: 1_000,
          clientAddress: '',
        },
        SERVER,
      ),
    );
    expect(await outcome(steps.authorize(issued.secret))).toBe('factor-owed');
    const proven = await steps.prove(issued.secret, code());
    expect(await steps.session(issued.secret)).toMatchObject({
      kind: 'foreign',
      factors: [],
      token: { expiresAt: issued.token.expiresAt },
    });
    const final = await steps.authorize(proven.secret);
    expect(final.expiresAt).toEqual(issued.token.expiresAt);
    await core.get(TokenRevocationService).revoke(issued.token, SERVER);
    for (const secret of [issued.secret, proven.secret, final.secret!])
      expect(await steps.lives(secret)).toBe(false);
  });
});
