import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_METHOD, PASSWORD, type Player, Stage } from '../support/stage.js';
import { GoClient, refusalOf, type Secret } from './go-client.js';

// The requests of the `vault` and `bao` commands, one by one (vault.md §13, 1 to 4).
let stage: Stage;
let vault: GoClient;
let root: GoClient;
let alice: Player;
beforeAll(async () => {
  stage = await Stage.open(1);
  vault = new GoClient(stage.first.url);
  root = vault.as(stage.first.rootToken);
  alice = await stage.addPlayer('alice');
  await stage.enforce('staff', [alice.entityId]);
});
beforeEach(() => stage.clock.advance(30));
afterAll(() => stage.close());

interface Offered {
  type: string;
  id: string;
  uses_passcode?: boolean;
  name?: string;
}

/** `vault login -method=userpass username=…`, up to the point where it asks for a second factor or prints. */
async function login(username: string, client = vault): Promise<Secret> {
  return (await client.write(`auth/userpass/login/${username}`, { password: PASSWORD }))!;
}

/** The one method the command asks for on a terminal; null where it prints a table instead. */
function asksFor(secret: Secret): Offered | null {
  const constraints: { any: Offered[] }[] = Object.values(secret.auth.mfa_requirement.mfa_constraints);
  const [constraint] = constraints;
  return constraints.length === 1 && constraint!.any.length === 1 ? constraint!.any[0]! : null;
}

/** What the command prints of a login that waits for a second factor. */
function table({ auth }: Secret): string[] {
  const { mfa_request_id, mfa_constraints } = auth.mfa_requirement;
  const rows = Object.entries<{ any: Offered[] }>(mfa_constraints).flatMap(([name, { any }]) =>
    any.flatMap(({ type, ...rest }) =>
      Object.entries(rest).map(([key, value]) => `mfa_constraint_${name}_${type}_${key} ${value}`),
    ),
  );
  return [`mfa_request_id ${mfa_request_id}`, ...rows];
}

