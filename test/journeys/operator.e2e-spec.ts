import { afterAll, beforeAll, expect, it } from 'vitest';
import { Authenticator } from '../support/authenticator.js';
import { type Sallyport, startSallyport } from '../support/sallyport.js';
import { expecting } from '../support/send.js';
import { VaultClient } from '../support/vault-client.js';

const PASSWORD = 'plum-orbit-velvet-93';

let server: Sallyport;
beforeAll(async () => {
  server = await startSallyport();
});
afterAll(() => server.stop());

it("an operator gets from the root token to a user's MFA login by /v1 calls alone", async () => {
  const anonymous = new VaultClient(server.url);
  const root = anonymous.with(server.rootToken);
  expect((await expecting(200, anonymous.read('sys/init'))).body).toEqual({ initialized: true });
  expect((await expecting(200, anonymous.read('sys/seal-status'))).body).toMatchObject({
    sealed: false,
    version: '1.19.0',
  });
  expect((await expecting(200, anonymous.read('sys/health'))).body).toMatchObject({
    initialized: true,
    sealed: false,
  });
  expect((await expecting(200, root.read('auth/token/lookup-self'))).body.data).toMatchObject({
    policies: ['root'],
    ttl: 0,
    expire_time: null,
  });

  expect(Object.keys((await expecting(200, root.read('sys/auth'))).body.data)).toEqual(['token/']);
  await expecting(204, root.write('sys/auth/userpass', { type: 'userpass' }));
  const { accessor } = (await expecting(200, root.read('sys/auth'))).body['userpass/'];
  await expecting(
    204,
    root.write('auth/userpass/users/alice', { password: PASSWORD, token_policies: 'staff' }),
  );

  const { method_id: method } = (
    await expecting(
      200,
      root.write('identity/mfa/method/totp', {
        method_name: 'phones',
        issuer: 'Example',
        algorithm: 'SHA256',
        digits: 8,
        period: 30,
      }),
    )
  ).body.data;
  const { id: entity } = (await expecting(200, root.write('identity/entity', { name: 'Alice Adams' }))).body
    .data;
  await expecting(
    200,
    root.write('identity/entity-alias', { name: 'alice', canonical_id: entity, mount_accessor: accessor }),
  );
  const { url, barcode } = (
    await expecting(
      200,
      root.write('identity/mfa/method/totp/admin-generate', { method_id: method, entity_id: entity }),
    )
  ).body.data;
  expect(Buffer.from(barcode, 'base64').subarray(1, 4).toString()).toBe('PNG');
  const phone = Authenticator.scan(url);
  await expecting(
    204,
    root.write('identity/mfa/login-enforcement/staff', {
      mfa_method_ids: [method],
      auth_method_accessors: [accessor],
    }),
  );

  const first = (await expecting(200, anonymous.logIn('alice', PASSWORD))).body.auth;
  expect(first.mfa_requirement.mfa_constraints).toEqual({
    staff: { any: [{ type: 'totp', id: method, uses_passcode: true, name: 'phones' }] },
  });
  const requestId = first.mfa_requirement.mfa_request_id;
  await expecting(403, anonymous.validate(requestId, '00000000', method));
  const { auth } = (
    await expecting(200, anonymous.validate(requestId, phone.codeAt(server.clock.now()), method))
  ).body;
  expect(auth).toMatchObject({
    entity_id: entity,
    policies: ['default', 'staff'],
    token_type: 'service',
    renewable: true,
    lease_duration: 2764800,
  });
  const alice = anonymous.with(auth.client_token);
  const own = (await expecting(200, alice.read('auth/token/lookup-self'))).body.data;
  expect(own.mfa).toEqual([{ method_id: method, type: 'totp', time: expect.any(String) }]);
  await expecting(200, alice.write('auth/token/renew-self', { increment: '1h' }));
  await expecting(403, alice.read('sys/auth'));

  server.clock.advance(30);
  await expecting(200, anonymous.logIn('alice', PASSWORD, [`phones:${phone.codeAt(server.clock.now())}`]));
  await expecting(204, alice.write('auth/token/revoke-self'));
  await expecting(403, alice.read('auth/token/lookup-self'));
});

it('loses a lost phone and gives a new one', async () => {
  const anonymous = new VaultClient(server.url);
  const root = anonymous.with(server.rootToken);
  const { keys, key_info } = (await expecting(200, root.list('identity/mfa/method/totp'))).body.data;
  const method = keys.find((id: string) => key_info[id].name === 'phones');
  const entity = (await expecting(200, root.read('identity/entity/name/Alice%20Adams'))).body.data.id;
  await expecting(
    204,
    root.write('identity/mfa/method/totp/admin-destroy', { method_id: method, entity_id: entity }),
  );
  const made = await expecting(
    200,
    root.write('identity/mfa/method/totp/admin-generate', { method_id: method, entity_id: entity }),
  );
  const phone = Authenticator.scan(made.body.data.url);
  await expecting(200, anonymous.logIn('alice', PASSWORD, [`${method}:${phone.codeAt(server.clock.now())}`]));
});
