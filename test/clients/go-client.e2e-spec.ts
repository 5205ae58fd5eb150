import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_METHOD, PASSWORD, type Player, Stage } from '../support/stage.js';
import { getAuth, GoClient, refusalOf, type Secret } from './go-client.js';

// What programs get who use the Go library (vault.md §13, 5, and the calls of `Sys()` and `Auth().Token()`).
let stage: Stage;
let vault: GoClient;
let root: GoClient;
let gwen: Player;
beforeAll(async () => {
  stage = await Stage.open(1);
  vault = new GoClient(stage.first.url);
  root = vault.as(stage.first.rootToken);
  gwen = await stage.addPlayer('gwen');
  await stage.enforce('gwen', [gwen.entityId]);
});
beforeEach(() => stage.clock.advance(30));
afterAll(() => stage.close());

/** `Auth().MFALogin(ctx, userpass, creds…)`. */
async function mfaLogin(username: string, ...creds: string[]): Promise<Secret> {
  const client = creds.length > 0 ? vault.with({ 'x-vault-mfa': creds }) : vault;
  const secret = (await client.write(`auth/userpass/login/${username}`, { password: PASSWORD }))!;
  if (creds.length > 0) return withToken(secret);
  if (!secret.auth?.mfa_requirement) throw new Error('expected secret to contain an MFARequirement');
  return secret;
}

/** `Auth().MFAValidate(ctx, secret, payload)`, which is `Sys().MFAValidate` and a token that must be there. */
async function mfaValidate({ auth }: Secret, payload: object): Promise<Secret> {
  const { mfa_request_id } = auth.mfa_requirement;
  const body = { mfa_payload: payload, mfa_request_id };
  return withToken((await vault.request('POST', 'sys/mfa/validate', body))!);
}

function withToken(secret: Secret): Secret {
  if (secret.auth === null || secret.auth.client_token === '')
    throw new Error('response did not return ClientToken, client token not set');
  return secret;
}

describe('Auth().MFALogin', () => {
  it('without credentials brings a requirement, which MFAValidate meets', async () => {
    const first = await mfaLogin('gwen');
    const second = await mfaValidate(first, { [DEFAULT_METHOD]: [stage.code(gwen)] });
    const self = await vault.as(second.auth.client_token).read('auth/token/lookup-self');
    expect(self!.data).toMatchObject({ entity_id: gwen.entityId, display_name: 'userpass-gwen' });
  });

  it('with credentials is one request', async () => {
    const { auth } = await mfaLogin('gwen', `default:${stage.code(gwen)}`);
    expect(auth.metadata).toEqual({ username: 'gwen' });
  });

  it('without credentials fails where nothing is owed', async () => {
    await stage.addUser('owing-nothing');
    await expect(mfaLogin('owing-nothing')).rejects.toThrow('expected secret to contain an MFARequirement');
  });

  it('leaves an empty token after phase 1', async () => {
    await expect(mfaLogin('gwen').then(withToken)).rejects.toThrow('client token not set');
  });

  it('is never told to try again: not for wrong passwords, nor for wrong codes, nor while either waits', async () => {
    await stage.addUser('mistaken');
    const wrong = () => refusalOf(vault.write('auth/userpass/login/mistaken', { password: 'not it' }));
    const texts = [];
    for (let attempt = 0; attempt < 6; attempt += 1) texts.push(await wrong());
    expect(texts).toEqual([
      ...Array(5).fill('Code: 400. Errors:\n\n* invalid username or password'),
      'Code: 403. Errors:\n\n* permission denied',
    ]);
    const hans = await stage.addProtected('hans');
    const pending = await mfaLogin('hans');
    const wrongCode = () => refusalOf(mfaValidate(pending, { default: [stage.wrong(hans)] }));
    for (let attempt = 0; attempt < 5; attempt += 1)
      expect(await wrongCode()).toContain('failed to validate TOTP passcode');
    expect(await wrongCode()).toMatch(/Please try again in 30s seconds/);
    expect(await refusalOf(mfaLogin('hans', `default:${stage.code(hans)}`))).toBe(
      'Code: 403. Errors:\n\n* permission denied',
    );
  });
});

