import { SERVER } from '@sallyport/audit';
import { DomainError } from '@sallyport/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../../test/support/core.js';
import { addUser, bind, type Person } from '../../../../test/support/people.js';
import { EntitiesService, type EntityValues } from './entities.service.js';

const ALLOW = async () => undefined;

let core: Core;
let entities: EntitiesService;

beforeAll(async () => {
  core = await startCore();
  entities = core.get(EntitiesService);
});
afterAll(() => core.stop());

function write(values: EntityValues) {
  return entities.write(values, SERVER, ALLOW);
}

async function stamps({ user, principalId }: Pick<Person, 'user' | 'principalId'>): Promise<number[]> {
  const { rows } = await core.database.query(
    `SELECT coalesce((SELECT token_epoch::int FROM principals WHERE id = $1), -1) AS epoch, u.credential_version AS version FROM local_users u WHERE u.id = $2`,
    [principalId, user.id],
  );
  return [rows[0].epoch, rows[0].version];
}

describe('an entity', () => {
  it('without a name gets one of its own', async () => {
    const { entity, created } = await write({});
    expect(created).toBe(true);
    expect(entity).toMatchObject({
      name: expect.stringMatching(/^entity_[0-9a-f]{8}$/),
      metadata: {},
      policies: [],
      disabled: false,
    });
  });

  it('is found by its name in any spelling, and changed by it; absent fields keep their value', async () => {
    const { entity } = await write({ name: 'Zoë', metadata: { team: 'a' }, policies: ['ops'] });
    const changed = await write({ name: 'zoe\u0308', policies: ['dev'] });
    expect(changed.created).toBe(false);
    expect(await entities.findByName('ZOË')).toMatchObject({
      id: entity.id,
      metadata: { team: 'a' },
      policies: ['dev'],
    });
  });

  it('that five make at once under one name is one', async () => {
    const written = await Promise.all(Array.from({ length: 5 }, () => write({ name: 'at-once' })));
    expect(new Set(written.map(({ entity }) => entity.id)).size).toBe(1);
    expect(written.filter(({ created }) => created)).toHaveLength(1);
  });

  it('is renamed by its id, and not to a name that is taken', async () => {
    const { entity } = await write({ name: 'before' });
    await write({ name: 'taken' });
    await write({ id: entity.id, name: 'after' });
    expect([await entities.findByName('before'), await entities.findByName('after')]).toMatchObject([
      null,
      { id: entity.id },
    ]);
    await expect(write({ id: entity.id, name: 'TAKEN' })).rejects.toMatchObject({
      kind: 'invalid',
      code: 'entity-name-taken',
    });
  });

  it('may not be given root, nor be changed under an unknown id', async () => {
    await expect(write({ name: 'rooted', policies: ['root'] })).rejects.toMatchObject({
      code: 'root-policy',
    });
    expect(await entities.findByName('rooted')).toBe(null);
    await expect(write({ id: '00000000-0000-4000-8000-00000000dead' })).rejects.toMatchObject({
      code: 'entity-not-found',
    });
  });

  it('is not there while nobody has seen its person', async () => {
    const { principalId } = await addUser(core, 'hidden');
    expect(await entities.find(principalId)).toBe(null);
    await bind(core, principalId);
    expect(await entities.find(principalId)).toMatchObject({ id: principalId });
    expect(await entities.accountsOf([principalId])).toMatchObject([{ name: 'hidden' }]);
  });

  it('S39 that is disabled loses its tokens once, and enabling does not bring them back', async () => {
    const person = await addUser(core, 'disabling');
    await bind(core, person.principalId);
    const [epoch] = await stamps(person);
    for (const disabled of [true, true, false]) await write({ id: person.principalId, disabled });
    expect(await stamps(person)).toEqual([epoch! + 1, 0]);
  });

  it('is as before where the judge says no', async () => {
    const { entity } = await write({ name: 'judged' });
    const refuse = async () => Promise.reject(new DomainError('conflict', 'last-administrator', 'no'));
    await expect(entities.write({ id: entity.id, disabled: true }, SERVER, refuse)).rejects.toMatchObject({
      code: 'last-administrator',
    });
    await expect(entities.remove(entity.id, SERVER, refuse)).rejects.toMatchObject({
      code: 'last-administrator',
    });
    expect(await entities.find(entity.id)).toMatchObject({ disabled: false });
  });

  it('S39 that is deleted takes seeds and tokens along; its user begins anew as somebody nobody sees', async () => {
    const person = await addUser(core, 'leaving');
    await bind(core, person.principalId);
    await entities.remove(person.principalId, SERVER, ALLOW);
    expect(await stamps(person)).toEqual([-1, 1]);
    const { rows } = await core.database.query(
      `SELECT p.id, p.name, a.id AS account_id, a.name AS account_name FROM local_users u JOIN accounts a ON a.id = u.account_id JOIN principals p ON p.id = a.principal_id WHERE u.id = $1`,
      [person.user.id],
    );
    expect(rows).toEqual([
      { id: expect.any(String), name: null, account_id: expect.any(String), account_name: 'leaving' },
    ]);
    expect(rows[0].id).not.toBe(person.principalId);
    expect(rows[0].account_id).not.toBe(person.accountId);
    expect(
      (
        await core.database.query('SELECT 1 FROM totp_enrollments WHERE principal_id = $1', [
          person.principalId,
        ])
      ).rows,
    ).toEqual([]);
  });

  it('that is not there is removed without a trace', async () => {
    await entities.remove('00000000-0000-4000-8000-00000000dead', SERVER, async () =>
      Promise.reject(new Error('not asked')),
    );
  });
});
