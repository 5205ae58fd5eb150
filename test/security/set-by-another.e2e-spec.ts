import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AppgateClient, DEVICE } from '../support/appgate-client.js';
import { expecting } from '../support/send.js';
import { DEFAULT_METHOD, PASSWORD, Stage } from '../support/stage.js';

const NEXT = 'seven quiet harbours at dusk';
const GENERATE = 'identity/mfa/method/totp';

let stage: Stage;
let admin: AppgateClient;
beforeAll(async () => {
  stage = await Stage.open(1, { settings: { SALLYPORT_SECRETS_SET_BY_OTHERS: 'off' } });
  admin = await stage.administrator();
});
afterAll(() => stage.close());

const activate = (username: string, code: string) =>
  stage.appgate().post('/sallyport/activations', {
    providerName: 'local',
    username,
    deviceId: DEVICE,
    code,
    newPassword: NEXT,
  });

it('S58 switched off, the password a user is made with opens nothing; a code of the user does', async () => {
  const fields = { name: 'maid', firstName: 'F', lastName: 'L', password: PASSWORD };
  await expecting(200, admin.post('/local-users', fields));
  await stage.addUser('vault-made');
  for (const name of ['maid', 'vault-made']) {
    await expecting(401, stage.appgate().authenticate(name, PASSWORD));
    await expecting(400, stage.vault().logIn(name, PASSWORD));
    const path = `/sallyport/users/CN=${name},OU=local/activation-code`;
    const { code } = (await expecting(200, admin.post(path))).body;
    await expecting(200, activate(name, code));
    await expecting(200, stage.vault().logIn(name, NEXT));
  }
});

it('S58 switched off, nobody changes the password of another in either dialect', async () => {
  const [user] = (await expecting(200, admin.get('/local-users?query=maid'))).body.data;
  const refused = await admin.put(`/local-users/${user.id}`, { ...user, password: PASSWORD });
  expect([refused.status, refused.body.errors]).toEqual([
    422,
    [{ field: 'password', message: 'is not applicable' }],
  ]);
  await expecting(200, admin.put(`/local-users/${user.id}`, { ...user, notes: 'a note' }));
  for (const path of ['auth/userpass/users/maid/password', 'auth/userpass/users/maid']) {
    const { body } = await expecting(400, stage.root.write(path, { password: PASSWORD }));
    expect(body).toEqual({ errors: ['password is not applicable'] });
  }
  await expecting(200, stage.vault().logIn('maid', NEXT));
});

it('S58 switched off, people still change their own, where a policy lets them', async () => {
  const policy = 'path "auth/userpass/users/maid/password" { capabilities = ["update"] }';
  await expecting(204, stage.root.write('sys/policies/acl/own-password', { policy }));
  await expecting(
    204,
    stage.root.write('auth/userpass/users/maid/policies', { token_policies: 'own-password' }),
  );
  const { auth } = (await expecting(200, stage.vault().logIn('maid', NEXT))).body;
  const own = stage.vault().with(auth.client_token);
  await expecting(204, own.write('auth/userpass/users/maid/password', { password: PASSWORD }));
  await expecting(200, stage.vault().logIn('maid', PASSWORD));
});

it('S58 switched off, nobody makes an authenticator for another; for oneself it is made', async () => {
  const { auth } = (await expecting(200, stage.vault().logIn('vault-made', NEXT))).body;
  const asked = { method_id: DEFAULT_METHOD, entity_id: auth.entity_id };
  const { body } = await expecting(400, stage.root.write(`${GENERATE}/admin-generate`, asked));
  expect(body).toEqual({ errors: ['authenticators are made by their owners only'] });
  expect(await stage.rows('SELECT 1 FROM totp_enrollments')).toEqual([]);
  const policy = 'path "identity/mfa/method/totp/generate" { capabilities = ["update"] }';
  await expecting(204, stage.root.write('sys/policies/acl/own-totp', { policy }));
  await expecting(
    204,
    stage.root.write('auth/userpass/users/vault-made/policies', { token_policies: 'own-totp' }),
  );
  const again = (await expecting(200, stage.vault().logIn('vault-made', NEXT))).body.auth.client_token;
  const made = stage.vault().with(again).write(`${GENERATE}/generate`, { method_id: DEFAULT_METHOD });
  await expecting(200, made);
});

it('S58 the operator of the first start sets the first password all the same', async () => {
  await expecting(200, stage.appgate().logIn('admin', stage.first.adminPassword));
});
