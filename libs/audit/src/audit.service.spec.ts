import { randomUUID } from 'node:crypto';
import { AuthMountsService, IdentityProvidersService, LocalUsersService } from '@sallyport/identity';
import {
  AdminMfaSettingsService,
  DEFAULT_METHOD_ID,
  LoginEnforcementsService,
  MfaMethodsService,
  TOTP_DEFAULTS,
  TotpKeysService,
} from '@sallyport/mfa-methods';
import { Database } from '@sallyport/platform';
import {
  EntityAdministration,
  LocalUserAdministration,
  MountUsersService,
  type Writer,
} from '@sallyport/privileges';
import { TokenRevocationService, TokensService } from '@sallyport/tokens';
import { FactorResetService } from '@sallyport/auth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AdminSteps } from '../../../test/support/admin-sign-in.js';
import { type Core, startCore } from '../../../test/support/core.js';
import { dumpOfActs } from '../../../test/support/faults.js';
import { addUser, bind, PASSWORD, type Person, wrong } from '../../../test/support/people.js';
import { withFault } from '../../../test/support/planted-faults.js';
import { ROOT_TOKEN } from '../../../test/support/sallyport.js';
import { builtInAdministrator, ROOT } from '../../../test/support/writers.js';
import { SERVER } from './actor.js';
import { AuditService } from './audit.service.js';

const MOUNT = {
  description: '',
  defaultLeaseTtl: 0,
  maxLeaseTtl: 0,
  listingVisibility: null,
  tokenType: 'default-service',
};

let core: Core;
let ada: Person;
let admin: Writer;
let wrongCode: string;

beforeAll(async () => {
  core = await startCore();
  admin = await builtInAdministrator(core);
  ada = await addUser(core, 'ada');
  wrongCode = wrong(await bind(core, ada.principalId));
  await core.database.query(`UPDATE policies SET expression = 'return true;'`);
  for (const path of ['userpass', 'partners']) await core.get(AuthMountsService).attach(path, MOUNT, SERVER);
  await core
    .get(LoginEnforcementsService)
    .write('rule', { mfaMethodIds: [DEFAULT_METHOD_ID], authMethodTypes: ['token'] }, SERVER);
  await core.get(MfaMethodsService).create('spare', { type: 'totp', config: TOTP_DEFAULTS }, SERVER);
});
afterAll(() => core.stop());

const values = {
  firstName: 'A',
  lastName: 'B',
  email: null,
  phone: null,
  notes: 'new',
  tags: [],
  disabled: false,
  failedLoginAttempts: 0,
  lockStart: null,
};
const users = () => core.get(LocalUserAdministration);
const mountUsers = () => core.get(MountUsersService);
const entities = () => core.get(EntityAdministration);
const local = () => core.get(IdentityProvidersService).local();
const spare = async () =>
  (await core.get(MfaMethodsService).listForVault()).find(({ name }) => name === 'spare')!.id;

const ACTS: [string, () => Promise<unknown>][] = [
  ['a user is made', () => users().create({ ...values, name: 'bob', password: PASSWORD }, admin)],
  ['a user is changed', () => users().replace(ada.user.id, { ...values, name: 'ada' }, admin)],
  [
    'a password is changed',
    () => users().replace(ada.user.id, { ...values, name: 'ada', password: `${PASSWORD} two` }, admin),
  ],
  ['a user is removed', () => users().remove(ada.user.id, admin)],
  [
    'a user is made at a mount',
    async () => mountUsers().write(await local(), 'carol', { password: PASSWORD }, ROOT, SERVER),
  ],
  [
    'token settings are changed',
    async () => mountUsers().write(await local(), 'ada', { tokenSettings: () => ({ ttl: 5 }) }, ROOT, SERVER),
  ],
  ['a user is removed at a mount', async () => mountUsers().remove(await local(), 'ada', ROOT, SERVER)],
  ['an entity is made', () => entities().write({ name: 'entity' }, ROOT, SERVER)],
  ['an entity is disabled', () => entities().write({ id: ada.principalId, disabled: true }, ROOT, SERVER)],
  ['an entity is removed', () => entities().remove(ada.principalId, ROOT, SERVER)],
  [
    'an alias is made',
    async () => entities().writeAlias({ name: 'alias', mountAccessor: await accessor() }, ROOT, SERVER),
  ],
  ['an alias is removed', () => entities().removeAlias(ada.accountId, ROOT, SERVER)],
  ['a mount is attached', () => core.get(AuthMountsService).attach('another', MOUNT, SERVER)],
  ['a mount is detached', () => core.get(AuthMountsService).detach('partners', SERVER)],
  [
    'a method is made',
    () => core.get(MfaMethodsService).create('method', { type: 'totp', config: TOTP_DEFAULTS }, SERVER),
  ],
  [
    'a method is changed',
    async () =>
      core
        .get(MfaMethodsService)
        .replace(await spare(), null, { type: 'totp', config: { ...TOTP_DEFAULTS, period: 60 } }, SERVER),
  ],
  ['a method is removed', async () => core.get(MfaMethodsService).remove('totp', await spare(), SERVER)],
  [
    'an enforcement is made',
    () =>
      core
        .get(LoginEnforcementsService)
        .write('new', { mfaMethodIds: [DEFAULT_METHOD_ID], authMethodTypes: ['token'] }, SERVER),
  ],
  ['an enforcement is removed', () => core.get(LoginEnforcementsService).remove('rule', SERVER)],
  [
    'admin MFA is changed',
    () =>
      core
        .get(AdminMfaSettingsService)
        .replace({ providerId: DEFAULT_METHOD_ID, exemptedUsers: ['CN=ada,OU=local'] }, SERVER),
  ],
  ['a seed is made', async () => core.get(TotpKeysService).generate(await spare(), ada.principalId, SERVER)],
  ['a factor is reset', () => core.get(FactorResetService).reset(DEFAULT_METHOD_ID, ada.principalId, SERVER)],
  [
    'a token is revoked',
    async () =>
      core
        .get(TokenRevocationService)
        .revoke((await core.get(TokensService).findBySecret(ROOT_TOKEN))!, SERVER),
  ],
  ['a sign-in is begun', () => new AdminSteps(core, 'ada').authenticate()],
  ['a sign-in is finished', () => new AdminSteps(core, 'ada').logIn()],
];

