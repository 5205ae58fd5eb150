import { afterAll, beforeAll, expect, it } from 'vitest';
import { expecting } from '../support/send.js';
import { PASSWORD, Stage } from '../support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(2);
});
afterAll(() => stage.close());

it('S80 variants of one name cannot be created twice', async () => {
  const admin = await stage.administrator();
  const user = { firstName: 'F', lastName: 'L', password: PASSWORD };
  for (const [first, ...variants] of [
    ['müller', 'MÜLLER', 'mu\u0308ller', 'MU\u0308LLER'],
    ['straße', 'STRAẞE', 'Straße'],
    ['İzmir', 'i\u0307zmir', 'İZMIR'],
    ['σίσυφος', 'ΣΊΣΥΦΟΣ'],
  ] as const) {
    await expecting(200, admin.post('/local-users', { name: first, ...user }));
    for (const variant of variants) {
      await expecting(409, admin.post('/local-users', { name: variant, ...user }));
      await stage.addUser(variant);
    }
  }
  const [{ users }] = (await stage.rows(
    `SELECT count(*)::int AS users FROM local_users WHERE name_canonical = ANY($1)`,
    [['müller', 'straße', 'i\u0307zmir', 'σίσυφοσ'].map((name) => name.normalize('NFC'))],
  )) as [{ users: number }];
  expect(users).toBe(4);
  await expecting(200, admin.post('/local-users', { name: 'strasse', ...user }));
  await expecting(200, admin.post('/local-users', { name: 'izmir', ...user }));
});

it('S80 the spelling first given is shown at /admin, and lower-cased at /v1', async () => {
  const admin = await stage.administrator();
  const { data } = (await admin.get(`/local-users?query=${encodeURIComponent('İzmir')}`)).body;
  expect(data.map(({ name }: { name: string }) => name)).toEqual(['İzmir']);
  const { keys } = (await stage.root.list('auth/userpass/users')).body.data;
  expect(keys).toContain('i\u0307zmir');
});

it('S80 variants share one account, MFA rule and audit id', async () => {
  const player = await stage.addPlayer('chloë');
  await stage.enforce('for-chloe', [player.entityId]);
  const before = (await stage.rows('SELECT max(at) AS at FROM audit_events'))[0]!.at;
  stage.clock.advance(60);
  for (const variant of ['chloë', 'CHLOË', 'chloe\u0308']) {
    const { auth } = (await expecting(200, stage.vault().logIn(variant, PASSWORD))).body;
    expect(Object.keys(auth.mfa_requirement.mfa_constraints)).toEqual(['for-chloe']);
    await expecting(412, (await stage.appgate().partial(variant, PASSWORD)).authorize());
  }
  const accounts = await stage.rows(
    `SELECT DISTINCT actor_account_id, actor_principal_id FROM audit_events WHERE at > $1 AND action = 'sign-in.password-accepted'`,
    [before],
  );
  expect(accounts).toEqual([{ actor_account_id: expect.any(String), actor_principal_id: player.entityId }]);
});

it('S80 decodes a name in the path once', async () => {
  await expecting(204, stage.root.write('auth/userpass/users/per%2563ent', { password: PASSWORD }));
  await expecting(
    200,
    stage.vault().call('POST', 'auth/userpass/login/per%2563ent', { body: { password: PASSWORD } }),
  );
  await expecting(
    400,
    stage.vault().call('POST', 'auth/userpass/login/percent', { body: { password: PASSWORD } }),
  );
  await expecting(200, stage.appgate().authenticate('per%63ent', PASSWORD));
});

it('S80 names with controls, bidi marks, zero-width and unassigned points are invalid in both dialects', async () => {
  const admin = await stage.administrator();
  for (const odd of ['a\u0000b', 'a\u200bb', 'a\u202eb', 'a\u0378b', 'a\u2028b', 'a\ufeffb', ' a', 'a ']) {
    const refused = await admin.post('/local-users', {
      name: odd,
      firstName: 'F',
      lastName: 'L',
      password: PASSWORD,
    });
    expect([odd, refused.status]).toEqual([odd, 422]);
    const path = `auth/userpass/users/${encodeURIComponent(odd)}`;
    await expecting(400, stage.root.write(path, { password: PASSWORD }));
  }
  const overlong = Buffer.from('{"name":"\xc0\xaf","firstName":"F","lastName":"L","password":"x"}', 'latin1');
  await expecting(400, admin.post('/local-users', overlong));
  await expecting(400, stage.root.call('POST', 'identity/entity', { body: overlong }));
});
