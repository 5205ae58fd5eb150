import { SERVER } from '@sallyport/audit';
import { EntitiesService, hashPassword, LocalUsersService } from '@sallyport/identity';
import { AdminMfaSettingsService, DEFAULT_METHOD_ID, LoginEnforcementsService } from '@sallyport/mfa-methods';
import { type DomainError, Database } from '@sallyport/platform';
import { TokenRevocationService, TokensService } from '@sallyport/tokens';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AdminSteps, outcome } from '../../../../test/support/admin-sign-in.js';
import { type Core, startCore } from '../../../../test/support/core.js';
import { addUser, type Authenticator, bind, type Person } from '../../../../test/support/people.js';
import { waiting, withFault, withPause } from '../../../../test/support/planted-faults.js';
import { AdminSignInService } from './admin-sign-in.service.js';

let core: Core;
let other: Core;
let person: Person;
let steps: AdminSteps;
let people = 0;

beforeAll(async () => {
  core = await startCore();
  other = await startCore({ replicaOf: core });
  await core.database.query(
    `UPDATE policies SET expression = 'return claims.user.username !== "powerless";'`,
  );
});
afterAll(async () => {
  await other.stop();
  await core.stop();
});
beforeEach(async () => {
  people += 1;
  person = await addUser(core, `person-${people}`);
  steps = new AdminSteps(core, person.user.name);
});
afterEach(() => requireFactor(false));

function requireFactor(on: boolean, ...exemptedUsers: string[]): Promise<void> {
  return core
    .get(AdminMfaSettingsService)
    .replace({ providerId: on ? DEFAULT_METHOD_ID : null, exemptedUsers }, SERVER);
}

async function liveTokens(): Promise<number> {
  const { rows } = await core.database.query(
    `SELECT count(*)::int AS count FROM tokens t JOIN principals p ON p.id = t.principal_id AND p.token_epoch = t.principal_epoch
     WHERE p.id = $1 AND revoked_at IS NULL AND expires_at > $2`,
    [person.principalId, core.clock.now()],
  );
  return rows[0].count;
}

