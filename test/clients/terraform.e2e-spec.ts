import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authenticator } from '../support/authenticator.js';
import { PASSWORD, Stage } from '../support/stage.js';
import { getAuth, GoClient, refusalOf } from './go-client.js';
import {
  authBackend,
  entityAlias,
  identity,
  named,
  plan,
  type Resource,
  totpMethod,
} from './terraform-resources.js';

// The requests of terraform-provider-vault (vault.md §13.8).
let stage: Stage;
let anonymous: GoClient;
let root: GoClient;
beforeAll(async () => {
  stage = await Stage.open(1);
  anonymous = new GoClient(stage.first.url);
  root = anonymous.as(stage.first.rootToken);
});
afterAll(() => stage.close());

/** The provider's start: its own token, and a version its parser takes. */
async function provider(): Promise<GoClient> {
  await root.read('auth/token/lookup-self');
  const child = await root.request('POST', 'auth/token/create', {
    display_name: 'terraform',
    ttl: '1200s',
    explicit_max_ttl: '1200s',
    renewable: false,
  });
  const client = root.as(child!.auth.client_token);
  const { version } = await client.bare('sys/seal-status');
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  return client;
}

const POLICY = 'path "identity/mfa/method/totp/generate" {\n  capabilities = ["update"]\n}\n';

/** One of everything the provider knows of MFA, each naming those before it. */
async function apply(client: GoClient) {
  const backend = await authBackend(client, 'people', {
    type: 'userpass',
    description: 'People',
    default_lease_ttl: 3600,
    max_lease_ttl: 7200,
    listing_visibility: 'unauth',
    token_type: 'default-service',
  });
  const { accessor } = (await getAuth(client, 'people')).data;
  const policy = await named(client, 'vault_policy.enrol', 'sys/policies/acl/enrol', { policy: POLICY });
  const user = await named(
    client,
    'vault_userpass_auth_backend_user.tess',
    'auth/people/users/tess',
    {
      token_policies: ['enrol', 'default'],
      token_ttl: 600,
      token_max_ttl: 3600,
      token_explicit_max_ttl: 0,
      token_num_uses: 0,
      token_period: 0,
      token_bound_cidrs: ['127.0.0.0/8'],
      token_no_default_policy: false,
      token_type: 'default',
    },
    { password: PASSWORD },
  );
  const entity = await identity(client, 'entity', {
    name: 'Tess Turner',
    metadata: { team: 'infra', room: '5' },
    policies: ['zeta', 'alpha'],
    disabled: false,
  });
  const alias = await entityAlias(client, {
    name: 'tess',
    mount_accessor: accessor,
    canonical_id: entity.id,
    custom_metadata: { source: 'terraform' },
  });
  const group = await identity(client, 'group', {
    name: 'Infrastructure',
    type: 'internal',
    metadata: {},
    policies: ['infra'],
    member_entity_ids: [entity.id],
    member_group_ids: [],
  });
  const method = await totpMethod(client, { issuer: 'Terraform' });
  const enforcement = await named(
    client,
    'vault_identity_mfa_login_enforcement.infra',
    'identity/mfa/login-enforcement/infra',
    {
      name: 'infra',
      mfa_method_ids: [method.methodId],
      identity_group_ids: [group.id],
      identity_entity_ids: [],
      auth_method_accessors: [accessor],
      auth_method_types: [],
    },
  );
  return { backend, policy, user, entity, alias, group, method, enforcement };
}

