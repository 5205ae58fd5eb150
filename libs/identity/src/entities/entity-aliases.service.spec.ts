import { SERVER } from '@sallyport/audit';
import { Database } from '@sallyport/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../../test/support/core.js';
import { addUser, bind, type Person } from '../../../../test/support/people.js';
import { LocalUsersService } from '../local-users/local-users.service.js';
import { AuthMountsService } from '../mounts/auth-mounts.service.js';
import { PeopleService } from '../people/people.service.js';
import { IdentityProvidersService } from '../providers/identity-providers.service.js';
import { EntitiesService } from './entities.service.js';
import { type AliasValues, EntityAliasesService } from './entity-aliases.service.js';

const ALLOW = async () => undefined;
const MOUNT = {
  description: '',
  defaultLeaseTtl: 0,
  maxLeaseTtl: 0,
  listingVisibility: null,
  tokenType: 'default-service',
};

let core: Core;
let aliases: EntityAliasesService;
let mountAccessor: string;

beforeAll(async () => {
  core = await startCore();
  aliases = core.get(EntityAliasesService);
  ({ accessor: mountAccessor } = await core.get(AuthMountsService).attach('userpass', MOUNT, SERVER));
});
afterAll(() => core.stop());

function write(values: AliasValues) {
  return aliases.write(values, SERVER, ALLOW);
}

async function addEntity(name: string): Promise<string> {
  return (await core.get(EntitiesService).write({ name }, SERVER, ALLOW)).entity.id;
}

async function principalOf({ user }: Person): Promise<string> {
  const { rows } = await core.database.query(
    'SELECT a.principal_id FROM local_users u JOIN accounts a ON a.id = u.account_id WHERE u.id = $1',
    [user.id],
  );
  return rows[0].principal_id;
}