describe('a sign-in that owes nothing', () => {
  it('ends in a final token, which answers itself and lengthens nothing', async () => {
    const { secret, pending, expiresAt } = await steps.authenticate();
    expect(pending).toBe(false);
    const final = await steps.authorize(secret);
    expect(final).toMatchObject({
      username: person.user.name,
      expiresAt,
      privileges: [{ type: 'All', target: 'All' }],
    });
    core.clock.advance(1_800);
    expect(await steps.authorize(final.secret!)).toMatchObject({ secret: null, expiresAt });
    expect(await steps.session(final.secret!)).toMatchObject({
      kind: 'final',
      factors: [],
      missing: [],
      expiresAt,
    });
  });

  it('makes its person visible as an entity', async () => {
    await steps.authenticate();
    const { rows } = await core.database.query('SELECT name FROM principals WHERE id = $1', [
      person.principalId,
    ]);
    expect(rows).toEqual([{ name: expect.stringMatching(/^entity_[0-9a-f]{8}$/) }]);
  });

  it('S36 leaves one live token of 200 parallel authorizations over two replicas', async () => {
    const { secret } = await steps.authenticate();
    const there = new AdminSteps(other, person.user.name);
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        (index % 2 ? steps : there).authorize(secret).catch((error) => error.kind as string),
      ),
    );
    expect(answers.filter((answer) => typeof answer === 'string' && answer !== 'unavailable')).toEqual([]);
    expect(await liveTokens()).toBe(1);
  });

  it('S36 may be authorized again at 59 s, which ends the token before, and not at 61 s', async () => {
    const { secret } = await steps.authenticate();
    core.clock.advance(100);
    const first = (await steps.authorize(secret)).secret!;
    core.clock.advance(59);
    const second = (await steps.authorize(secret)).secret!;
    expect([await steps.lives(first), await steps.lives(second)]).toEqual([false, true]);
    core.clock.advance(2);
    expect(await steps.lives(secret)).toBe(false);
    expect(await liveTokens()).toBe(1);
  });

  it('S36 ends as a partial one after 10 minutes', async () => {
    const { secret } = await steps.authenticate();
    core.clock.advance(599);
    expect(await steps.lives(secret)).toBe(true);
    core.clock.advance(1);
    expect(await steps.lives(secret)).toBe(false);
  });

  it('S34 ends 12 h after its first call, whenever it was authorized', async () => {
    const { secret, expiresAt } = await steps.authenticate();
    core.clock.advance(500);
    const final = await steps.authorize(secret);
    expect(final.expiresAt).toEqual(expiresAt);
    for (; core.clock.now().getTime() < expiresAt.getTime() - 3_000_000; core.clock.advance(3_000))
      expect(await steps.lives(final.secret!)).toBe(true);
    core.clock.set(expiresAt);
    expect(await steps.lives(final.secret!)).toBe(false);
  });

  it('S34 is dead after an hour without use', async () => {
    const { secret } = await steps.logIn();
    core.clock.advance(3_601);
    expect(await steps.lives(secret!)).toBe(false);
  });

  it('is refused to whoever holds no privilege, and stays as it was', async () => {
    const powerless = new AdminSteps(core, (await addUser(core, 'powerless')).user.name);
    const { secret } = await powerless.authenticate();
    expect(await outcome(powerless.authorize(secret))).toBe('no-administration-rights');
    expect(await outcome(powerless.logIn())).toBe('no-administration-rights');
    expect(await powerless.lives(secret)).toBe(true);
  });

  it('S06 passes for 20 at once after a failed one, and clears the count', async () => {
    expect(await outcome(steps.authenticate('wrong'))).toBe('wrong-password');
    // On a busy machine who would wait over 2 s for a hash is sent away, uncounted (S12), and comes again.
    const logIn = (): Promise<string> =>
      steps.logIn().then(
        () => 'done',
        (error: DomainError) => (error.kind === 'unavailable' ? logIn() : error.message),
      );
    const answers = await Promise.all(Array.from({ length: 20 }, logIn));
    expect(answers).toEqual(Array.from({ length: 20 }, () => 'done'));
    const { rows } = await core.database.query(
      'SELECT t.failures, t.booked, u.failed_login_attempts AS shown FROM password_throttles t JOIN local_users u ON u.account_id::text = t.subject WHERE u.id = $1 AND t.network <> $2',
      [person.user.id, '*'],
    );
    expect(rows).toEqual([{ failures: 0, booked: 0, shown: 0 }]);
  });

  it('S06 passes while wrong passwords come in, and nobody waits for a deadlock', async () => {
    const mixed = Array.from({ length: 16 }, (_, index) =>
      outcome(index % 4 === 0 ? steps.authenticate('wrong') : steps.logIn()),
    );
    expect(new Set(await Promise.all(mixed))).toEqual(new Set(['done', 'wrong-password']));
  });

  it('S92 needs one connection at a time: with a pool of two, four at once pass', async () => {
    const small = await startCore({ replicaOf: core, settings: { SALLYPORT_DATABASE_POOL: '2' } });
    const there = new AdminSteps(small, person.user.name);
    const begun = await Promise.all(Array.from({ length: 4 }, () => there.authenticate()));
    const results = await Promise.all(begun.map(({ secret }) => outcome(there.authorize(secret))));
    expect(results).toEqual(Array.from({ length: 4 }, () => 'done'));
    expect(await outcome(Promise.all(begun.map(({ secret }) => there.logOut(secret))))).toBe('done');
    await small.stop();
  });

  it('S07 clears the count of passwords only when it is finished', async () => {
    const failures = async () =>
      (
        await core.database.query(
          `SELECT failures FROM password_throttles WHERE subject = $1 AND network <> '*'`,
          [person.accountId],
        )
      ).rows[0].failures;
    await outcome(steps.authenticate('wrong'));
    const { secret } = await steps.authenticate();
    expect(await failures()).toBe(1);
    await steps.authorize(secret);
    expect(await failures()).toBe(0);
  });
});

