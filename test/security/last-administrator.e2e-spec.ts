import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AppgateClient } from '../support/appgate-client.js';
import { type Answer, expecting } from '../support/send.js';
import { PASSWORD, Stage } from '../support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(2);
});
afterAll(() => stage.close());

const FORBIDDEN_LAST = {
  id: 'unprocessable entity',
  message: 'The request is not valid.',
  errors: [{ field: 'disabled', message: 'must leave a full administrator' }],
};

async function userNamed(admin: AppgateClient, name: string): Promise<{ id: string; name: string }> {
  const { data } = (await expecting(200, admin.get(`/local-users?query=${name}`))).body;
  return data.find((user: { name: string }) => user.name === name);
}

async function setDisabled(admin: AppgateClient, name: string, disabled: boolean): Promise<Answer> {
  const user = await userNamed(admin, name);
  return admin.put(`/local-users/${user.id}`, { ...user, disabled });
}

async function entityOf(name: string): Promise<{ entityId: string; aliasId: string }> {
  const [row] = await stage.rows('SELECT id, principal_id FROM accounts WHERE name = $1', [name]);
  return { entityId: row!.principal_id, aliasId: row!.id };
}

it('S50 the only full administrator can be ended by no route', async () => {
  const admin = await stage.administrator();
  const { entityId, aliasId } = await entityOf('admin');
  const refused = await setDisabled(admin, 'admin', true);
  expect([refused.status, refused.body]).toEqual([422, FORBIDDEN_LAST]);
  const { id } = await userNamed(admin, 'admin');
  expect((await expecting(403, admin.delete(`/local-users/${id}`))).body.message).toBe(
    'Built-in objects cannot be deleted.',
  );
  expect((await expecting(400, stage.root.remove('auth/userpass/users/admin'))).body).toEqual({
    errors: ['built-in user cannot be deleted'],
  });
  for (const attempt of [
    () => stage.root.write(`identity/entity/id/${entityId}`, { disabled: true }),
    () => stage.root.remove(`identity/entity/id/${entityId}`),
    () => stage.root.remove(`identity/entity-alias/id/${aliasId}`),
  ]) {
    const answer = await attempt();
    // An alias that is taken away leaves its user; whatever is answered, the administrator is still one.
    expect(answer.status === 400 || answer.status === 204).toBe(true);
    await expecting(200, stage.appgate(1).logIn('admin', stage.first.adminPassword));
  }
  expect(
    (await stage.root.write(`identity/entity/id/${(await entityOf('admin')).entityId}`, { disabled: true }))
      .status,
  ).toBe(400);
});

it('S50 a second administrator frees the first, and is then the last', async () => {
  await stage.addUser('second');
  await stage.makeAdministrator('second');
  const second = await stage.appgate().final('second', PASSWORD);
  await expecting(200, setDisabled(second, 'admin', true));
  await expecting(401, stage.appgate(1).logIn('admin', stage.first.adminPassword));
  expect((await setDisabled(second, 'second', true)).body).toEqual(FORBIDDEN_LAST);
  const user = await userNamed(second, 'second');
  expect((await expecting(409, second.delete(`/local-users/${user.id}`))).body).toEqual({
    id: 'conflict',
    message: 'A full administrator must remain.',
  });
  expect((await second.put(`/local-users/${user.id}`, { ...user, name: 'renamed' })).status).toBe(422);
  await expecting(400, stage.root.remove('auth/userpass/users/second'));
  const { entityId } = await entityOf('second');
  await expecting(400, stage.root.write(`identity/entity/id/${entityId}`, { disabled: true }));
  const off = (await expecting(200, stage.root.write('identity/entity', { name: 'off', disabled: true })))
    .body.data.id;
  const moved = { name: 'second', canonical_id: off, mount_accessor: stage.accessor };
  await expecting(400, stage.root.write('identity/entity-alias', moved));
  await expecting(200, second.get('/local-users'));
  await expecting(200, setDisabled(second, 'admin', false));
});

it('S50 two administrators who disable each other at once leave one', async () => {
  for (let round = 0; round < 12; round += 1) {
    await stage.rows('UPDATE local_users SET disabled = false');
    const one = await stage.administrator(0);
    const other = await stage.appgate(1).final('second', PASSWORD);
    const victims = [await userNamed(one, 'second'), await userNamed(other, 'admin')] as const;
    const answers = await Promise.all([
      one.put(`/local-users/${victims[0].id}`, { ...victims[0], disabled: true }),
      round % 2 === 0
        ? other.put(`/local-users/${victims[1].id}`, { ...victims[1], disabled: true })
        : other.delete(`/local-users/${victims[0].id}`),
    ]);
    const [{ enabled }] = (await stage.rows(
      `SELECT count(*)::int AS enabled FROM local_users WHERE name IN ('admin', 'second') AND NOT disabled`,
    )) as [{ enabled: number }];
    expect([round, enabled >= 1, answers.every(({ status }) => status < 500)]).toEqual([round, true, true]);
    if (round % 2 === 0) continue;
    await stage.addUser('second');
  }
  await stage.rows('UPDATE local_users SET disabled = false');
});