describe('an alias', () => {
  it('may wait for a user that is made later', async () => {
    const entityId = await addEntity('waiting');
    const { alias } = await write({
      name: 'Later',
      mountAccessor,
      canonicalId: entityId,
      customMetadata: { a: 'b' },
    });
    const person = await addUser(core, 'later');
    expect([person.accountId, person.principalId]).toEqual([alias.id, entityId]);
    expect(await aliases.find(alias.id)).toMatchObject({ name: 'Later', customMetadata: { a: 'b' } });
  });

  it('that is made together with its user becomes the login of that user, whoever comes first', async () => {
    for (let round = 0; round < 20; round += 1) {
      const name = `together-${round}`;
      const entityId = await addEntity(name);
      const { id: providerId } = await core.get(IdentityProvidersService).local();
      const [{ alias }] = await Promise.all([
        write({ name, mountAccessor, canonicalId: entityId }),
        core.get(Database).transaction((tx) => core.get(PeopleService).accountFor(tx, providerId, name)),
      ]);
      expect(await aliases.find(alias.id)).toMatchObject({ principalId: entityId, name });
    }
  });

  it('without an entity gets one of its own', async () => {
    const { alias } = await write({ name: 'alone', mountAccessor });
    expect(await core.get(EntitiesService).find(alias.principalId)).toMatchObject({
      name: expect.stringMatching(/^entity_/),
    });
  });

  it('is changed by its mount and name in any spelling, and the same again changes nothing', async () => {
    const { alias } = await write({ name: 'Zoë', mountAccessor });
    expect(await write({ name: 'ZOË', mountAccessor, customMetadata: { x: 'y' } })).toMatchObject({
      alias: { id: alias.id },
      changed: true,
    });
    expect(await write({ name: 'zoë', mountAccessor, customMetadata: { x: 'y' } })).toMatchObject({
      alias: { id: alias.id },
      changed: false,
    });
  });

  it('that five make at once under one name is one', async () => {
    const written = await Promise.all(
      Array.from({ length: 5 }, () => write({ name: 'at-once', mountAccessor })),
    );
    expect(new Set(written.map(({ alias }) => alias.id)).size).toBe(1);
  });

  it.each<[string, AliasValues, string]>([
    ['no name', { mountAccessor: 'x' }, 'alias-incomplete'],
    ['no mount', { name: 'x' }, 'alias-incomplete'],
    ['an unknown mount', { name: 'x', mountAccessor: 'auth_userpass_none' }, 'unknown-mount'],
  ])('is refused with %s', async (_, values, code) => {
    await expect(write(values)).rejects.toMatchObject({ kind: 'invalid', code });
  });

  it('is refused for an entity that is not there, for one nobody sees, and for one that has one on this mount', async () => {
    const hidden = await addUser(core, 'hidden');
    for (const canonicalId of ['00000000-0000-4000-8000-00000000dead', hidden.principalId])
      await expect(write({ name: 'nobody', mountAccessor, canonicalId })).rejects.toMatchObject({
        code: 'unknown-entity',
      });
    const entityId = await addEntity('busy');
    await write({ name: 'busy-one', mountAccessor, canonicalId: entityId });
    await expect(write({ name: 'busy-two', mountAccessor, canonicalId: entityId })).rejects.toMatchObject({
      code: 'alias-exists',
    });
  });

  it('S39 that moves takes the login along, not the seeds, and ends what the former person held', async () => {
    const person = await addUser(core, 'moving');
    await bind(core, person.principalId);
    const entityId = await addEntity('destination');
    const epoch = async () =>
      (
        await core.database.query('SELECT token_epoch::int AS epoch FROM principals WHERE id = $1', [
          person.principalId,
        ])
      ).rows[0].epoch;
    const before = await epoch();
    await write({ id: person.accountId, canonicalId: entityId });
    expect([await principalOf(person), await epoch()]).toEqual([entityId, before + 1]);
    const { rows } = await core.database.query(
      'SELECT principal_id FROM totp_enrollments WHERE principal_id = ANY($1)',
      [[person.principalId, entityId]],
    );
    expect(rows).toEqual([{ principal_id: person.principalId }]);
  });

  it('of a person nobody saw leaves nothing of it behind when it moves', async () => {
    const person = await addUser(core, 'passing');
    const entityId = await addEntity('catcher');
    await write({ name: 'passing', mountAccessor, canonicalId: entityId });
    expect(await principalOf(person)).toBe(entityId);
    expect(
      (await core.database.query('SELECT 1 FROM principals WHERE id = $1', [person.principalId])).rows,
    ).toEqual([]);
  });

  it('of a user is renamed with the user and not alone; one without a user may be', async () => {
    const person = await addUser(core, 'named');
    await bind(core, person.principalId);
    await expect(write({ id: person.accountId, name: 'other' })).rejects.toMatchObject({
      code: 'alias-name-taken',
    });
    const { alias } = await write({ name: 'free', mountAccessor });
    expect(await write({ id: alias.id, name: 'freer' })).toMatchObject({ alias: { nameCanonical: 'freer' } });
    await expect(write({ id: alias.id, name: 'NAMED' })).rejects.toMatchObject({ code: 'alias-name-taken' });
  });

  it('S39 that is removed gives its user a new beginning; one without a user is gone', async () => {
    const person = await addUser(core, 'removed');
    await bind(core, person.principalId);
    await aliases.remove(person.accountId, SERVER, ALLOW);
    expect(await principalOf(person)).not.toBe(person.principalId);
    expect(await core.get(LocalUsersService).find(person.user.id)).toMatchObject({ credentialVersion: 1 });
    const { alias } = await write({ name: 'short', mountAccessor });
    await aliases.remove(alias.id, SERVER, ALLOW);
    expect(await aliases.find(alias.id)).toBe(null);
  });

  it('of a person nobody saw is not there', async () => {
    const { accountId } = await addUser(core, 'unseen');
    expect(await aliases.find(accountId)).toBe(null);
    expect((await aliases.list()).map(({ id }) => id)).not.toContain(accountId);
  });
});