describe('between the steps', () => {
  it.each<[string, () => Promise<unknown>, string]>([
    [
      'the user is disabled',
      () => core.database.query('UPDATE local_users SET disabled = true WHERE id = $1', [person.user.id]),
      'no-session',
    ],
    [
      'the person is disabled',
      () =>
        core
          .get(EntitiesService)
          .write({ id: person.principalId, disabled: true }, SERVER, async () => undefined),
      'no-session',
    ],
    [
      'the user is deleted',
      () => inTransaction((tx) => core.get(LocalUsersService).remove(tx, person.user, SERVER)),
      'no-session',
    ],
    [
      'the entity is deleted',
      () => core.get(EntitiesService).remove(person.principalId, SERVER, async () => undefined),
      'no-session',
    ],
    ['the password is changed', async () => changePassword(), 'no-session'],
    [
      'the provider is closed',
      () => core.database.query(`UPDATE identity_providers SET admin_provider = false WHERE name = 'local'`),
      'no-session',
    ],
    ['a factor becomes due', () => requireFactor(true), 'factor-owed'],
  ])('S37 %s: the sign-in does not end in a token', async (_, change, code) => {
    const { secret } = await steps.authenticate();
    await change();
    expect(await outcome(steps.authorize(secret))).toBe(code);
    await core.database.query(`UPDATE identity_providers SET admin_provider = true WHERE name = 'local'`);
    expect(await liveTokens()).toBe(0);
  });

  it.each<[string, () => Promise<unknown>, string]>([
    [
      'the user is disabled',
      () => core.database.query('UPDATE local_users SET disabled = true WHERE id = $1', [person.user.id]),
      'sign-in-ended',
    ],
    [
      'the user is deleted',
      () => inTransaction((tx) => core.get(LocalUsersService).remove(tx, person.user, SERVER)),
      'sign-in-ended',
    ],
    ['the password is changed', async () => changePassword(), 'sign-in-ended'],
    [
      'the entity is deleted',
      () => core.get(EntitiesService).remove(person.principalId, SERVER, async () => undefined),
      'sign-in-ended',
    ],
    ['a factor becomes due', () => requireFactor(true), 'factor-owed'],
  ])('S37 %s after the token was looked at: the last transaction judges anew', async (_, change, code) => {
    const { secret } = await steps.authenticate();
    const session = (await steps.session(secret))!;
    await change();
    expect(await outcome(core.get(AdminSignInService).authorize(session, SERVER))).toBe(code);
    expect(await liveTokens()).toBe(0);
  });

  it('S37 the last rule is taken away: the sign-in that owed a factor can be finished', async () => {
    await requireFactor(true);
    const { secret, pending } = await steps.authenticate();
    expect(pending).toBe(true);
    expect(await outcome(steps.authorize(secret))).toBe('factor-owed');
    await requireFactor(false);
    expect(await outcome(steps.authorize(secret))).toBe('done');
  });

  async function changePassword(): Promise<void> {
    const hash = await hashPassword('another quiet harbour');
    await inTransaction((tx) => core.get(LocalUsersService).changePassword(tx, person.user, hash, SERVER));
  }

  function inTransaction(work: Parameters<Database['transaction']>[0]): Promise<unknown> {
    return core.get(Database).transaction(work);
  }
});

describe('a factor', () => {
  let code: Authenticator;

  beforeEach(async () => {
    code = await bind(core, person.principalId);
    await requireFactor(true);
  });

  it('S53 is owed on every path to a token, until it is proven', async () => {
    expect(await outcome(steps.logIn())).toBe('factor-owed');
    const { secret } = await steps.authenticate();
    expect(await outcome(steps.authorize(secret))).toBe('factor-owed');
    const proven = await steps.prove(secret, code());
    expect(proven.pending).toBe(false);
    expect((await steps.session((await steps.authorize(proven.secret)).secret!))!.factors).toMatchObject([
      { methodId: DEFAULT_METHOD_ID, type: 'totp' },
    ]);
  });

  it('S53 is not owed by an exempt person, and each use is an event', async () => {
    await requireFactor(true, `CN=${person.user.name.toUpperCase()},OU=local`);
    await steps.logIn();
    const { rows } = await core.database.query(
      `SELECT action FROM audit_events WHERE object_id = $1 AND action = 'sign-in.exempted'`,
      [person.accountId],
    );
    expect(rows).toHaveLength(1);
  });

  it('that becomes due later turns a final token pending, and gives way to a new one when it is proven', async () => {
    await requireFactor(false);
    const final = (await steps.logIn()).secret!;
    await requireFactor(true);
    expect(await outcome(steps.authorize(final))).toBe('factor-owed');
    const { secret } = await steps.prove(final, code());
    expect([await steps.lives(final), await steps.lives(secret)]).toEqual([false, true]);
    expect(await outcome(steps.authorize(secret))).toBe('done');
  });

  it('S18 that two rules name is proven once', async () => {
    const rule = { mfaMethodIds: [DEFAULT_METHOD_ID], authMethodTypes: ['token'] };
    await core
      .get(LoginEnforcementsService)
      .write('second-rule', { ...rule, identityEntityIds: [person.principalId] }, SERVER);
    const { secret } = await steps.authenticate();
    expect((await steps.session(secret))!.missing.map(({ name }) => name)).toEqual([
      'admin-mfa',
      'second-rule',
    ]);
    const proven = await steps.prove(secret, code());
    expect(proven.pending).toBe(false);
    await core.get(LoginEnforcementsService).remove('second-rule', SERVER);
  });
});

