import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authenticator } from '../support/authenticator.js';
import { type Answer, send } from '../support/send.js';
import { DEFAULT_METHOD, PASSWORD, type Player, Stage } from '../support/stage.js';

let stage: Stage;
let alice: Player;
beforeAll(async () => {
  stage = await Stage.open(1);
  alice = await stage.addPlayer('alice');
  await stage.enforce('staff', [alice.entityId]);
});
afterAll(() => stage.close());

function raw(
  method: string,
  path: string,
  headers: Record<string, string | string[]>,
  body?: unknown,
): Promise<Answer> {
  return send({ method, url: `${stage.first.url}/v1/${path}`, headers, body });
}

/** The Go client behind the CLI and terraform: no content type, `X-Vault-Request`, values as strings (vault.md §13). */
function go(
  method: string,
  path: string,
  token: string | null,
  body?: unknown,
  extra: Record<string, string | string[]> = {},
): Promise<Answer> {
  const headers = {
    'x-vault-request': 'true',
    'user-agent': 'Go-http-client/1.1',
    ...(token !== null && { 'x-vault-token': token }),
    ...extra,
  };
  return raw(method, path, headers, body);
}

describe('the vault CLI', () => {
  it('logs in with a prompt for the code and keeps the token', async () => {
    stage.clock.advance(30);
    const first = await go('PUT', 'auth/userpass/login/alice', null, { password: PASSWORD });
    expect([first.status, first.headers['content-type']]).toEqual([200, 'application/json']);
    const { mfa_request_id, mfa_constraints } = first.body.auth.mfa_requirement;
    const [constraint] = Object.values<{ any: { id: string; uses_passcode?: boolean }[] }>(mfa_constraints);
    expect(constraint!.any).toHaveLength(1);
    expect(constraint!.any[0]!.uses_passcode).toBe(true);
    // An old token may ride along.
    const second = await go('POST', 'sys/mfa/validate', 'hvs.of-yesterday', {
      mfa_payload: { [constraint!.any[0]!.id]: [stage.code(alice)] },
      mfa_request_id,
    });
    expect(second.status).toBe(200);
    const self = await go('GET', 'auth/token/lookup-self', second.body.auth.client_token);
    expect(self.body.data.display_name).toBe('userpass-alice');
    expect((await go('PUT', 'auth/token/renew-self', second.body.auth.client_token, {})).status).toBe(200);
    expect((await go('PUT', 'auth/token/revoke-self', second.body.auth.client_token)).status).toBe(204);
  });

  it('shows a table where it cannot ask, and is finished by `vault write sys/mfa/validate -`', async () => {
    stage.clock.advance(30);
    const { mfa_request_id } = (await go('PUT', 'auth/userpass/login/alice', null, { password: PASSWORD }))
      .body.auth.mfa_requirement;
    const second = await go('PUT', 'sys/mfa/validate', null, {
      mfa_request_id,
      mfa_payload: { default: [`passcode=${stage.code(alice)}`] },
    });
    expect(second.body.auth.client_token).toMatch(/^hvs\./);
  });

  it('logs in with -mfa by name and by id', async () => {
    for (const key of ['default', DEFAULT_METHOD]) {
      stage.clock.advance(30);
      const answer = await go(
        'PUT',
        'auth/userpass/login/alice',
        null,
        { password: PASSWORD },
        { 'x-vault-mfa': [`${key}:${stage.code(alice)}`] },
      );
      expect(answer.body.auth.client_token).toMatch(/^hvs\./);
    }
  });

  it('enables, writes, reads, lists and deletes with strings only', async () => {
    const root = stage.first.rootToken;
    const options = {
      type: 'userpass',
      description: '',
      config: { default_lease_ttl: '', max_lease_ttl: '', force_no_cache: false, options: null },
      local: false,
      seal_wrap: false,
      external_entropy_access: false,
      options: null,
    };
    expect((await go('POST', 'sys/auth/partners', root, options)).status).toBe(204);
    expect((await go('GET', 'sys/auth', root)).body['partners/'].type).toBe('userpass');
    expect(
      (
        await go('PUT', 'auth/partners/users/bob', root, {
          password: PASSWORD,
          token_ttl: '1h',
          token_policies: 'one,two',
        })
      ).status,
    ).toBe(204);
    expect((await go('GET', 'auth/partners/users/bob', root)).body.data).toMatchObject({
      token_ttl: 3600,
      token_policies: ['one', 'two'],
    });
    expect((await go('GET', 'auth/partners/users?list=true', root)).body.data.keys).toEqual(['bob']);
    expect(
      (
        await go('PUT', 'identity/mfa/method/totp', root, {
          issuer: 'Example',
          method_name: 'cli',
          digits: '6',
          period: '30s',
          qr_size: '0',
        })
      ).status,
    ).toBe(200);
    expect((await go('DELETE', 'auth/partners/users/bob', root)).status).toBe(204);
    expect((await go('GET', 'auth/partners/users?list=true', root)).status).toBe(404);
    expect((await go('DELETE', 'sys/auth/partners', root)).status).toBe(204);
    expect((await go('GET', 'sys/seal-status', null)).status).toBe(200);
    expect((await go('GET', 'sys/leader', null)).status).toBe(200);
    expect((await go('GET', 'sys/init', null)).body).toEqual({ initialized: true });
  });
});

