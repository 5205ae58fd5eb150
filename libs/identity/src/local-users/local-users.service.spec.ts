import { randomUUID } from 'node:crypto';
import { SERVER } from '@sallyport/audit';
import { Database, DomainError, type Transaction } from '@sallyport/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../../test/support/core.js';
import { addUser, bind, type Person } from '../../../../test/support/people.js';
import { LocalUsersService, type LocalUserValues } from './local-users.service.js';

let core: Core;
let users: LocalUsersService;

beforeAll(async () => {
  core = await startCore();
  users = core.get(LocalUsersService);
});
afterAll(() => core.stop());

function inTransaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
  return core.get(Database).transaction(work);
}

async function replace({ user }: Person, change: Partial<LocalUserValues>): Promise<void> {
  const { name, firstName, lastName, email, phone, notes, tags, disabled, failedLoginAttempts, lockStart } =
    (await users.find(user.id))!;
  const values = {
    name,
    firstName,
    lastName,
    email,
    phone,
    notes,
    tags,
    disabled,
    failedLoginAttempts,
    lockStart,
    ...change,
  };
  await inTransaction(async (tx) => users.replace(tx, (await users.find(user.id, tx))!, values, SERVER));
}

/** The stamp of the person's tokens, and the version unfinished sign-ins are held against. */
async function stamps({ user, principalId }: Person): Promise<number[]> {
  const { rows } = await core.database.query(
    `SELECT p.token_epoch::int, u.credential_version FROM principals p, local_users u WHERE p.id = $1 AND u.id = $2`,
    [principalId, user.id],
  );
  return [rows[0].token_epoch, rows[0].credential_version];
}

describe('a new local user', () => {
  it('begins as a person nobody sees', async () => {
    const { principalId } = await addUser(core, 'Ada');
    const { rows } = await core.database.query('SELECT name FROM principals WHERE id = $1', [principalId]);
    expect(rows).toEqual([{ name: null }]);
  });

  it('is found by any spelling of its name', async () => {
    const { user } = await addUser(core, 'Zoë');
    for (const name of ['zoë', 'ZOË', 'zoe\u0308'])
      expect(await users.findByName(user.identityProviderId, name)).toMatchObject({
        id: user.id,
        name: 'Zoë',
      });
  });

  it.each(['Grace', 'GRACE', 'grace'])('may not take a name that is taken: %s', async (name) => {
    await addUser(core, 'Grace').catch(() => undefined);
    await expect(addUser(core, name)).rejects.toMatchObject({ kind: 'conflict', code: 'exists' });
  });

  it('may not take an id that is taken', async () => {
    const { user } = await addUser(core, 'first');
    await expect(addUser(core, 'second', { id: user.id })).rejects.toMatchObject({
      kind: 'conflict',
      code: 'exists',
    });
    expect(await users.findByName(user.identityProviderId, 'second')).toBe(null);
  });

  it("at a provider that is gone takes nobody's name", async () => {
    const lost = addUser(core, 'nowhere', { identityProviderId: randomUUID() });
    await expect(lost).rejects.toThrow('accounts_identity_provider_id_fkey');
  });

  it('is one of ten who ask for a name at once, and the rest get a conflict', async () => {
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => addUser(core, 'wanted')));
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(refused).toHaveLength(9);
    for (const reason of refused) expect(reason).toMatchObject({ kind: 'conflict', code: 'exists' });
    const { rows } = await core.database.query(
      `SELECT count(*)::int AS count FROM accounts WHERE name_canonical = 'wanted'`,
    );
    expect(rows).toEqual([{ count: 1 }]);
  });

  it('under the name of one who left is the same person again', async () => {
    const before = await addUser(core, 'returning');
    await bind(core, before.principalId);
    await inTransaction((tx) => users.remove(tx, before.user, SERVER));
    const after = await addUser(core, 'Returning');
    expect([after.accountId, after.principalId]).toEqual([before.accountId, before.principalId]);
    expect(after.user.id).not.toBe(before.user.id);
  });
});

