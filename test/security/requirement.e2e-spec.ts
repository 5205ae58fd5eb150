import { afterAll, beforeAll, expect, it } from 'vitest';
import { expecting } from '../support/send.js';
import { DEFAULT_METHOD, PASSWORD, Stage } from '../support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(2);
});
afterAll(() => stage.close());

it('S53 one identity owes the same through every path that can yield a token', async () => {
  const player = await stage.addPlayer('owing');
  await expecting(204, stage.root.write('sys/auth/side', { type: 'userpass' }));
  await expecting(204, stage.root.write('auth/side/users/owing-side', { password: PASSWORD }));
  const { accessor } = (await stage.root.read('sys/auth/side')).body.data;
  await expecting(
    200,
    stage.root.write('identity/entity-alias', {
      name: 'owing-side',
      canonical_id: player.entityId,
      mount_accessor: accessor,
    }),
  );
  const earlier = (await stage.vault().logIn('owing', PASSWORD)).body.auth.client_token;
  await stage.enforce('for-owing', [player.entityId]);

  const begun = await expecting(200, stage.appgate().authenticate('owing', PASSWORD));
  expect(begun.body.user.needTwoFactorAuth).toBe(true);
  await expecting(412, stage.appgate().with(begun.body.token).authorize());
  await expecting(412, stage.appgate().logIn('owing', PASSWORD));
  await expecting(412, stage.appgate().with(earlier).authorize());
  for (const [name, mount] of [
    ['owing', 'userpass'],
    ['owing-side', 'side'],
  ] as const) {
    const { auth } = (await expecting(200, stage.vault(1).logIn(name, PASSWORD, [], mount))).body;
    expect([auth.client_token, Object.keys(auth.mfa_requirement.mfa_constraints)]).toEqual([
      '',
      ['for-owing'],
    ]);
    await expecting(403, stage.vault().logIn(name, PASSWORD, ['default:000000'], mount));
  }
});

it('S53 an exemption counts in every spelling of the DN, and each use is an event', async () => {
  const admin = await stage.administrator();
  await stage.addUser('Zoë Plain');
  await stage.addUser('bystander');
  await expecting(
    204,
    admin.put('/admin-mfa-settings', {
      providerId: DEFAULT_METHOD,
      exemptedUsers: ['cn=admin,ou=LOCAL', 'CN=ZOE\u0308 PLAIN,OU=local'],
    }),
  );
  const uses = async () =>
    (await stage.rows(`SELECT count(*)::int AS n FROM audit_events WHERE action = 'sign-in.exempted'`))[0]!.n;
  const before = await uses();
  await expecting(200, stage.appgate(1).logIn('ADMIN', stage.first.adminPassword));
  const { auth } = (await expecting(200, stage.vault().logIn('zoë plain', PASSWORD))).body;
  expect(auth.client_token).not.toBe('');
  expect(await uses()).toBe(before + 2);
  await expecting(412, stage.appgate().logIn('bystander', PASSWORD));
  const { auth: owed } = (await stage.vault(1).logIn('bystander', PASSWORD)).body;
  expect(Object.keys(owed.mfa_requirement.mfa_constraints)).toEqual(['admin-mfa']);
});

it('S53 an exemption made for a name does not count for an account of whoever may not exempt', async () => {
  const admin = await stage.administrator();
  await stage.rows(
    `INSERT INTO administrative_roles (id, name, name_canonical, privileges, created_at, updated_at)
     VALUES ('0f4fdd9c-3a8e-4c7e-9d0e-6f0a9d7d8f11', 'clerks', 'clerks',
       '[{"type":"Create","target":"LocalUser","scope":{"all":true,"ids":[],"tags":[]}},{"type":"View","target":"LocalUser","scope":{"all":true,"ids":[],"tags":[]}}]', now(), now())`,
  );
  await stage.rows(
    `INSERT INTO policies (id, name, name_canonical, type, expression, administrative_roles, created_at, updated_at)
     VALUES (gen_random_uuid(), 'clerks', 'clerks', 'Admin', 'return claims.user.username === "clerk";', ARRAY['0f4fdd9c-3a8e-4c7e-9d0e-6f0a9d7d8f11'::uuid], now(), now())`,
  );
  const fields = { firstName: 'F', lastName: 'L', password: PASSWORD };
  await expecting(200, admin.post('/local-users', { name: 'clerk', ...fields }));
  await expecting(
    204,
    admin.put('/admin-mfa-settings', {
      providerId: DEFAULT_METHOD,
      exemptedUsers: [
        'CN=admin,OU=local',
        'CN=clerk,OU=local',
        'CN=awaited,OU=local',
        'CN=welcome,OU=local',
        'CN=other,OU=local',
      ],
    }),
  );
  const clerk = await stage.appgate().final('clerk', PASSWORD);
  await expecting(200, clerk.post('/local-users', { name: 'AWAITED', ...fields }));
  await expecting(200, admin.post('/local-users', { name: 'welcome', ...fields }));
  await stage.addUser('other');
  const needs = async (name: string) =>
    (await stage.appgate().authenticate(name, PASSWORD)).body.user.needTwoFactorAuth;
  expect([await needs('awaited'), await needs('welcome'), await needs('other')]).toEqual([
    true,
    false,
    // By a root token, which may exempt.
    false,
  ]);
  await expecting(204, admin.delete('/admin-mfa-settings'));
});