describe('a log-out', () => {
  it('ends the final token, the partial one, and what a repeat would give', async () => {
    const { secret } = await steps.authenticate();
    const final = (await steps.authorize(secret)).secret!;
    await steps.logOut(final);
    expect([await steps.lives(secret), await steps.lives(final), await liveTokens()]).toEqual([
      false,
      false,
      0,
    ]);
  });

  it('with the partial token ends the final one too, and leaves other sessions', async () => {
    const elsewhere = (await steps.logIn()).secret!;
    const { secret } = await steps.authenticate();
    const final = (await steps.authorize(secret)).secret!;
    await steps.logOut(secret);
    expect([await steps.lives(final), await steps.lives(elsewhere)]).toEqual([false, true]);
  });

  it('leaves no token of an authorization that is about to be finished', async () => {
    const { secret } = await steps.authenticate();
    const session = (await steps.session(secret))!;
    const finishing = {
      table: 'audit_events',
      event: 'INSERT' as const,
      rows: `NEW.action = 'sign-in.finished'`,
    };
    await withPause(core, finishing, async () => {
      const authorizing = outcome(steps.authorize(secret));
      await expect.poll(() => waiting(core, 'Timeout'), { interval: 5 }).toBe(1);
      await core.get(AdminSignInService).logOut(session, SERVER);
      expect(await authorizing).toBe('done');
    });
    expect(await liveTokens()).toBe(0);
  });
});

describe('the last transaction', () => {
  it.each([
    { table: 'tokens', event: 'INSERT' as const },
    { table: 'sign_ins', event: 'UPDATE' as const },
    { table: 'password_throttles', event: 'UPDATE' as const, rows: 'OLD.failures > 0 AND NEW.failures = 0' },
    { table: 'local_users', event: 'UPDATE' as const },
    { table: 'audit_events', event: 'INSERT' as const },
  ])('S18 happens whole or not at all when Postgres refuses %o, and can be repeated', async (fault) => {
    await outcome(steps.authenticate('wrong'));
    const { secret } = await steps.authenticate();
    expect(await outcome(withFault(core, fault, () => steps.authorize(secret)))).not.toBe('done');
    expect(await liveTokens()).toBe(0);
    const state = `SELECT s.finished_at, t.failures FROM sign_ins s JOIN password_throttles t ON t.subject = s.account_id::text AND t.network <> '*' WHERE s.principal_id = $1`;
    expect((await core.database.query(state, [person.principalId])).rows).toEqual([
      { finished_at: null, failures: 1 },
    ]);
    expect(await outcome(steps.authorize(secret))).toBe('done');
    expect(await liveTokens()).toBe(1);
  });
});

describe('a token of /v1', () => {
  it('S41 gives a session of its own that ends with it', async () => {
    const issued = await core
      .get(Database)
      .transaction((tx) => core.get(TokensService).issue(tx, ofService(), SERVER));
    expect(await steps.session(issued.secret)).toMatchObject({
      kind: 'foreign',
      deviceId: '00000000-0000-0000-0000-000000000000',
    });
    const final = await steps.authorize(issued.secret);
    expect(final.expiresAt).toEqual(issued.token.expiresAt);
    await core.get(TokenRevocationService).revoke(issued.token, SERVER);
    expect([await steps.lives(final.secret!), await steps.lives(issued.secret)]).toEqual([false, false]);
  });

  it('S08 makes no network known, and forgets no failed password', async () => {
    await outcome(steps.authenticate('wrong'));
    const issued = await core
      .get(Database)
      .transaction((tx) => core.get(TokensService).issue(tx, ofService(), SERVER));
    await steps.authorize(issued.secret);
    const { rows } = await core.database.query(
      `SELECT failures, EXISTS (SELECT 1 FROM known_networks WHERE account_id = $1::uuid) AS known FROM password_throttles
       WHERE subject = $1::text AND network <> '*'`,
      [person.accountId],
    );
    expect(rows).toEqual([{ failures: 1, known: false }]);
  });

  it('ends with the session it gave, on log-out', async () => {
    const issued = await core
      .get(Database)
      .transaction((tx) => core.get(TokensService).issue(tx, ofService(), SERVER));
    const final = (await steps.authorize(issued.secret)).secret!;
    await steps.logOut(final);
    expect([await steps.lives(final), await steps.lives(issued.secret)]).toEqual([false, false]);
  });

  function ofService() {
    return {
      origin: 'vault' as const,
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
    };
  }
});