describe('terraform-provider-vault', () => {
  let client: GoClient;
  let resources: Awaited<ReturnType<typeof apply>>;
  const everything = (): Resource[] => Object.values(resources);
  /** A change of the configuration, applied. */
  const change = async (resource: Resource, fields: object) => {
    resource.configured = { ...resource.configured, ...fields };
    expect(await plan([resource])).not.toEqual([]);
    await resource.update(resource.configured);
  };

  it('starts with a token of its own', async () => {
    client = await provider();
    const { data } = (await client.read('auth/token/lookup-self'))!;
    expect(data).toMatchObject({
      display_name: 'token-terraform',
      policies: ['root'],
      creation_ttl: 1200,
      explicit_max_ttl: 1200,
      renewable: false,
      orphan: false,
    });
  });

  it('makes everything, and a second plan is clean', async () => {
    resources = await apply(client);
    expect(await plan(everything())).toEqual([]);
  });

  it('lets the user it made log in as the entity it made, with the code it asks for', async () => {
    const { entity, group, method } = resources;
    const target = { method_id: method.methodId, entity_id: entity.id };
    const made = await client.write('identity/mfa/method/totp/admin-generate', target);
    const url: string = made!.data.url;
    expect(url).toContain('algorithm=SHA256');
    const credentials = { username: 'tess', password: PASSWORD };
    const plain = await anonymous.write('auth/people/login/tess', credentials);
    expect([plain!.auth.client_token, Object.keys(plain!.auth.mfa_requirement.mfa_constraints)]).toEqual([
      '',
      ['infra'],
    ]);
    const line = `${method.methodId}:${Authenticator.scan(url).codeAt(stage.now)}`;
    const { auth } = (await anonymous
      .with({ 'x-vault-mfa': line })
      .write('auth/people/login/tess', credentials))!;
    expect(auth).toMatchObject({
      entity_id: entity.id,
      lease_duration: 600,
      policies: ['alpha', 'default', 'enrol', 'infra', 'zeta'],
      identity_policies: ['alpha', 'infra', 'zeta'],
    });
    const self = await anonymous.as(auth.client_token).read('auth/token/lookup-self');
    expect(self!.data.mfa).toEqual([expect.objectContaining({ method_id: method.methodId })]);
    expect((await client.read(`identity/entity/id/${entity.id}`))!.data.group_ids).toEqual([group.id]);
    expect(await plan(everything())).toEqual([]);
  });

  it('changes each thing where it stands, and the plan after that is clean', async () => {
    const second = await totpMethod(client, { issuer: 'Second', digits: 8, algorithm: 'SHA512' });
    const { backend, policy, user, entity, alias, group, method, enforcement } = resources;
    await change(backend, {
      description: 'All people',
      default_lease_ttl: 1800,
      listing_visibility: 'hidden',
    });
    await change(policy, { policy: `# changed\n${POLICY}` });
    await change(user, { token_policies: ['default'], token_ttl: 900 });
    await change(entity, { name: 'Tess T. Turner', metadata: { team: 'ops' }, policies: ['alpha'] });
    await change(alias, { custom_metadata: { source: 'terraform', by: 'hand' } });
    await change(group, { policies: [], metadata: { floor: '2' } });
    // A zero is sent with a change, though not with a creation.
    await change(method, { issuer: 'Terraform 2', skew: 0, qr_size: 0 });
    await change(enforcement, { mfa_method_ids: [method.methodId, second.methodId] });
    expect(await plan([...everything(), second])).toEqual([]);
    await change(enforcement, { mfa_method_ids: [method.methodId] });
    await second.destroy();
    expect(await plan(everything())).toEqual([]);
  });

  it('sees what others changed', async () => {
    const { user, group } = resources;
    await root.write('auth/people/users/tess', { token_ttl: '5m' });
    await root.write(`identity/group/id/${group.id}`, { policies: ['meddled'] });
    expect(await plan(everything())).toEqual([`${user.address}.token_ttl`, `${group.address}.policies`]);
    await user.update(user.configured);
    await group.update(group.configured);
    expect(await plan(everything())).toEqual([]);
  });

  it('is told what exists already', async () => {
    await expect(identity(client, 'entity', { name: 'tess t. turner' })).rejects.toThrow('already exists');
    await expect(identity(client, 'group', { name: 'Infrastructure' })).rejects.toThrow('already exists');
    const { name, mount_accessor, canonical_id } = resources.alias.configured;
    await expect(entityAlias(client, { name, mount_accessor, canonical_id })).rejects.toThrow(
      'already exists',
    );
    expect(await refusalOf(authBackend(client, 'people', resources.backend.configured))).toBe(
      'Code: 400. Errors:\n\n* path is already in use at people/',
    );
  });

  it('may go before the first login: user, entity and alias collide with nothing', async () => {
    const mount_accessor = stage.accessor;
    const path = 'auth/userpass/users/ulla';
    await named(client, 'user', path, { token_policies: ['default'] }, { password: PASSWORD });
    const entity = await identity(client, 'entity', { name: 'ulla' });
    await entityAlias(client, { name: 'ulla', mount_accessor, canonical_id: entity.id });
    const login = await anonymous.write('auth/userpass/login/ulla', { password: PASSWORD });
    expect(login!.auth.entity_id).toBe(entity.id);
  });

  it('takes everything away in the opposite order, and finds it gone', async () => {
    const { method, enforcement } = resources;
    // Out of order it is refused, and nothing is lost.
    expect(await refusalOf(method.destroy())).toContain('methodID is still used by an enforcement');
    expect(await plan([method, enforcement])).toEqual([]);
    for (const resource of everything().toReversed()) {
      await resource.destroy();
      expect([resource.address, await resource.refresh()]).toEqual([resource.address, null]);
      await resource.destroy();
    }
  });

  it('finds accessors of tokens that are gone by the word it searches for', async () => {
    const { auth } = (await client.request('POST', 'auth/token/create', { ttl: '1m' }))!;
    await client.request('POST', 'auth/token/revoke-accessor', { accessor: auth.accessor });
    const lookup = client.request('POST', 'auth/token/lookup-accessor', { accessor: auth.accessor });
    expect(await refusalOf(lookup)).toContain('invalid accessor');
  });
});
