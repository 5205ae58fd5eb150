import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { ACCEPT, type AppgateClient } from '../support/appgate-client.js';
import { Authenticator } from '../support/authenticator.js';
import { expecting } from '../support/send.js';
import { DEFAULT_METHOD, PASSWORD, type Player, Stage } from '../support/stage.js';

let stage: Stage;
let admin: AppgateClient;
beforeAll(async () => {
  stage = await Stage.open(2);
  admin = await stage.administrator();
});
beforeEach(() => stage.clock.advance(60));
afterAll(() => stage.close());

const NO_TOKEN = { id: 'unauthorized', message: 'The token is missing, invalid or expired. Sign in again.' };
const WRONG_OTP = {
  id: 'unauthorized',
  message: 'Invalid one-time password. Please make sure the time on your device is correct.',
  failureType: 'Mfa',
  reason: 'Invalid one-time password. Please make sure the time on your device is correct.',
};
const FORBIDDEN = { id: 'forbidden', message: "You don't have permission to access this resource." };

function refusedBy(enforcement: string, reason: string): object {
  const detail = `2 errors occurred:\n\t* ${reason}\n\t* login MFA validation failed for methodID: [${DEFAULT_METHOD}]\n\n`;
  return { errors: [`failed to satisfy enforcement ${enforcement}. error: ${detail}`] };
}

/** Made at `/admin`, with the rights of an administrator. */
async function addAdministrator(name: string): Promise<void> {
  const user = { name, firstName: 'F', lastName: 'L', password: PASSWORD };
  await expecting(200, admin.post('/local-users', user));
  await stage.makeAdministrator(name);
}

async function entityIdOf(name: string): Promise<string> {
  return (await stage.rows('SELECT principal_id FROM accounts WHERE name_canonical = lower($1)', [name]))[0]!
    .principal_id;
}

it('a seed enrolled at /admin satisfies an enforcement of the method default at /v1', async () => {
  await addAdministrator('Ada');
  await expecting(200, stage.appgate().authenticate('Ada', PASSWORD));
  await stage.enforce('ada', [await entityIdOf('Ada')]);
  const partial = await stage.partial('Ada');
  const begun = await expecting(200, partial.post('/authentication/otp/initialize', {}));
  const player: Player = {
    name: 'ada',
    entityId: await entityIdOf('Ada'),
    authenticator: Authenticator.scan(begun.body.otpAuthUrl),
  };
  expect(player.authenticator.secret).toBe(begun.body.secret);
  await expecting(200, partial.submit(stage.code(player)));

  stage.clock.advance(30);
  const { auth } = (await expecting(200, stage.vault(1).logIn('ada', PASSWORD))).body;
  expect(auth.mfa_requirement.mfa_constraints).toEqual({
    ada: { any: [{ type: 'totp', id: DEFAULT_METHOD, uses_passcode: true, name: 'default' }] },
  });
  const validated = await expecting(
    200,
    stage.vault().validate(auth.mfa_requirement.mfa_request_id, stage.code(player), DEFAULT_METHOD),
  );
  expect(validated.body.auth).toMatchObject({
    entity_id: player.entityId,
    metadata: { username: 'ada' },
    policies: ['default'],
  });
  stage.clock.advance(30);
  await expecting(200, stage.vault(1).logIn('ada', PASSWORD, [`default:${stage.code(player)}`]));
});

it('a seed enrolled at /v1 satisfies admin MFA and enforcements at /admin', async () => {
  await addAdministrator('ben');
  const policy = 'path "identity/mfa/method/totp/generate" { capabilities = ["update"] }';
  await expecting(204, stage.root.write('sys/policies/acl/generating', { policy }));
  await expecting(204, stage.root.write('auth/userpass/users/ben', { token_policies: 'generating' }));
  const token = (await expecting(200, stage.vault().logIn('ben', PASSWORD))).body.auth.client_token;
  const made = await expecting(
    200,
    stage.vault().with(token).write('identity/mfa/method/totp/generate', { method_id: DEFAULT_METHOD }),
  );
  const player: Player = {
    name: 'ben',
    entityId: await entityIdOf('ben'),
    authenticator: Authenticator.scan(made.body.data.url),
  };
  await expecting(
    204,
    admin.put('/admin-mfa-settings', { providerId: DEFAULT_METHOD, exemptedUsers: ['CN=admin,OU=local'] }),
  );

  const partial = await stage.partial('ben', 1);
  expect((await partial.authorize()).status).toBe(412);
  expect((await partial.post('/authentication/otp/initialize', {})).body).toEqual({
    type: 'AlreadySeeded',
    inputType: 'Numeric',
  });
  const proven = await expecting(200, partial.submit(stage.code(player)));
  expect(proven.body.user).toEqual({
    name: 'ben',
    needTwoFactorAuth: false,
    canAccessAuditLogs: false,
    privileges: [],
  });
  const final = await expecting(200, partial.with(proven.body.token).authorize());
  expect(final.body.user.privileges).toEqual([
    { type: 'All', target: 'All', scope: { all: true, ids: [], tags: [] } },
  ]);
  await expecting(204, admin.delete('/admin-mfa-settings'));
});