/** Everything but the bookkeeping of tries and keys, which is booked before the act. */
async function contents(): Promise<[string, string][]> {
  return [...(await dumpOfActs(core.database))].filter(
    ([table]) => !['password_throttles', 'factor_throttles', 'login_counts', 'data_keys'].includes(table),
  );
}

async function accessor(): Promise<string> {
  return (await core.get(AuthMountsService).findAttached('partners'))!.accessor;
}

describe('where no audit event can be written', () => {
  it.each(ACTS)(
    'S72 %s: it does not happen, and the answer is that the service is unavailable',
    async (_, act) => {
      const before = await contents();
      const attempt = withFault(core, { table: 'audit_events', event: 'INSERT' }, act);
      await expect(attempt).rejects.toMatchObject({
        kind: 'unavailable',
        code: 'audit-unavailable',
        message: 'The service is not available.',
      });
      expect(await contents()).toEqual(before);
    },
  );

  it('S72 a failed try is not answered as failed, and stays booked', async () => {
    await core
      .get(AdminMfaSettingsService)
      .replace({ providerId: DEFAULT_METHOD_ID, exemptedUsers: [] }, SERVER);
    const steps = new AdminSteps(core, 'ada');
    const { secret } = await steps.authenticate();
    const fault = { table: 'audit_events', event: 'INSERT' as const };
    await expect(withFault(core, fault, () => steps.authenticate('wrong'))).rejects.toMatchObject({
      kind: 'unavailable',
    });
    await expect(withFault(core, fault, () => steps.prove(secret, wrongCode))).rejects.toMatchObject({
      kind: 'unavailable',
    });
    for (const table of ['password_throttles', 'factor_throttles'])
      expect((await core.database.query(`SELECT DISTINCT failures, booked FROM ${table}`)).rows).toEqual([
        { failures: 0, booked: 1 },
      ]);
  });
});

it('S72 an event goes with its transaction', async () => {
  const id = randomUUID();
  const event = {
    action: 'access.denied' as const,
    outcome: 'denied' as const,
    object: { type: 'test', id },
    detail: { reason: 'test' },
  };
  const undone = core.get(Database).transaction(async (tx) => {
    await core.get(AuditService).record(tx, SERVER, event);
    throw new Error('undone');
  });
  await expect(undone).rejects.toThrow('undone');
  const found = () =>
    core.database.query('SELECT actor_name, detail FROM audit_events WHERE object_id = $1', [id]);
  expect((await found()).rows).toEqual([]);
  await core.get(AuditService).record(core.get(Database), SERVER, event);
  expect((await found()).rows).toEqual([{ actor_name: 'sallyport', detail: { reason: 'test' } }]);
});

it('S77 a text Postgres cannot keep is written down all the same, and a long one in part', async () => {
  const id = randomUUID();
  const odd = 'a\0b\ud800c\r\n\u001b[31m=cmd()\\u0000';
  await core.get(AuditService).record(
    core.get(Database),
    { ...SERVER, name: odd },
    {
      action: 'access.denied',
      outcome: 'denied',
      object: { type: 'test', id: `${id}${odd}` },
      detail: { reason: 'test', odd, list: [odd], long: 'x'.repeat(1 << 20) },
    },
  );
  const { rows } = await core.database.query(
    'SELECT actor_name, object_id, detail FROM audit_events WHERE starts_with(object_id, $1)',
    [id],
  );
  const plain = 'a\ufffdb\ufffdc\r\n\u001b[31m=cmd()\\u0000';
  const detail = { reason: 'test', odd: plain, list: [plain], long: 'x'.repeat(10_000) };
  expect(rows).toEqual([{ actor_name: plain, object_id: `${id}${plain}`, detail }]);
});

it('S73 no event holds a password or a seed', async () => {
  const { rows } = await core.database.query('SELECT e::text AS line FROM audit_events e');
  expect(rows.length).toBeGreaterThan(5);
  for (const { line } of rows) expect(line).not.toMatch(/argon2|quiet harbour/);
  expect(await core.get(LocalUsersService).find(ada.user.id)).not.toHaveProperty('passwordHash');
});
