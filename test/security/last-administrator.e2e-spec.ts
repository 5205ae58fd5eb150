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

/** Everything that decides whether the tokens of these users still count. */
async function stampsOf(names: string[]): Promise<{ id: string; epoch: string; version: number }[]> {
  return stage.rows(
    `SELECT u.id, p.token_epoch AS epoch, u.credential_version AS version FROM local_users u
     JOIN accounts a ON a.id = u.account_id JOIN principals p ON p.id = a.principal_id WHERE u.name = ANY($1)`,
    [names],
  );
}

/** As if nobody had been disabled: the round begins with the tokens of the one before. */
async function restore(stamps: Awaited<ReturnType<typeof stampsOf>>): Promise<void> {
  for (const { id, epoch, version } of stamps) {
    await stage.rows('UPDATE local_users SET disabled = false, credential_version = $2 WHERE id = $1', [
      id,
      version,
    ]);
    await stage.rows(
      `UPDATE principals SET disabled = false, token_epoch = $2
       WHERE id = (SELECT a.principal_id FROM accounts a JOIN local_users u ON u.account_id = a.id WHERE u.id = $1)`,
      [id, epoch],
    );
  }
}

const ROUNDS = 200;

it(`S50 of two administrators who remove each other at once over two replicas one remains, ${ROUNDS} times`, async () => {
  const names = ['left', 'right'];
  for (const name of names) {
    await stage.addUser(name);
    await stage.makeAdministrator(name);
  }
  await stage.rows('UPDATE local_users SET disabled = NOT (name = ANY($1))', [names]);
  const left = await stage.appgate(0).final('left', PASSWORD);
  let right = await stage.appgate(1).final('right', PASSWORD);
  let victims = [await userNamed(left, 'right'), await userNamed(left, 'left')] as const;
  for (let round = 0; round < ROUNDS; round += 1) {
    const stamps = await stampsOf(names);
    const [ofLeft, ofRight] = await Promise.all([entityOf('left'), entityOf('right')]);
    const disable = (admin: AppgateClient, victim: 0 | 1) =>
      admin.put(`/local-users/${victims[victim].id}`, { ...victims[victim], disabled: true });
    const atVault = ({ entityId }: { entityId: string }, replica: number) =>
      stage.root.at(stage.servers[replica]!.url).write(`identity/entity/id/${entityId}`, { disabled: true });
    const acts = [
      [() => disable(left, 0), () => disable(right, 1)],
      [() => disable(left, 0), () => atVault(ofLeft, 1)],
      [() => atVault(ofRight, 0), () => disable(right, 1)],
      [() => atVault(ofRight, 0), () => atVault(ofLeft, 1)],
    ][round % 4]!;
    const removes = round % 10 === 9;
    if (removes) acts[0] = () => left.delete(`/local-users/${victims[0].id}`);
    const answers = await Promise.all(acts.map((act) => act()));
    const able = await stage.rows<{ name: string }>(
      `SELECT u.name FROM local_users u JOIN accounts a ON a.id = u.account_id JOIN principals p ON p.id = a.principal_id
       WHERE u.name = ANY($1) AND NOT u.disabled AND NOT p.disabled`,
      [names],
    );
    expect([round, able.length, answers.filter(({ status }) => status >= 500).length]).toEqual([round, 1, 0]);
    await restore(stamps);
    if (removes && able[0]!.name === 'left') {
      await stage.addUser('right');
      right = await stage.appgate(1).final('right', PASSWORD);
      victims = [await userNamed(left, 'right'), victims[1]];
    }
  }
  await stage.rows('UPDATE local_users SET disabled = false');
}, 120_000);
