import { SERVER } from '@sallyport/audit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../test/support/core.js';
import { addUser, bind } from '../../../test/support/people.js';
import { waiting, withPause } from '../../../test/support/planted-faults.js';
import { LoginEnforcementsService } from './enforcement/login-enforcements.service.js';
import { DEFAULT_METHOD_ID, MfaMethodsService } from './mfa-methods.service.js';
import { TOTP_DEFAULTS } from './totp/totp-config.js';
import { VendorSecretsService } from './vendor/vendor-secrets.service.js';

let core: Core;
let methods: MfaMethodsService;

beforeAll(async () => {
  core = await startCore();
  methods = core.get(MfaMethodsService);
});
afterAll(() => core.stop());

function create(name: string, config = {}): Promise<string> {
  return methods.create(name, { type: 'totp', config: { ...TOTP_DEFAULTS, ...config } }, SERVER);
}

function enforce(name: string, id: string): Promise<void> {
  return core
    .get(LoginEnforcementsService)
    .write(name, { mfaMethodIds: [id], authMethodTypes: ['token'] }, SERVER);
}

describe('a method', () => {
  it('that is built in is listed first, and stays what /admin implies', async () => {
    await create('later');
    expect((await methods.listForVault()).map(({ name }) => name)).toEqual(['default', 'later']);
    for (const change of [{ digits: 8 }, { period: 60 }, { algorithm: 'SHA256' as const }])
      await expect(
        methods.replace(
          DEFAULT_METHOD_ID,
          null,
          { type: 'totp', config: { ...TOTP_DEFAULTS, ...change } },
          SERVER,
        ),
      ).rejects.toMatchObject({ code: 'built-in-method-change' });
    await expect(
      methods.replace(DEFAULT_METHOD_ID, 'other', { type: 'totp', config: TOTP_DEFAULTS }, SERVER),
    ).rejects.toMatchObject({ code: 'built-in-method-change' });
    await methods.replace(
      DEFAULT_METHOD_ID,
      null,
      { type: 'totp', config: { ...TOTP_DEFAULTS, issuer: 'Ours', skew: 0 } },
      SERVER,
    );
    expect(await methods.find(DEFAULT_METHOD_ID)).toMatchObject({
      name: 'default',
      config: { issuer: 'Ours', skew: 0 },
    });
    await expect(methods.remove('totp', DEFAULT_METHOD_ID, SERVER)).rejects.toMatchObject({
      code: 'built-in-method-delete',
    });
  });

  it('that is made under a known name, in any spelling, replaces the one there', async () => {
    const id = await create('Named', { period: 20 });
    expect(await create('NAMED', { period: 40 })).toBe(id);
    expect(await methods.find(id)).toMatchObject({ name: 'NAMED', config: { period: 40 } });
  });

  it('that five make at once under one name is one', async () => {
    expect(new Set(await Promise.all(['a', 'A', 'a', 'A', 'a'].map((name) => create(name)))).size).toBe(1);
  });

  it('S65 that five make at once, of a push service, is one whose keys open in its own place', async () => {
    const secrets = { apiToken: 'token' };
    const made = await Promise.all(
      ['o', 'O', 'o', 'O', 'o'].map((name) =>
        methods.create(name, { type: 'okta', config: { orgName: 'x' }, secrets }, SERVER),
      ),
    );
    expect(new Set(made).size).toBe(1);
    const vendor = core.get(VendorSecretsService);
    expect(await vendor.open(made[0]!)).toEqual(secrets);
    await methods.replace(made[0]!, null, { type: 'okta', config: {}, secrets: { apiToken: 'new' } }, SERVER);
    expect(await vendor.open(made[0]!)).toEqual({ apiToken: 'new' });
    expect(await vendor.open(DEFAULT_METHOD_ID)).toBe(null);
  });

  it('of one type is not written as another', async () => {
    const id = await create('totp-of-its-own');
    await expect(methods.replace(id, null, { type: 'duo', config: {} }, SERVER)).rejects.toMatchObject({
      code: 'method-not-found',
    });
    await expect(
      methods.create('totp-of-its-own', { type: 'duo', config: {} }, SERVER),
    ).rejects.toMatchObject({
      code: 'method-name-taken',
    });
  });

  it('keeps the settings that were not sent and are named so', async () => {
    const config = { orgName: 'x', usernameFormat: 'u' };
    const id = await methods.create('keeping', { type: 'okta', config }, SERVER);
    const later = { orgName: 'y', usernameFormat: '' };
    await methods.replace(id, null, { type: 'okta', config: later, kept: ['usernameFormat'] }, SERVER);
    expect(await methods.find(id)).toMatchObject({ config: { orgName: 'y', usernameFormat: 'u' } });
    await methods.replace(id, null, { type: 'okta', config: later }, SERVER);
    expect(await methods.find(id)).toMatchObject({ config: later });
  });

  it('without a name may be made many times', async () => {
    expect(await create('')).not.toBe(await create(''));
  });

  it('may not take the name of another', async () => {
    const id = await create('mine');
    await create('yours');
    await expect(
      methods.replace(id, 'YOURS', { type: 'totp', config: TOTP_DEFAULTS }, SERVER),
    ).rejects.toMatchObject({
      kind: 'conflict',
      code: 'method-name-taken',
    });
    await expect(
      methods.replace(
        '00000000-0000-4000-8000-00000000dead',
        null,
        { type: 'totp', config: TOTP_DEFAULTS },
        SERVER,
      ),
    ).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('takes its seeds along when it goes, and goes only by its own type', async () => {
    const id = await create('going');
    const { principalId } = await addUser(core, 'ada');
    await bind(core, principalId, id);
    await expect(methods.remove('duo', id, SERVER)).rejects.toMatchObject({ code: 'method-type-mismatch' });
    await methods.remove('totp', id, SERVER);
    expect(await methods.find(id)).toBe(null);
    expect(
      (await core.database.query('SELECT 1 FROM totp_enrollments WHERE method_id = $1', [id])).rows,
    ).toEqual([]);
    await methods.remove('totp', id, SERVER);
  });

  it('that an enforcement names stays, also while it is being named', async () => {
    const id = await create('named-by-rule');
    await enforce('rule', id);
    await expect(methods.remove('totp', id, SERVER)).rejects.toMatchObject({ code: 'method-in-use' });
    await core.get(LoginEnforcementsService).remove('rule', SERVER);
    await withPause(
      core,
      { table: 'audit_events', event: 'INSERT', rows: `NEW.action = 'enforcement.changed'` },
      async () => {
        const naming = enforce('rule', id);
        await expect.poll(() => waiting(core, 'Timeout'), { interval: 5 }).toBe(1);
        await expect(methods.remove('totp', id, SERVER)).rejects.toMatchObject({ code: 'method-in-use' });
        await naming;
      },
    );
    expect(await methods.find(id)).not.toBe(null);
  });
});
