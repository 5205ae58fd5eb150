import { SERVER } from '@sallyport/audit';
import {
  type AuthMount,
  AuthMountsService,
  EntitiesService,
  EntityAliasesService,
  LocalUsersService,
  type IdentityProvider,
  IdentityProvidersService,
} from '@sallyport/identity';
import { DEFAULT_METHOD_ID, LoginEnforcementsService, TotpEnrollmentsService } from '@sallyport/mfa-methods';
import { Database } from '@sallyport/platform';
import { TokensService } from '@sallyport/tokens';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { outcome } from '../../../../test/support/admin-sign-in.js';
import { type Core, from, startCore } from '../../../../test/support/core.js';
import {
  addMethod,
  addUser,
  type Authenticator,
  bind,
  PASSWORD,
  type Person,
  wrong,
} from '../../../../test/support/people.js';
import { withFault } from '../../../../test/support/planted-faults.js';
import type { CredentialFor } from '../second-factor/second-factor.service.js';
import { AdminSessionsService } from './admin-sessions.service.js';
import { FactorResetService } from './factor-reset.service.js';
import { type LoginOutcome, ServiceLoginService } from './service-login.service.js';
import { ServiceValidationService, type ValidateOutcome } from './service-validation.service.js';

const MOUNT = {
  description: '',
  defaultLeaseTtl: 0,
  maxLeaseTtl: 0,
  listingVisibility: null,
  tokenType: 'default-service',
};
const NOTHING: CredentialFor = () => undefined;

let core: Core;
let other: Core;
let mount: AuthMount;
let person: Person;
let code: Authenticator;
let people = 0;

beforeAll(async () => {
  core = await startCore();
  other = await startCore({ replicaOf: core });
  mount = await core.get(AuthMountsService).attach('userpass', MOUNT, SERVER);
});
afterAll(async () => {
  await other.stop();
  await core.stop();
});
beforeEach(async () => {
  people += 1;
  person = await addUser(core, `person-${people}`);
  code = await bind(core, person.principalId);
});
afterEach(async () => {
  for (const { name } of await core.get(LoginEnforcementsService).list())
    await core.get(LoginEnforcementsService).remove(name, SERVER);
});

/** As the guard of the routes finds them. */
async function behind(mount: AuthMount): Promise<{ mount: AuthMount; provider: IdentityProvider }> {
  const provider = await core.get(IdentityProvidersService).find(mount.identityProviderId!);
  return { mount, provider: provider! };
}

async function logIn(credentialFor: CredentialFor | null = null, password = PASSWORD): Promise<LoginOutcome> {
  const login = {
    ...(await behind(mount)),
    username: person.user.name,
    password,
    credentialFor,
    actor: from('192.0.2.7'),
  };
  return core.get(ServiceLoginService).logIn(login);
}

async function begin(): Promise<string> {
  const begun = await logIn();
  if (begun.kind !== 'factor-owed') throw new Error('nothing is owed');
  return begun.requestId;
}

/** One code for every method. */
function typed(text: string): CredentialFor {
  return () => ({ code: text });
}

function validate(
  requestId: string,
  credentialFor: CredentialFor = typed(code()),
  replica = core,
): Promise<ValidateOutcome> {
  return replica.get(ServiceValidationService).validate(requestId, credentialFor, from('192.0.2.7'));
}

/** `issued`, why not, or the code of the error. */
async function result(step: Promise<LoginOutcome | ValidateOutcome>): Promise<string> {
  return step.then(
    (done) =>
      done.kind === 'unsatisfied'
        ? (done.unsatisfied.refusals[0]?.refusal.reason ?? 'nothing came')
        : done.kind,
    (error) => error.code as string,
  );
}

function enforce(name = 'rule', ...mfaMethodIds: string[]): Promise<void> {
  const ids = mfaMethodIds.length > 0 ? mfaMethodIds : [DEFAULT_METHOD_ID];
  return core
    .get(LoginEnforcementsService)
    .write(name, { mfaMethodIds: ids, authMethodTypes: ['userpass'] }, SERVER);
}

function failures(): Promise<number> {
  return core.get(TotpEnrollmentsService).failuresOf(DEFAULT_METHOD_ID, person.principalId);
}

async function tokens(): Promise<number> {
  return (
    await core.database.query('SELECT count(*)::int AS count FROM tokens WHERE principal_id = $1', [
      person.principalId,
    ])
  ).rows[0].count;
}

