import { SERVER } from '@sallyport/audit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../../test/support/core.js';
import { addMethod, addUser } from '../../../../test/support/people.js';
import { DEFAULT_METHOD_ID } from '../mfa-methods.service.js';
import { type EnforcementValues, LoginEnforcementsService } from './login-enforcements.service.js';

const UNKNOWN = '00000000-0000-4000-8000-00000000dead';
const METHODS = { mfaMethodIds: [DEFAULT_METHOD_ID] };

let core: Core;
let enforcements: LoginEnforcementsService;

beforeAll(async () => {
  core = await startCore();
  enforcements = core.get(LoginEnforcementsService);
});
afterAll(() => core.stop());

function write(name: string, values: EnforcementValues): Promise<void> {
  return enforcements.write(name, values, SERVER);
}

describe('a login enforcement', () => {
  it('keeps what a change does not name', async () => {
    const second = await addMethod(core);
    await write('kept', { mfaMethodIds: [second, DEFAULT_METHOD_ID], authMethodTypes: ['token'] });
    await write('kept', { ...METHODS, authMethodTypes: ['token'] });
    const [first] = await enforcements.list();
    expect(first).toMatchObject({
      name: 'kept',
      ...METHODS,
      authMethodTypes: ['token'],
      identityEntityIds: [],
      authMethodAccessors: [],
    });
  });

  it.each<[string, EnforcementValues, string]>([
    ['no method', { mfaMethodIds: [], authMethodTypes: ['x'] }, 'missing-method-ids'],
    ['no list of methods', { authMethodTypes: ['x'] }, 'missing-method-ids'],
    ['an unknown method', { mfaMethodIds: [UNKNOWN], authMethodAccessors: ['x'] }, 'unknown-method'],
    [
      'a method of /admin alone',
      { mfaMethodIds: ['3ae98d53-c520-437f-99e4-451f936e6d2c'] },
      'unknown-method',
    ],
    ['what is no id', { mfaMethodIds: ['x'] }, 'unknown-method'],
    [
      'an unknown accessor',
      { ...METHODS, authMethodAccessors: ['x'], authMethodTypes: ['x'] },
      'unknown-accessor',
    ],
    [
      'an unknown type',
      { ...METHODS, authMethodTypes: ['ldap'], identityGroupIds: ['x'] },
      'unknown-mount-type',
    ],
    ['a group', { ...METHODS, identityGroupIds: [UNKNOWN], identityEntityIds: ['x'] }, 'unknown-group'],
    ['an unknown entity', { ...METHODS, identityEntityIds: [UNKNOWN] }, 'unknown-entity'],
    ['nobody', { ...METHODS, authMethodTypes: [] }, 'no-subject'],
  ])('is refused with %s, before anything is written', async (_, values, code) => {
    await expect(write('refused', values)).rejects.toMatchObject({ kind: 'invalid', code });
    expect(await enforcements.find('refused')).toBe(null);
  });

  it('is refused for an entity nobody has seen', async () => {
    const { principalId } = await addUser(core, 'hidden');
    await expect(write('refused', { ...METHODS, identityEntityIds: [principalId] })).rejects.toMatchObject({
      code: 'unknown-entity',
    });
  });

  it('may not take or touch the name of the setting of /admin', async () => {
    await expect(write('admin-mfa', { ...METHODS, authMethodTypes: ['token'] })).rejects.toMatchObject({
      kind: 'conflict',
      code: 'reserved-name',
    });
    await expect(enforcements.remove('admin-mfa', SERVER)).rejects.toMatchObject({ code: 'reserved-name' });
  });

  it('that five write at once under one name is one', async () => {
    await Promise.all(
      Array.from({ length: 5 }, () => write('at-once', { ...METHODS, authMethodTypes: ['token'] })),
    );
    expect((await enforcements.list()).filter(({ name }) => name === 'at-once')).toHaveLength(1);
  });

  it('is removed once, and an unknown one without a trace', async () => {
    for (const name of ['at-once', 'at-once', 'never']) await enforcements.remove(name, SERVER);
    expect(await enforcements.find('at-once')).toBe(null);
    const { rows } = await core.database.query(
      `SELECT 1 FROM audit_events WHERE action = 'enforcement.deleted'`,
    );
    expect(rows).toHaveLength(1);
  });
});
