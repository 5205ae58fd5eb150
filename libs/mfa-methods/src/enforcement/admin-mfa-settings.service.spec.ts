import { SERVER } from '@sallyport/audit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../../test/support/core.js';
import { addMethod } from '../../../../test/support/people.js';
import { DEFAULT_METHOD_ID } from '../mfa-methods.service.js';
import { type AdminMfaSettings, AdminMfaSettingsService } from './admin-mfa-settings.service.js';

const FIDO2 = '3ae98d53-c520-437f-99e4-451f936e6d2c';

let core: Core;

beforeAll(async () => {
  core = await startCore();
});
afterAll(() => core.stop());

function replace(settings: AdminMfaSettings): Promise<void> {
  return core.get(AdminMfaSettingsService).replace(settings, SERVER);
}

function get(): Promise<AdminMfaSettings> {
  return core.get(AdminMfaSettingsService).get();
}

describe('the admin MFA setting', () => {
  it('is off at first', async () => {
    expect(await get()).toEqual({ providerId: null, exemptedUsers: [] });
  });

  it('answers exempted users, their names in the spelling and order they were given; a name given twice is one', async () => {
    await replace({
      providerId: DEFAULT_METHOD_ID,
      exemptedUsers: ['cn=Zoë,OU=Local', 'CN=ada,OU=local', 'CN=ADA,OU=LOCAL', 'CN=zoe\u0308,ou=local'],
    });
    expect(await get()).toEqual({
      providerId: DEFAULT_METHOD_ID,
      exemptedUsers: ['CN=Zoë,OU=Local', 'CN=ada,OU=local'],
    });
  });

  it('names everything that is wrong, and then stays as it was', async () => {
    const before = await get();
    const unusable = [
      ['00000000-0000-4000-8000-00000000dead', 'does not exist'],
      [await addMethod(core), 'does not exist'],
      [FIDO2, 'is not applicable'],
    ] as const;
    for (const [providerId, message] of unusable)
      await expect(
        replace({ providerId, exemptedUsers: ['CN=ok,OU=local', 'ada', ''] }),
      ).rejects.toMatchObject({
        kind: 'invalid',
        details: {
          violations: [
            { field: 'providerId', message },
            { field: 'exemptedUsers[1]', message: 'must be a distinguished name' },
            { field: 'exemptedUsers[2]', message: 'must be a distinguished name' },
          ],
        },
      });
    expect(await get()).toEqual(before);
  });

  it('that two replace at once is one of theirs, whole', async () => {
    const wishes = ['a', 'b', 'c', 'd'].map((name) => ({
      providerId: DEFAULT_METHOD_ID,
      exemptedUsers: [`CN=${name}1,OU=local`, `CN=${name}2,OU=local`],
    }));
    await Promise.all(wishes.map(replace));
    expect(wishes).toContainEqual(await get());
  });
});