describe('vault login', () => {
  it('asks for the code of the one method, and keeps the token that comes back', async () => {
    const first = await login('alice');
    expect(first.auth.client_token).toBe('');
    const method = asksFor(first)!;
    expect(method).toEqual({ type: 'totp', id: DEFAULT_METHOD, uses_passcode: true, name: 'default' });
    // The token of an earlier login rides along.
    const second = await vault.as('hvs.of-yesterday').request('POST', 'sys/mfa/validate', {
      mfa_payload: { [method.id]: [stage.code(alice)] },
      mfa_request_id: first.auth.mfa_requirement.mfa_request_id,
    });
    expect(second!.auth.client_token).toMatch(/^hvs\./);
    expect(second!.auth.mfa_requirement).toBeNull();
  });

  it('prints what went wrong, and the login waits on', async () => {
    const { auth } = await login('alice');
    const validate = (code: string) =>
      vault.request('POST', 'sys/mfa/validate', {
        mfa_payload: { [DEFAULT_METHOD]: [code] },
        mfa_request_id: auth.mfa_requirement.mfa_request_id,
      });
    const detail = `2 errors occurred:\n\t* failed to validate TOTP passcode\n\t* login MFA validation failed for methodID: [${DEFAULT_METHOD}]\n\n`;
    expect(await refusalOf(validate(stage.wrong(alice)))).toBe(
      `Code: 403. Errors:\n\n* failed to satisfy enforcement staff. error: ${detail}`,
    );
    // Nothing was typed: what the command sends where it waits for a push.
    expect(await refusalOf(validate(''))).toContain('MFA credentials not supplied');
    expect((await validate(stage.code(alice)))!.auth.client_token).toMatch(/^hvs\./);
  });

  it('-non-interactive prints a table, which `vault write sys/mfa/validate -` finishes', async () => {
    const first = await login('alice');
    const { mfa_request_id } = first.auth.mfa_requirement;
    expect(table(first)).toEqual([
      `mfa_request_id ${mfa_request_id}`,
      `mfa_constraint_staff_totp_id ${DEFAULT_METHOD}`,
      'mfa_constraint_staff_totp_uses_passcode true',
      'mfa_constraint_staff_totp_name default',
    ]);
    const second = await vault.write('sys/mfa/validate', {
      mfa_request_id,
      mfa_payload: { default: [`passcode=${stage.code(alice)}`] },
    });
    expect(second!.auth.client_token).toMatch(/^hvs\./);
  });

  it('prints the table too where there is a choice, or more than one thing to prove', async () => {
    const second = await stage.addMethod('second');
    const bob = await stage.addPlayer('bob');
    await stage.enforce('choice', [bob.entityId], [DEFAULT_METHOD, second]);
    const choice = await login('bob');
    expect(asksFor(choice)).toBeNull();
    expect(table(choice)).toContain(`mfa_constraint_choice_totp_id ${second}`);
    await stage.enforce('choice', [bob.entityId], [DEFAULT_METHOD]);
    await stage.enforce('more', [bob.entityId], [second]);
    expect(asksFor(await login('bob'))).toBeNull();
  });

  it('`vault write auth/userpass/login/alice password=…` is answered alike', async () => {
    const { mfa_request_id, ...requirement } = (await login('alice')).auth.mfa_requirement;
    const written = (await login('alice', root)).auth;
    expect(written.client_token).toBe('');
    expect(written.mfa_requirement).toEqual({ ...requirement, mfa_request_id: expect.any(String) });
    expect(written.mfa_requirement.mfa_request_id).not.toBe(mfa_request_id);
  });

  it.each(['default', DEFAULT_METHOD])('-mfa %s:<code>, or VAULT_MFA, is one request', async (key) => {
    const once = vault.with({ 'x-vault-mfa': [`${key}:${stage.code(alice)}`] });
    const { auth } = await login('alice', once);
    expect(auth).toMatchObject({ client_token: expect.stringMatching(/^hvs\./), mfa_requirement: null });
  });

  it('-mfa given twice is two header lines', async () => {
    const methodId = await stage.addMethod('tablet');
    const carol = await stage.addPlayer('carol');
    const tablet = await stage.seed(carol.entityId, methodId);
    await stage.enforce('carol', [carol.entityId]);
    await stage.enforce('carol-too', [carol.entityId], [methodId]);
    const lines = [`default:${stage.code(carol)}`, `tablet:passcode=${tablet.codeAt(stage.now)}`];
    expect((await login('carol', vault.with({ 'x-vault-mfa': lines }))).auth.client_token).toMatch(/^hvs\./);
    expect(await refusalOf(login('carol', vault.with({ 'x-vault-mfa': lines.slice(1) })))).toBe(
      'Code: 403. Errors:\n\n* permission denied',
    );
  });

  it('<token> looks the token up', async () => {
    const { auth } = (await root.request('POST', 'auth/token/create', { policies: ['default'] }))!;
    const self = await vault.as(auth.client_token).read('auth/token/lookup-self');
    expect(self!.data).toMatchObject({ accessor: auth.accessor, policies: ['default'], type: 'service' });
    expect(await refusalOf(vault.as('hvs.unknown').read('auth/token/lookup-self'))).toBe(
      'Code: 403. Errors:\n\n* 2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n',
    );
  });
});