describe('hvac', () => {
  const json = { 'content-type': 'application/json', 'x-vault-request': 'true' };

  it('logs in in two phases and carries no token in between', async () => {
    stage.clock.advance(30);
    const first = await raw('POST', 'auth/userpass/login/alice', json, { password: PASSWORD });
    expect(first.headers['content-type']).toBe('application/json');
    expect(first.body.auth.client_token).toBe('');
    const { mfa_request_id } = first.body.auth.mfa_requirement;
    const second = await raw('POST', 'sys/mfa/validate', json, {
      mfa_request_id,
      mfa_payload: { [DEFAULT_METHOD]: [stage.code(alice)] },
    });
    const token = second.body.auth.client_token;
    expect((await raw('GET', 'auth/token/lookup-self', { ...json, 'x-vault-token': token })).status).toBe(
      200,
    );
  });

  it('lists with the verb LIST, and with GET in strict mode', async () => {
    const root = { ...json, 'x-vault-token': stage.first.rootToken };
    const lists = [
      await raw('LIST', 'identity/mfa/method/totp', root),
      await raw('GET', 'identity/mfa/method/totp?list=true', root),
      await raw('GET', 'identity/mfa/method/totp?list=True', root),
    ];
    for (const { status, body } of lists)
      expect([status, body.data.keys.includes(DEFAULT_METHOD)]).toEqual([200, true]);
    const { status, text } = await raw('HEAD', 'sys/health', json);
    expect([status, text]).toEqual([200, '']);
  });
});

describe('node-vault', () => {
  it('logs in, validates and reads the mounts beside data', async () => {
    const json = { 'content-type': 'application/json' };
    stage.clock.advance(30);
    const first = await raw('POST', 'auth/userpass/login/alice', json, { password: PASSWORD });
    const { mfa_request_id } = first.body.auth.mfa_requirement;
    const second = await raw('POST', 'sys/mfa/validate', json, {
      mfa_request_id,
      mfa_payload: { default: [stage.code(alice)] },
    });
    expect(second.body.auth.client_token).toMatch(/^hvs\./);
    const root = { ...json, 'x-vault-token': stage.first.rootToken };
    expect((await raw('GET', 'sys/auth', root)).body['userpass/'].accessor).toBe(stage.accessor);
    const enabled = await raw('POST', 'sys/auth/apps', root, { mount_point: 'apps', type: 'userpass' });
    expect([200, 204]).toContain(enabled.status);
    expect((await raw('LIST', 'auth//userpass/users', root)).body.data.keys).toContain('alice');
    const wrong = await raw('POST', 'auth/userpass/login/alice', json, { password: 'wrong' });
    expect(wrong.body.errors[0]).toBe('invalid username or password');
  });
});