describe('a change', () => {
  it('S39 of the password ends tokens and unfinished sign-ins', async () => {
    const person = await addUser(core, 'changing');
    const [epoch, version] = await stamps(person);
    await inTransaction((tx) => users.changePassword(tx, person.user, 'a new hash', SERVER));
    expect(await stamps(person)).toEqual([epoch! + 1, version! + 1]);
  });

  it('S39 that disables or renames ends them too; no other does', async () => {
    const person = await addUser(core, 'stamped');
    const [epoch, version] = await stamps(person);
    for (const change of [{ notes: 'x' }, { name: 'STAMPED' }, { tags: ['t'] }, { disabled: false }])
      await replace(person, change);
    expect(await stamps(person)).toEqual([epoch, version]);
    await replace(person, { disabled: true });
    expect(await stamps(person)).toEqual([epoch! + 1, version! + 1]);
    await replace(person, { disabled: false });
    await replace(person, { name: 'stamped-anew' });
    expect(await stamps(person)).toEqual([epoch! + 2, version! + 2]);
  });

  it('of the name takes the account along, and one that was left behind there gives way', async () => {
    const left = await addUser(core, 'left');
    await bind(core, left.principalId);
    await inTransaction((tx) => users.remove(tx, left.user, SERVER));
    const person = await addUser(core, 'moving');
    await replace(person, { name: 'Left' });
    const { rows } = await core.database.query(
      `SELECT id, principal_id, name FROM accounts WHERE name_canonical IN ('left', 'moving')`,
    );
    expect(rows).toEqual([{ id: person.accountId, principal_id: person.principalId, name: 'Left' }]);
  });

  it('of the name to one that is taken is a conflict, and of several at once one wins', async () => {
    await addUser(core, 'owner');
    const several = [
      await addUser(core, 'rival-1'),
      await addUser(core, 'rival-2'),
      await addUser(core, 'rival-3'),
    ];
    await expect(replace(several[0]!, { name: 'OWNER' })).rejects.toMatchObject({
      kind: 'conflict',
      code: 'exists',
    });
    const results = await Promise.allSettled(several.map((person) => replace(person, { name: 'prize' })));
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(refused).toHaveLength(2);
    for (const reason of refused) expect(reason).toMatchObject({ kind: 'conflict', code: 'exists' });
  });

  it('that sets the failures to none frees the account everywhere', async () => {
    const person = await addUser(core, 'locked', { failedLoginAttempts: 9 });
    await core.database.query(
      `INSERT INTO password_throttles (subject, network, failures, wait_until, updated_at) VALUES ($1, '127.0.0.0/24', 9, now() + interval '1 day', now())`,
      [person.accountId],
    );
    await replace(person, { failedLoginAttempts: 0 });
    const { rows } = await core.database.query(
      'SELECT failures, wait_until FROM password_throttles WHERE subject = $1',
      [person.accountId],
    );
    expect(rows).toEqual([{ failures: 0, wait_until: null }]);
  });

  it('S08 that leaves the failures at none frees a password that failures stopped, any other does not', async () => {
    const person = await addUser(core, 'stopped', { failedLoginAttempts: 9 });
    await core.database.query('UPDATE local_users SET password_stopped_at = now() WHERE id = $1', [
      person.user.id,
    ]);
    const isStopped = async () =>
      (
        await core.database.query(
          'SELECT password_stopped_at IS NOT NULL AS stopped FROM local_users WHERE id = $1',
          [person.user.id],
        )
      ).rows[0].stopped;
    await replace(person, { failedLoginAttempts: 9, notes: 'still' });
    expect(await isStopped()).toBe(true);
    await replace(person, { failedLoginAttempts: 0 });
    expect(await isStopped()).toBe(false);
  });
});

describe('a removal', () => {
  it('leaves nothing of a person nobody saw', async () => {
    const { user, accountId, principalId } = await addUser(core, 'passing');
    await inTransaction((tx) => users.remove(tx, user, SERVER));
    const { rows } = await core.database.query(
      'SELECT id FROM accounts WHERE id = $1 UNION SELECT id FROM principals WHERE id = $2',
      [accountId, principalId],
    );
    expect(rows).toEqual([]);
  });

  it('keeps account, person and seed of one that was seen', async () => {
    const { user, accountId, principalId } = await addUser(core, 'seen');
    await bind(core, principalId);
    await inTransaction((tx) => users.remove(tx, user, SERVER));
    const { rows } = await core.database.query(
      'SELECT a.id FROM accounts a JOIN totp_enrollments e USING (principal_id) WHERE a.principal_id = $1',
      [principalId],
    );
    expect(rows).toEqual([{ id: accountId }]);
  });

  it('is not done when its transaction is undone', async () => {
    const { user } = await addUser(core, 'staying');
    const undone = inTransaction(async (tx) => {
      await users.remove(tx, user, SERVER);
      throw new DomainError('conflict', 'undone', 'undone');
    });
    await expect(undone).rejects.toMatchObject({ code: 'undone' });
    expect(await users.find(user.id)).toMatchObject({ name: 'staying' });
    expect(await users.find(randomUUID())).toBe(null);
  });
});