describe('a login that owes nothing', () => {
  it('ends in a token of 768 h on the mount', async () => {
    const issued = await logIn();
    expect(issued).toMatchObject({
      kind: 'issued',
      unusedCredentials: false,
      token: {
        path: `auth/userpass/login/person-${people}`,
        displayName: `userpass-person-${people}`,
        policies: ['default'],
        creationTtl: 2_764_800,
        renewable: true,
        orphan: true,
        metadata: { username: `person-${people}` },
      },
    });
    expect(await logIn(NOTHING)).toMatchObject({ kind: 'issued', unusedCredentials: true });
  });

  it('S07 is throttled after five wrong passwords, and clears the count when it is finished', async () => {
    expect(await result(logIn(null, 'wrong'))).toBe('wrong-password');
    expect(await result(logIn())).toBe('issued');
    for (let count = 0; count < 5; count += 1)
      expect(await result(logIn(null, 'wrong'))).toBe('wrong-password');
    expect(await result(logIn())).toBe('password-throttled');
  });

  it('is refused to a disabled entity, whose login still makes it visible', async () => {
    await core.database.query('UPDATE principals SET disabled = true WHERE id = $1', [person.principalId]);
    expect(await result(logIn())).toBe('entity-disabled');
  });

  it('follows the settings of its user, within every maximum', async () => {
    const settings = {
      policies: ['Ops ', 'ops'],
      ttl: 500,
      maxTtl: 300,
      numUses: 2,
      noDefaultPolicy: true,
      boundCidrs: ['192.0.2.0/24'],
    };
    await inTransaction((tx) =>
      core.get(LocalUsersService).changeTokenSettings(tx, person.user, settings, SERVER),
    );
    expect(await logIn()).toMatchObject({
      token: { policies: ['ops'], creationTtl: 300, usesLeft: 2, boundCidrs: ['192.0.2.0/24'] },
    });
    const elsewhere = {
      ...(await behind(mount)),
      username: person.user.name,
      password: PASSWORD,
      credentialFor: null,
      actor: from('198.51.100.1'),
    };
    expect(await result(core.get(ServiceLoginService).logIn(elsewhere))).toBe('source-address');
  });
});