it('a code used in one dialect is refused in the other, both ways', async () => {
  const player = await stage.addProtected('cleo');
  const atVault = stage.code(player);
  await expecting(200, stage.vault().validate(await stage.request('cleo'), atVault));
  const refused = await (await stage.partial('cleo', 1)).submit(atVault);
  expect([refused.status, refused.body]).toEqual([401, WRONG_OTP]);

  stage.clock.advance(30);
  const atAdmin = stage.code(player);
  await expecting(200, (await stage.partial('cleo')).submit(atAdmin));
  const again = await stage.vault(1).validate(await stage.request('cleo'), atAdmin);
  expect([again.status, again.body]).toEqual([
    403,
    refusedBy('for-cleo', 'failed to validate TOTP passcode'),
  ]);
  await expecting(403, stage.vault().logIn('cleo', PASSWORD, [`default:${atAdmin}`]));
});

it('what is owed is the same in both dialects, from whichever side it was asked for', async () => {
  const player = await stage.addPlayer('dora');
  await stage.makeAdministrator('dora');
  const owedAt = async () => ({
    admin: (await stage.appgate().authenticate('dora', PASSWORD)).body.user.needTwoFactorAuth,
    vault: Object.keys(
      (await stage.vault(1).logIn('dora', PASSWORD)).body.auth.mfa_requirement?.mfa_constraints ?? {},
    ),
  });
  expect(await owedAt()).toEqual({ admin: false, vault: [] });
  await expecting(
    204,
    admin.put('/admin-mfa-settings', { providerId: DEFAULT_METHOD, exemptedUsers: ['CN=admin,OU=local'] }),
  );
  expect(await owedAt()).toEqual({ admin: true, vault: ['admin-mfa'] });
  await stage.enforce('dora', [player.entityId]);
  expect(await owedAt()).toEqual({ admin: true, vault: ['admin-mfa', 'dora'] });
  await expecting(
    204,
    admin.put('/admin-mfa-settings', {
      providerId: DEFAULT_METHOD,
      exemptedUsers: ['CN=admin,OU=local', 'CN=DORA,OU=local'],
    }),
  );
  expect(await owedAt()).toEqual({ admin: true, vault: ['dora'] });
  await expecting(204, admin.delete('/admin-mfa-settings'));
  await expecting(204, stage.root.remove('identity/mfa/login-enforcement/dora'));
  expect(await owedAt()).toEqual({ admin: false, vault: [] });
});

it('a token obtained without the owed factor opens nothing at /admin, and may complete it there', async () => {
  const player = await stage.addPlayer('emil');
  await stage.makeAdministrator('emil');
  const token = (await expecting(200, stage.vault().logIn('emil', PASSWORD))).body.auth.client_token;
  const foreign = stage.appgate().with(token);
  await expecting(200, foreign.authorize());
  await stage.enforce('emil', [player.entityId]);
  const owed = await foreign.authorize();
  expect([owed.status, owed.body]).toEqual([
    412,
    {
      id: 'precondition failed',
      message: 'Administrative authorization requires two-factor authentication.',
      otpRequired: true,
      username: 'emil',
    },
  ]);
  for (const path of ['/local-users', '/admin-mfa-settings', '/otp/seeds'])
    expect((await foreign.get(path)).body).toEqual(FORBIDDEN);
  expect(
    (await foreign.post('/local-users', { name: 'x', firstName: 'F', lastName: 'L', password: PASSWORD }))
      .body,
  ).toEqual(FORBIDDEN);
  const proven = await expecting(200, foreign.submit(stage.code(player)));
  const final = foreign.with((await expecting(200, foreign.with(proven.body.token).authorize())).body.token);
  await expecting(200, final.get('/local-users'));
  await expecting(412, foreign.authorize());
  expect(
    (await expecting(200, stage.vault().with(token).read('auth/token/lookup-self'))).body.data.mfa,
  ).toEqual([]);
});

it('a token of /v1 with its factor is taken at /admin; logout there ends both', async () => {
  const player = await stage.addProtected('flora');
  await stage.makeAdministrator('flora');
  const token = await stage.vaultToken(player);
  const foreign = stage.appgate(1).with(token);
  await expecting(403, foreign.get('/local-users'));
  const final = foreign.with((await expecting(200, foreign.authorize())).body.token);
  await expecting(200, final.get('/local-users'));
  stage.clock.advance(120);
  await expecting(200, foreign.authorize());

  await expecting(204, final.at(stage.first.url).post('/authentication/logout'));
  expect((await final.get('/local-users')).body).toEqual(NO_TOKEN);
  expect((await foreign.authorize()).body).toEqual(NO_TOKEN);
  await expecting(403, stage.vault(1).with(token).read('auth/token/lookup-self'));
});