describe('Sys()', () => {
  it('Health, SealStatus, Leader and InitStatus', async () => {
    const codes = [
      'uninitcode',
      'sealedcode',
      'standbycode',
      'drsecondarycode',
      'performancestandbycode',
    ].map((name) => `${name}=299`);
    expect(await vault.bare('sys/health', `?${codes.join('&')}`)).toMatchObject({
      initialized: true,
      sealed: false,
      standby: false,
      server_time_utc: expect.any(Number),
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      cluster_name: expect.any(String),
      cluster_id: expect.any(String),
    });
    expect((await vault.bare('sys/seal-status')).sealed).toBe(false);
    expect((await vault.bare('sys/leader')).ha_enabled).toBe(false);
    expect((await vault.bare('sys/init')).initialized).toBe(true);
  });

  it('EnableAuthWithOptions, ListAuth, GetAuth, MountConfig, TuneMount and DisableAuth', async () => {
    await root.request('POST', 'sys/auth/apps', {
      type: 'userpass',
      description: 'Applications',
      config: { options: null, default_lease_ttl: '1h', max_lease_ttl: '', force_no_cache: false },
      local: false,
      external_entropy_access: false,
      options: null,
    });
    const listed = (await root.read('sys/auth'))!.data['apps/'];
    expect((await root.read('sys/auth/apps'))!.data).toEqual(listed);
    expect((await getAuth(root, 'apps')).data).toEqual(listed);
    expect(listed).toMatchObject({
      type: 'userpass',
      description: 'Applications',
      uuid: expect.any(String),
      config: { default_lease_ttl: 3600, max_lease_ttl: 0, force_no_cache: false },
      options: null,
    });
    await root.request('POST', 'sys/mounts/auth/apps/tune', { description: 'Apps', max_lease_ttl: '2h' });
    expect((await root.read('sys/mounts/auth/apps/tune'))!.data).toMatchObject({
      description: 'Apps',
      default_lease_ttl: 3600,
      max_lease_ttl: 7200,
    });
    await root.remove('sys/auth/apps');
    expect(await refusalOf(root.read('sys/auth/apps'))).toBe(
      'Code: 400. Errors:\n\n* No auth engine at apps/',
    );
    expect(await refusalOf(getAuth(root, 'apps'))).toBe(
      'Code: 400. Errors:\n\n* No secret engine mount at auth/apps/',
    );
  });

  it('PutPolicy, GetPolicy, ListPolicies and DeletePolicy', async () => {
    const policy = 'path "sys/auth" { capabilities = ["read"] }';
    await root.write('sys/policies/acl/go', { policy });
    expect((await root.read('sys/policies/acl/go'))!.data.policy).toBe(policy);
    expect((await root.list('sys/policies/acl'))!.data.keys).toEqual(['default', 'go', 'root']);
    await root.remove('sys/policies/acl/go');
    expect(await root.read('sys/policies/acl/go')).toBeNull();
  });

  it('CapabilitiesSelf and Capabilities', async () => {
    const path = 'sys/policies/acl/go';
    const own = await root.request('POST', 'sys/capabilities-self', { token: root.token, path });
    expect(own!.data[path]).toEqual(['root']);
    const token = withToken(await mfaLogin('gwen', `default:${stage.code(gwen)}`)).auth.client_token;
    const hers = await root.request('POST', 'sys/capabilities', { token, path });
    expect(hers!.data[path]).toEqual(['deny']);
  });
});

describe('Auth().Token()', () => {
  it('Create, CreateOrphan and CreateWithRole', async () => {
    const asked = { policies: ['default'], display_name: '', num_uses: 0, type: '', entity_alias: '' };
    await root.write('auth/token/roles/go', { allowed_policies: ['default'], orphan: true });
    for (const [path, orphan] of [
      ['create', false],
      ['create-orphan', true],
      ['create/go', true],
    ] as const) {
      const { auth } = (await root.request('POST', `auth/token/${path}`, asked))!;
      expect([path, auth.orphan, auth.token_policies]).toEqual([path, orphan, ['default']]);
    }
  });

  it('Lookup, LookupSelf, LookupAccessor, Renew, RenewSelf, RenewAccessor and the revocations', async () => {
    const make = async () => (await root.request('POST', 'auth/token/create', { ttl: '1h' }))!.auth;
    const { client_token: token, accessor } = await make();
    const own = vault.as(token);
    const found = [
      await own.read('auth/token/lookup-self'),
      await root.request('POST', 'auth/token/lookup', { token }),
      await root.request('POST', 'auth/token/lookup-accessor', { accessor }),
    ];
    expect(found.map((secret) => secret!.data.accessor)).toEqual([accessor, accessor, accessor]);
    const renewed = [
      await own.request('PUT', 'auth/token/renew-self', { increment: 7200 }),
      await root.request('PUT', 'auth/token/renew', { token, increment: 7200 }),
      await root.request('POST', 'auth/token/renew-accessor', { accessor, increment: 7200 }),
    ];
    for (const secret of renewed) expect(secret!.auth.lease_duration).toBe(7200);
    const others = [await make(), await make(), await make()];
    await own.request('PUT', 'auth/token/revoke-self');
    await root.request('PUT', 'auth/token/revoke', { token: others[0]!.client_token });
    await root.request('PUT', 'auth/token/revoke-orphan', { token: others[1]!.client_token });
    await root.request('POST', 'auth/token/revoke-accessor', { accessor: others[2]!.accessor });
    for (const ended of [token, ...others.map(({ client_token }) => client_token)])
      expect(await refusalOf(vault.as(ended).read('auth/token/lookup-self'))).toMatch(/invalid token/);
    expect(await refusalOf(root.request('POST', 'auth/token/lookup-accessor', { accessor }))).toBe(
      'Code: 400. Errors:\n\n* 1 error occurred:\n\t* invalid accessor\n\n',
    );
  });
});

describe('the library itself', () => {
  it('joins what its callers gave it, and takes nothing for what is not there', async () => {
    expect((await root.list('/identity//mfa/method/'))!.data.keys).toContain(DEFAULT_METHOD);
    expect(await root.list('identity/group/id')).toBeNull();
    expect(await root.read('auth/userpass/users/nobody')).toBeNull();
    expect(await root.remove('auth/userpass/users/nobody')).toBeNull();
  });

  it.each(['root', 'root/', '/', ''])('sends its namespace %j', async (namespace) => {
    const inside = root.with({ 'x-vault-namespace': namespace });
    expect((await inside.read('sys/auth'))!.data).toHaveProperty('token/');
  });
});