describe('two phases', () => {
  beforeEach(() => enforce());

  it('name what is owed and end in a token of their path', async () => {
    const begun = await logIn();
    expect(begun).toMatchObject({
      kind: 'factor-owed',
      enforcements: [
        { name: 'rule', methods: [{ method: { id: DEFAULT_METHOD_ID }, selfEnrollment: false }] },
      ],
    });
    expect(await validate(begun.kind === 'factor-owed' ? begun.requestId : '')).toMatchObject({
      kind: 'issued',
      token: {
        path: `auth/userpass/login/person-${people}`,
        factors: [{ methodId: DEFAULT_METHOD_ID, type: 'totp' }],
      },
    });
  });

  it('S36 end at exactly 300 s', async () => {
    const [early, late] = [await begin(), await begin()];
    core.clock.advance(299);
    expect(await result(validate(early))).toBe('issued');
    core.clock.advance(2);
    expect(await result(validate(late, typed(code(1))))).toBe('invalid-request-id');
  });

  it('S36 end with their success, on either replica', async () => {
    const requestId = await begin();
    expect(await result(validate(requestId))).toBe('issued');
    core.clock.advance(30);
    expect(await result(validate(requestId))).toBe('invalid-request-id');
    expect(await result(validate(requestId, typed(code()), other))).toBe('invalid-request-id');
  });

  it('S36 issue one token for 200 validations at once over two replicas', async () => {
    const requestId = await begin();
    const right = typed(code());
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, index) => result(validate(requestId, right, index % 2 ? core : other))),
    );
    expect(results.filter((one) => one === 'issued')).toHaveLength(1);
    expect([await tokens(), await failures()]).toEqual([1, 0]);
  });

  it('S17 spend a code for one of two requests', async () => {
    const [one, two] = [await begin(), await begin()];
    const results = await Promise.all([result(validate(one)), result(validate(two))]);
    expect(results.toSorted()).toEqual(['issued', 'wrong']);
    expect(await failures()).toBe(0);
  });

  it('S36 stay usable after a wrong code, a missing one and one that cannot be read', async () => {
    const requestId = await begin();
    expect(await result(validate(requestId, typed(wrong(code))))).toBe('wrong');
    expect(await result(validate(requestId, NOTHING))).toBe('nothing came');
    expect(await result(validate(requestId, () => ({ code: null })))).toBe('missing');
    expect(await result(validate(requestId, () => ({ problem: 'two passcodes' })))).toBe('unreadable');
    expect(await failures()).toBe(1);
    expect(await result(validate(requestId))).toBe('issued');
  });

  it('S22 do not forget failures with a new request, and a right code in the wait works after it', async () => {
    for (let count = 0; count < 5; count += 1)
      expect(await result(validate(await begin(), typed(wrong(code))))).toBe('wrong');
    const requestId = await begin();
    core.clock.advance(29);
    const right = typed(code(1));
    expect(await result(validate(requestId, right))).toBe('throttled');
    core.clock.advance(1);
    expect(await result(validate(requestId, right))).toBe('issued');
  });

  it('S22 share their count with the same person on another mount', async () => {
    const partners =
      (await core.get(AuthMountsService).findAttached('partners')) ??
      (await core.get(AuthMountsService).attach('partners', MOUNT, SERVER));
    const namesake = await addUser(core, `alias-${people}`, {
      identityProviderId: partners.identityProviderId!,
    });
    const alias = {
      name: namesake.user.name,
      mountAccessor: partners.accessor,
      canonicalId: person.principalId,
    };
    await core.get(EntityAliasesService).write(alias, SERVER, async () => undefined);
    const there = {
      ...(await behind(partners)),
      username: namesake.user.name,
      password: PASSWORD,
      actor: from('192.0.2.7'),
    };
    for (let count = 0; count < 3; count += 1) await validate(await begin(), typed(wrong(code)));
    for (let count = 0; count < 2; count += 1)
      expect(
        await result(core.get(ServiceLoginService).logIn({ ...there, credentialFor: typed(wrong(code)) })),
      ).toBe('mfa-unsatisfied');
    expect(await failures()).toBe(5);
    expect(await result(validate(await begin()))).toBe('throttled');
  });

  it('S22 share their count with single-phase logins', async () => {
    for (let count = 0; count < 3; count += 1) await validate(await begin(), typed(wrong(code)));
    for (let count = 0; count < 2; count += 1)
      expect(await result(logIn(typed(wrong(code))))).toBe('mfa-unsatisfied');
    expect(await result(validate(await begin()))).toBe('throttled');
  });

  it('keep the 20 newest requests of a person', async () => {
    const requests: string[] = [];
    for (let count = 0; count < 21; count += 1) {
      requests.push(await begin());
      core.clock.advance(0.01);
    }
    expect(await result(validate(requests[0]!))).toBe('invalid-request-id');
    expect(await result(validate(requests[1]!))).toBe('issued');
  });

  it.each<[string, () => Promise<unknown>, string]>([
    [
      'the user is disabled',
      () => core.database.query('UPDATE local_users SET disabled = true WHERE id = $1', [person.user.id]),
      'disabled',
    ],
    [
      'the entity is disabled',
      () =>
        core
          .get(EntitiesService)
          .write({ id: person.principalId, disabled: true }, SERVER, async () => undefined),
      'disabled',
    ],
    [
      'the user is deleted',
      () => inTransaction((tx) => core.get(LocalUsersService).remove(tx, person.user, SERVER)),
      'invalid-request-id',
    ],
    [
      'the password is changed',
      () => inTransaction((tx) => core.get(LocalUsersService).changePassword(tx, person.user, 'x', SERVER)),
      'invalid-request-id',
    ],
    [
      'the entity is deleted',
      () => core.get(EntitiesService).remove(person.principalId, SERVER, async () => undefined),
      'invalid-request-id',
    ],
    [
      'the mount is detached',
      () => core.get(AuthMountsService).detach('userpass', SERVER),
      'invalid-request-id',
    ],
    [
      'the factor is reset',
      () => core.get(FactorResetService).reset(DEFAULT_METHOD_ID, person.principalId, SERVER),
      'not-enrolled',
    ],
    [
      'the rule is taken away',
      () => core.get(LoginEnforcementsService).remove('rule', SERVER),
      'no-enforcement',
    ],
  ])('S37 %s in between: no token', async (_, change, expected) => {
    const requestId = await begin();
    await change();
    expect(await result(validate(requestId))).toBe(expected);
    expect(await tokens()).toBe(0);
    if ((await core.get(AuthMountsService).findAttached('userpass')) === null)
      await core.get(AuthMountsService).attach('userpass', MOUNT, SERVER);
  });

  it('S37 a rule that is added in between is owed too, and no code is burned before all are satisfied', async () => {
    const id = await addMethod(core);
    const second = await bind(core, person.principalId, id);
    const requestId = await begin();
    await enforce('second-rule', id);
    const both: CredentialFor = (method) => ({ code: method.id === id ? second() : code() });
    const one: CredentialFor = (method) => (method.id === id ? undefined : { code: code() });
    expect(await result(validate(requestId, one))).toBe('nothing came');
    expect(await result(validate(requestId, both))).toBe('issued');
  });

  it('S18 check a method that two rules name once, and one code satisfies both', async () => {
    await enforce('second-rule');
    const requestId = await begin();
    expect(await result(validate(requestId, typed(wrong(code))))).toBe('wrong');
    expect(await failures()).toBe(1);
    expect(await result(validate(requestId))).toBe('issued');
  });

  it('take any method of a rule that names several, the first right one in its order', async () => {
    const id = await addMethod(core);
    const second = await bind(core, person.principalId, id);
    await enforce('rule', id, DEFAULT_METHOD_ID);
    const credentials: CredentialFor = (method) => ({ code: method.id === id ? wrong(second) : code() });
    expect(await validate(await begin(), credentials)).toMatchObject({
      token: { factors: [{ methodId: DEFAULT_METHOD_ID }] },
    });
    expect(await core.get(TotpEnrollmentsService).failuresOf(id, person.principalId)).toBe(1);
  });

  it('S35 give an id that is no token, and no handle of another dialect', async () => {
    const requestId = await begin();
    expect(await core.get(TokensService).check(requestId)).toBe(null);
    expect(await core.get(AdminSessionsService).find(requestId, '127.0.0.1')).toBe(null);
    const { rows } = await core.database.query(
      'SELECT s::text AS line FROM sign_ins s WHERE principal_id = $1',
      [person.principalId],
    );
    expect(rows[0].line).not.toContain(requestId);
  });

  it.each([
    { table: 'sign_ins', event: 'DELETE' as const },
    { table: 'totp_enrollments', event: 'UPDATE' as const },
    { table: 'factor_throttles', event: 'UPDATE' as const, rows: 'OLD.failures > 0 AND NEW.failures = 0' },
    { table: 'password_throttles', event: 'UPDATE' as const },
    { table: 'tokens', event: 'INSERT' as const },
    { table: 'audit_events', event: 'INSERT' as const },
  ])(
    'S18 happen whole or not at all when Postgres refuses %o, and the same code then works once',
    async (fault) => {
      const requestId = await begin();
      await validate(requestId, typed(wrong(code)));
      const right = typed(code());
      expect(await outcome(withFault(core, fault, () => validate(requestId, right)))).not.toBe('done');
      expect([await tokens(), await failures()]).toEqual([0, 1]);
      expect(await result(validate(requestId, right))).toBe('issued');
      expect([await tokens(), await failures()]).toEqual([1, 0]);
      expect(await result(validate(await begin(), right))).toBe('wrong');
    },
  );
});