describe('vault token', () => {
  /** The struct as the command fills it. */
  const create = async (fields: object = {}) =>
    (await root.request('POST', 'auth/token/create', {
      policies: ['default'],
      ttl: '1h0m0s',
      explicit_max_ttl: '0s',
      period: '0s',
      display_name: '',
      num_uses: 0,
      renewable: true,
      type: 'service',
      entity_alias: '',
      ...fields,
    }))!.auth;

  it('create, lookup, lookup T, lookup -accessor', async () => {
    const { client_token: token, accessor, lease_duration } = await create({ meta: { team: 'ops' } });
    expect(lease_duration).toBe(3600);
    const self = (await vault.as(token).read('auth/token/lookup-self'))!.data;
    const other = (await root.request('POST', 'auth/token/lookup', { token }))!.data;
    const byAccessor = (await root.request('POST', 'auth/token/lookup-accessor', { accessor }))!.data;
    expect(other).toEqual(self);
    expect(byAccessor).toEqual({ ...self, id: '' });
    expect(self).toMatchObject({ id: token, accessor, meta: { team: 'ops' }, creation_ttl: 3600 });
  });

  it('renew, renew T, renew -accessor', async () => {
    const { client_token: token, accessor } = await create();
    const renewals = [
      await vault.as(token).request('PUT', 'auth/token/renew-self', { increment: 0 }),
      await root.request('PUT', 'auth/token/renew', { token, increment: '2h' }),
      await root.request('POST', 'auth/token/renew-accessor', { accessor, increment: 10_800 }),
    ].map((renewed) => [renewed!.auth.client_token, renewed!.auth.lease_duration]);
    expect(renewals).toEqual([
      [token, 3600],
      [token, 7200],
      ['', 10_800],
    ]);
  });

  it('revoke -self, revoke T, revoke -accessor, revoke -mode=orphan', async () => {
    const revocations = [
      ({ client_token }: any) => vault.as(client_token).request('PUT', 'auth/token/revoke-self'),
      ({ client_token }: any) => root.request('PUT', 'auth/token/revoke', { token: client_token }),
      ({ accessor }: any) => root.request('POST', 'auth/token/revoke-accessor', { accessor }),
      ({ client_token }: any) => root.request('PUT', 'auth/token/revoke-orphan', { token: client_token }),
    ];
    for (const revoke of revocations) {
      const auth = await create();
      expect(await revoke(auth)).toBeNull();
      expect(await refusalOf(root.request('POST', 'auth/token/lookup', { token: auth.client_token }))).toBe(
        'Code: 403. Errors:\n\n* bad token',
      );
    }
  });

  it('capabilities P, capabilities T P, capabilities -accessor', async () => {
    const { client_token: token, accessor } = await create();
    const path = 'auth/token/lookup-self';
    const answers = [
      await vault.as(token).request('POST', 'sys/capabilities-self', { token, path }),
      await root.request('POST', 'sys/capabilities', { token, path }),
      await root.request('POST', 'sys/capabilities-accessor', { accessor, path }),
    ];
    for (const answer of answers) expect(answer!.data).toEqual({ [path]: ['read'], capabilities: ['read'] });
    const none = await vault
      .as(token)
      .request('POST', 'sys/capabilities-self', { token, path: 'sys/auth/userpass' });
    expect(none!.data.capabilities).toEqual(['deny']);
  });
});

describe('vault write, read, list and delete', () => {
  it('send every value as text', async () => {
    const made = await root.write('identity/mfa/method/totp', {
      issuer: 'Example',
      method_name: 'by the command line',
      digits: '6',
      period: '30s',
      qr_size: '0',
      skew: '0',
      enable_self_enrollment: 'true',
    });
    const path = `identity/mfa/method/totp/${made!.data.method_id}`;
    expect((await root.read(path))!.data).toMatchObject({
      digits: 6,
      period: 30,
      qr_size: 0,
      skew: 0,
      enable_self_enrollment: true,
    });
    const keys = (await root.list('identity/mfa/method/totp'))!.data.keys;
    expect(keys).toContain(made!.data.method_id);
    expect(await root.remove(path)).toBeNull();
    expect(await root.read(path)).toBeNull();
  });

  it('take users from nothing to nothing', async () => {
    expect(
      await root.write('auth/userpass/users/dan', {
        password: PASSWORD,
        token_policies: 'one,two',
        token_ttl: '1h',
      }),
    ).toBeNull();
    expect((await root.read('auth/userpass/users/dan'))!.data).toMatchObject({
      token_policies: ['one', 'two'],
      token_ttl: 3600,
    });
    expect((await root.list('auth/userpass/users'))!.data.keys).toContain('dan');
    await root.remove('auth/userpass/users/dan');
    expect(await root.read('auth/userpass/users/dan')).toBeNull();
  });

  it('an enforcement names several methods in one text', async () => {
    const second = await stage.addMethod('of the text');
    await root.write('identity/mfa/login-enforcement/texts', {
      mfa_method_ids: `${DEFAULT_METHOD},${second}`,
      identity_entity_ids: alice.entityId,
    });
    const read = await root.read('identity/mfa/login-enforcement/texts');
    expect(read!.data.mfa_method_ids).toEqual([DEFAULT_METHOD, second]);
    await root.remove('identity/mfa/login-enforcement/texts');
    expect(await root.read('identity/mfa/login-enforcement/texts')).toBeNull();
  });
});