describe('terraform-provider-vault', () => {
  /** PUT, then what the provider reads back. */
  const root = () => stage.first.rootToken;

  it('sets up MFA for people in its own order, reads it back, changes it and takes it away', async () => {
    expect((await go('GET', 'auth/token/lookup-self', root())).body.data.policies).toEqual(['root']);
    expect((await go('GET', 'sys/seal-status', root())).body.version).toBe('1.19.0');

    expect(
      (
        await go('POST', 'sys/auth/people', root(), {
          type: 'userpass',
          description: '',
          config: {},
          local: false,
        })
      ).status,
    ).toBe(204);
    const mount = (await go('GET', 'sys/auth/people', root())).body.data;
    const made = await go('PUT', 'identity/mfa/method/totp', root(), {
      issuer: 'Terraform',
      algorithm: 'SHA256',
      digits: 6,
      period: 30,
      max_validation_attempts: 5,
    });
    const method = made.body.data.method_id;
    const config = (await go('GET', `identity/mfa/method/totp/${method}`, root())).body.data;
    expect(config).toMatchObject({
      issuer: 'Terraform',
      algorithm: 'SHA256',
      skew: 1,
      type: 'totp',
      id: method,
    });

    expect(
      (await go('PUT', 'auth/people/users/tess', root(), { password: PASSWORD, token_policies: ['default'] }))
        .status,
    ).toBe(204);
    expect((await go('GET', 'auth/people/users/tess', root())).status).toBe(200);
    const entity = (
      await go('PUT', 'identity/entity', root(), {
        name: 'tess',
        metadata: { team: 'infra' },
        policies: [],
        disabled: false,
      })
    ).body.data.id;
    expect((await go('GET', `identity/entity/id/${entity}`, root())).body.data).toMatchObject({
      name: 'tess',
      metadata: { team: 'infra' },
      aliases: [],
    });
    const alias = (
      await go('PUT', 'identity/entity-alias', root(), {
        name: 'tess',
        canonical_id: entity,
        mount_accessor: mount.accessor,
      })
    ).body.data.id;
    expect((await go('GET', `identity/entity-alias/id/${alias}`, root())).body.data.canonical_id).toBe(
      entity,
    );
    const rule = { mfa_method_ids: [method], identity_entity_ids: [entity] };
    expect((await go('PUT', 'identity/mfa/login-enforcement/infra', root(), rule)).status).toBe(204);
    expect((await go('GET', 'identity/mfa/login-enforcement/infra', root())).body.data).toMatchObject({
      name: 'infra',
      ...rule,
    });
    // A second apply of the same entity is told it exists.
    expect((await go('PUT', 'identity/entity', root(), { name: 'tess' })).status).toBe(204);

    const { url } = (
      await go('PUT', 'identity/mfa/method/totp/admin-generate', root(), {
        method_id: method,
        entity_id: entity,
      })
    ).body.data;
    const plain = await go('PUT', 'auth/people/login/tess', null, { username: 'tess', password: PASSWORD });
    expect([plain.status, plain.body.auth.client_token]).toEqual([200, '']);
    const code = Authenticator.scan(url).codeAt(stage.now);
    const withHeader = await go(
      'PUT',
      'auth/people/login/tess',
      null,
      { username: 'tess', password: PASSWORD },
      { 'x-vault-mfa': `${method}:${code}` },
    );
    expect(withHeader.body.auth.client_token).toMatch(/^hvs\./);

    const changed = await go('PUT', `identity/mfa/method/totp/${method}`, root(), {
      ...config,
      issuer: 'Terraform 2',
      uuid: method,
      method_id: method,
    });
    expect(changed.status).toBe(204);
    expect((await go('GET', `identity/mfa/method/totp/${method}`, root())).body.data.issuer).toBe(
      'Terraform 2',
    );

    for (const path of [
      'identity/mfa/login-enforcement/infra',
      `identity/entity-alias/id/${alias}`,
      `identity/entity/id/${entity}`,
      'auth/people/users/tess',
      `identity/mfa/method/totp/${method}`,
      'sys/auth/people',
    ])
      expect([path, (await go('DELETE', path, root())).status]).toEqual([path, 204]);
    expect((await go('GET', `identity/mfa/method/totp/${method}`, root())).status).toBe(404);
    expect((await go('GET', `identity/entity/id/${entity}`, root())).status).toBe(404);
    expect((await go('GET', 'sys/auth/people', root())).body.errors).toEqual(['No auth engine at people/']);
  });
});