it('what a token of /v1 earned at /admin dies with it', async () => {
  const player = await stage.addProtected('gwen');
  await stage.makeAdministrator('gwen');
  const token = await stage.vaultToken(player);
  const foreign = stage.appgate().with(token);
  const final = foreign.with((await expecting(200, foreign.authorize())).body.token);
  await expecting(204, stage.vault(1).with(token).write('auth/token/revoke-self'));
  expect((await final.get('/local-users')).body).toEqual(NO_TOKEN);
});

it('a token of /admin opens nothing at /v1, and whoever may revoke ends it in both', async () => {
  await addAdministrator('hugo');
  const final = await stage.appgate().final('hugo', PASSWORD);
  for (const [method, path] of [
    ['GET', 'auth/token/lookup-self'],
    ['POST', 'auth/token/revoke-self'],
    ['POST', 'identity/mfa/method/totp/generate'],
    ['GET', 'sys/auth'],
  ] as const) {
    const answer = await stage
      .vault()
      .with(final.token)
      .call(method, path, { headers: { accept: ACCEPT } });
    expect([path, answer.status, answer.body]).toEqual([
      path,
      403,
      { errors: ['2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'] },
    ]);
  }
  await expecting(204, stage.root.write('auth/token/revoke', { token: final.token }));
  expect((await final.authorize()).body).toEqual(NO_TOKEN);
});

it('a user made or changed in one dialect is the same user in the other at once', async () => {
  await expecting(
    200,
    admin.post('/local-users', { name: 'Iris B', firstName: 'Iris', lastName: 'B', password: PASSWORD }),
  );
  await expecting(200, stage.root.read('auth/userpass/users/iris%20b'));
  expect((await expecting(200, stage.root.list('auth/userpass/users'))).body.data.keys).toContain('iris b');
  await expecting(
    204,
    stage.root.write('auth/userpass/users/iris%20b/password', { password: `${PASSWORD} new` }),
  );
  await expecting(401, stage.appgate(1).authenticate('Iris B', PASSWORD));
  await expecting(200, stage.appgate(1).authenticate('Iris B', `${PASSWORD} new`));

  await stage.addUser('judy');
  const [judy] = (await expecting(200, admin.get('/local-users?query=judy'))).body.data;
  expect(judy).toMatchObject({ name: 'judy', firstName: 'judy', lastName: 'judy', disabled: false });
  await expecting(200, admin.put(`/local-users/${judy.id}`, { ...judy, disabled: true }));
  await expecting(400, stage.vault().logIn('judy', PASSWORD));
  await expecting(204, admin.delete(`/local-users/${judy.id}`));
  await expecting(404, stage.root.read('auth/userpass/users/judy'));
});

it('a seed taken away in one dialect is gone in the other, and so are the tokens', async () => {
  const player = await stage.addProtected('kurt');
  const token = await stage.vaultToken(player);
  await expecting(204, admin.delete('/otp/seeds/CN=kurt,OU=local'));
  await expecting(403, stage.vault().with(token).read('auth/token/lookup-self'));
  const refused = await stage.vault(1).validate(await stage.request('kurt'), stage.code(player, 1));
  expect(refused.body.errors[0]).toContain('MFA secret for method ID');
  await stage.seed(player.entityId);
  const seeds = (await expecting(200, admin.get('/otp/seeds?query=kurt'))).body.data;
  expect(seeds).toEqual([
    { userDistinguishedName: 'CN=kurt,OU=local', username: 'kurt', providerName: 'local', verified: false },
  ]);
  await expecting(
    204,
    stage.root.write('identity/mfa/method/totp/admin-destroy', {
      method_id: DEFAULT_METHOD,
      entity_id: player.entityId,
    }),
  );
  expect((await admin.get('/otp/seeds?query=kurt')).body.data).toEqual([]);
});

it('disabling the entity at /v1 ends the sessions at /admin', async () => {
  await addAdministrator('lena');
  const final = await stage.appgate().final('lena', PASSWORD);
  const partial = await stage.partial('lena');
  await expecting(
    204,
    stage.root.write(`identity/entity/id/${await entityIdOf('lena')}`, { disabled: true }),
  );
  expect((await final.authorize()).body).toEqual(NO_TOKEN);
  expect((await partial.authorize()).body).toEqual(NO_TOKEN);
  await expecting(401, stage.appgate(1).logIn('lena', PASSWORD));
});