describe('vault auth', () => {
  it('enable, list, tune and disable', async () => {
    const enabled = await root.request('POST', 'sys/auth/partners', {
      type: 'userpass',
      description: '',
      config: { options: null, default_lease_ttl: '', max_lease_ttl: '', force_no_cache: false },
      local: false,
      seal_wrap: false,
      external_entropy_access: false,
      options: null,
    });
    expect(enabled).toBeNull();
    const mounts = (await root.read('sys/auth'))!.data;
    expect(mounts['partners/']).toMatchObject({
      type: 'userpass',
      accessor: expect.stringMatching(/^auth_userpass_[0-9a-f]{8}$/),
      local: false,
      config: { default_lease_ttl: 0, max_lease_ttl: 0 },
    });
    const tuning = {
      options: null,
      default_lease_ttl: '72h0m0s',
      max_lease_ttl: '',
      force_no_cache: false,
      user_lockout_config: { lockout_threshold: '7', lockout_duration: '10m0s' },
    };
    await root.request('POST', 'sys/auth/partners/tune', tuning);
    await root.request('POST', 'sys/mounts//auth/partners/tune', { ...tuning, max_lease_ttl: '96h0m0s' });
    expect((await root.read('sys/mounts/auth/partners/tune'))!.data).toMatchObject({
      default_lease_ttl: 259_200,
      max_lease_ttl: 345_600,
      user_lockout_threshold: 7,
      user_lockout_duration: 600,
    });
    expect(await root.remove('sys/auth/partners')).toBeNull();
    expect((await root.read('sys/auth'))!.data).not.toHaveProperty('partners/');
  });

  it('enable takes times that are not set as 0s too', async () => {
    const config = { options: null, default_lease_ttl: '0s', max_lease_ttl: '0s', force_no_cache: false };
    await root.request('POST', 'sys/auth/zero', { type: 'userpass', description: '', config });
    expect((await root.read('sys/mounts/auth/zero/tune'))!.data.default_lease_ttl).toBe(2_764_800);
  });
});

describe('vault policy', () => {
  it('write, list, read and delete', async () => {
    const policy = 'path "sys/auth" {\n  capabilities = ["read"]\n}\n';
    expect(await root.write('sys/policies/acl/readers', { policy })).toBeNull();
    expect((await root.list('sys/policies/acl'))!.data.keys).toEqual(['default', 'readers', 'root']);
    expect((await root.read('sys/policies/acl/readers'))!.data).toEqual({ name: 'readers', policy });
    expect(await root.remove('sys/policies/acl/readers')).toBeNull();
    expect(await root.read('sys/policies/acl/readers')).toBeNull();
  });
});

describe('vault status and vault operator init -status', () => {
  it('read what needs no token', async () => {
    expect(await vault.bare('sys/seal-status')).toMatchObject({
      type: 'shamir',
      initialized: true,
      sealed: false,
      t: 1,
      n: 1,
      version: '1.19.0',
      storage_type: 'postgresql',
    });
    expect(await vault.bare('sys/leader')).toMatchObject({ ha_enabled: false, is_self: false });
    expect(await vault.bare('sys/init')).toEqual({ initialized: true });
  });
});