describe('one phase', () => {
  beforeEach(() => enforce());

  it('ends in a token when every factor came along, and spends the code', async () => {
    expect(await logIn(typed(code()))).toMatchObject({
      kind: 'issued',
      unusedCredentials: false,
      token: { factors: [{ methodId: DEFAULT_METHOD_ID }] },
    });
    expect(await result(logIn(typed(code())))).toBe('mfa-unsatisfied');
    expect(await failures()).toBe(0);
  });

  it('S21 does not look at a code before the password was right', async () => {
    for (let count = 0; count < 4; count += 1)
      expect(await result(logIn(typed(wrong(code)), 'wrong'))).toBe('wrong-password');
    expect(await result(logIn(typed(code()), 'wrong'))).toBe('wrong-password');
    expect(await failures()).toBe(0);
    core.clock.advance(60);
    expect(await result(logIn(typed(code())))).toBe('issued');
  });

  it('does not tell a wrong code from a missing one or a wait', async () => {
    for (let count = 0; count < 5; count += 1)
      expect(await result(logIn(typed(wrong(code))))).toBe('mfa-unsatisfied');
    for (const credentials of [typed(code()), NOTHING, typed('x')])
      expect(await result(logIn(credentials))).toBe('mfa-unsatisfied');
  });

  it('S17 issues one token for 20 logins at once with one code', async () => {
    const right = typed(code());
    const results = await Promise.all(Array.from({ length: 20 }, () => result(logIn(right))));
    expect(results.filter((one) => one === 'issued')).toHaveLength(1);
    expect([await tokens(), await failures()]).toEqual([1, 0]);
  });
});

function inTransaction(work: Parameters<Database['transaction']>[0]): Promise<unknown> {
  return core.get(Database).transaction(work);
}
