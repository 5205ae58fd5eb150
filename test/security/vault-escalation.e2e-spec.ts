import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, expecting } from '../support/send.js';
import { DEFAULT_METHOD, PASSWORD, Stage } from '../support/stage.js';
import type { VaultClient } from '../support/vault-client.js';

const DENIED = [403, { errors: ['1 error occurred:\n\t* permission denied\n\n'] }];
const LAST = [400, { errors: ['a full administrator must remain'] }];
const CHANGING = '["create", "read", "update", "delete", "list"]';

/** What a help desk writes: every route about persons, and nothing else. */
const HELP_DESK = [
  'auth/userpass/users/*',
  'identity/entity',
  'identity/entity/*',
  'identity/entity-alias',
  'identity/entity-alias/*',
  'identity/mfa/method/totp/admin-generate',
  'identity/mfa/method/totp/admin-destroy',
]
  .map((path) => `path "${path}" { capabilities = ${CHANGING} }`)
  .join('\n');

const MORE = 'path "sys/auth/*" { capabilities = ["create", "update", "sudo"] }';

let stage: Stage;
let desk: VaultClient;
let deskEntity: string;
let round = 0;

beforeAll(async () => {
  stage = await Stage.open();
  await writePolicy('help-desk', HELP_DESK);
  await writePolicy('more', MORE);
  await writePolicy('some', 'path "auth/userpass/users/nobody" { capabilities = ["read"] }');
  // `default` lets one read one's own entity, and by that not change it (vault.md §12: only the winning pattern counts).
  const fields = { token_policies: 'help-desk', token_no_default_policy: true };
  ({ client: desk, entityId: deskEntity } = await person('desk', fields));
});
afterAll(() => stage.close());
beforeEach(() => (round += 1));

function writePolicy(name: string, policy: string): Promise<Answer> {
  return expecting(204, stage.root.write(`sys/policies/acl/${name}`, { policy }));
}

interface SignedIn {
  name: string;
  client: VaultClient;
  entityId: string;
  aliasId: string;
}

/** A user who has signed in. */
async function person(name: string, fields: object = {}): Promise<SignedIn> {
  await stage.addUser(name, fields);
  const { auth } = (await expecting(200, stage.vault().logIn(name, PASSWORD))).body;
  const [account] = await stage.rows('SELECT id FROM accounts WHERE name = $1', [name]);
  return {
    name,
    client: stage.vault().with(auth.client_token),
    entityId: auth.entity_id,
    aliasId: account!.id,
  };
}

function told({ status, body }: Answer): unknown[] {
  return [status, body];
}

/** Everything that is kept of persons and what they hold. */
async function contents(): Promise<unknown> {
  return stage.rows(
    `SELECT p.*, a.id AS account, u.name AS user_name, u.password_hash, u.token_settings, u.credential_version, e.id AS enrollment
     FROM principals p LEFT JOIN accounts a ON a.principal_id = p.id LEFT JOIN local_users u ON u.account_id = a.id
     LEFT JOIN totp_enrollments e ON e.principal_id = p.id ORDER BY p.id, a.id, e.id`,
  );
}

describe('S48 nobody hands out at /v1 what they do not hold', () => {
  const channels: [string, (policies: string) => Promise<Answer>][] = [
    [
      'to a new user',
      (token_policies) =>
        desk.write(`auth/userpass/users/new-${round}`, { password: PASSWORD, token_policies }),
    ],
    [
      'to a new user by the old name of the field',
      (policies) => desk.write(`auth/userpass/users/new-${round}`, { password: PASSWORD, policies }),
    ],
    [
      'to a user',
      async (token_policies) => {
        await stage.addUser(`user-${round}`);
        return desk.write(`auth/userpass/users/user-${round}`, { token_policies });
      },
    ],
    [
      'to a user by the route of policies',
      async (token_policies) => {
        await stage.addUser(`user-${round}`);
        return desk.write(`auth/userpass/users/user-${round}/policies`, { token_policies });
      },
    ],
    ['to a new entity', (policies) => desk.write('identity/entity', { name: `new-${round}`, policies })],
    [
      'to an entity',
      async (policies) => {
        const { entityId } = await person(`person-${round}`);
        return desk.write(`identity/entity/id/${entityId}`, { policies });
      },
    ],
    ['to oneself', (policies) => desk.write(`identity/entity/id/${deskEntity}`, { policies })],
    [
      "to one's own user",
      (token_policies) => desk.write('auth/userpass/users/desk/policies', { token_policies }),
    ],
  ];

  it.each(channels)('%s', async (_, write) => {
    for (const policies of ['more', 'help-desk,more', ' MORE ']) {
      expect(told(await write(policies))).toEqual(DENIED);
      expect(JSON.stringify(await contents())).not.toContain('"more"');
    }
    expect((await write('help-desk')).status).toBeLessThan(300);
  });

  it.each(channels)('%s: the name of a policy that nobody has written yet neither', async (_, write) => {
    expect(told(await write(`planned-${round}`))).toEqual(DENIED);
    await writePolicy(
      'writes-policies',
      `path "sys/policies/acl/planned-${round}" { capabilities = ["create"] }`,
    );
    await expecting(
      204,
      stage.root.write(`identity/entity/id/${deskEntity}`, { policies: ['writes-policies'] }),
    );
    expect((await write(`planned-${round}`)).status).toBeLessThan(300);
    await expecting(204, stage.root.write(`identity/entity/id/${deskEntity}`, { policies: [] }));
    await expecting(204, stage.root.write('auth/userpass/users/desk', { token_policies: 'help-desk' }));
  });

  it('but somebody for whom one is planned may be acted on', async () => {
    await stage.addUser(`user-${round}`, { token_policies: `planned-${round}` });
    const path = `auth/userpass/users/user-${round}`;
    await expecting(204, desk.write(`${path}/password`, { password: `${PASSWORD} x` }));
  });

  it.each([' root', 'Root', 'ROOT', 'root '])('S51 %j is root', async (name) => {
    expect(told(await desk.write('identity/entity', { name: `n-${round}`, policies: [name] }))).toEqual([
      400,
      { errors: ['policies cannot contain root'] },
    ]);
    await stage.addUser(`user-${round}`);
    const path = `auth/userpass/users/user-${round}/policies`;
    expect((await desk.write(path, { token_policies: [name] })).status).toBe(403);
  });

  it.each(['ro\u200bot', '\uff4dore', 'more/', 'more\0'])('S51 %j passes for no other name', async (name) => {
    await stage.addUser(`user-${round}`);
    const path = `auth/userpass/users/user-${round}/policies`;
    await desk.write(path, { token_policies: [name] });
    const { body } = await stage.root.read(`auth/userpass/users/user-${round}`);
    expect(body.data.token_policies).not.toContain('more');
    expect(body.data.token_policies).not.toContain('root');
  });

  it('and whoever loses a policy meanwhile hands it out no more', async () => {
    const giver = await person(`giver-${round}`, { token_policies: 'help-desk' });
    await expecting(204, stage.root.write(`identity/entity/id/${giver.entityId}`, { policies: ['more'] }));
    const give = (name: string) =>
      giver.client.write(`auth/userpass/users/${name}`, { password: PASSWORD, token_policies: 'more' });
    await expecting(204, give(`given-${round}`));
    const [taken, given] = await Promise.all([
      stage.root.write(`identity/entity/id/${giver.entityId}`, { policies: [] }),
      give(`late-${round}`),
    ]);
    expect([taken.status, [204, 403]]).toEqual([204, expect.arrayContaining([given.status])]);
    expect(told(await give(`later-${round}`))).toEqual(DENIED);
  });
});

describe('S48 nobody takes off what denies them something', () => {
  /** May do everything by one policy, and is denied one thing by another; that one comes by the user, the entity or a group. */
  async function restricted(by: 'user' | 'entity' | 'group'): Promise<SignedIn & { groupId: string }> {
    await writePolicy(
      'everything',
      'path "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }',
    );
    await writePolicy('no-policies', 'path "sys/policies/*" { capabilities = ["deny"] }');
    const name = `bound-${by}-${round}`;
    const token_policies = by === 'user' ? 'everything,no-policies' : 'everything';
    await stage.addUser(name, { token_policies, token_no_default_policy: true });
    const first = (await expecting(200, stage.vault().logIn(name, PASSWORD))).body.auth;
    const member_entity_ids = [first.entity_id];
    const policies = by === 'group' ? ['no-policies'] : [];
    const group = await expecting(200, stage.root.write('identity/group', { policies, member_entity_ids }));
    if (by === 'entity')
      await expecting(
        204,
        stage.root.write(`identity/entity/id/${first.entity_id}`, { policies: ['no-policies'] }),
      );
    const [account] = await stage.rows('SELECT id FROM accounts WHERE name = $1', [name]);
    return {
      name,
      client: stage.vault().with(first.client_token),
      entityId: first.entity_id,
      aliasId: account!.id,
      groupId: group.body.data.id,
    };
  }

  type Act = (bound: Awaited<ReturnType<typeof restricted>>, by: VaultClient) => Promise<Answer>;
  const freshEntity = async (by: VaultClient) =>
    (await expecting(200, by.write('identity/entity', { name: `fresh-${randomUUID()}` }))).body.data.id;
  const acts: ['user' | 'entity' | 'group', string, Act][] = [
    [
      'user',
      'by the policies of the user',
      ({ name }, by) => by.write(`auth/userpass/users/${name}/policies`, { token_policies: 'everything' }),
    ],
    [
      'user',
      'with the user',
      ({ name }, by) => by.write(`auth/userpass/users/${name}`, { token_policies: 'everything' }),
    ],
    [
      'entity',
      'by the policies of the entity',
      ({ entityId }, by) => by.write('identity/entity', { id: entityId, policies: [] }),
    ],
    ['entity', 'by the end of the entity', ({ entityId }, by) => by.remove(`identity/entity/id/${entityId}`)],
    [
      'entity',
      'by the end of several entities',
      ({ entityId }, by) => by.write('identity/entity/batch-delete', { entity_ids: [entityId] }),
    ],
    [
      'entity',
      'by taking the login away',
      ({ aliasId }, by) => by.remove(`identity/entity-alias/id/${aliasId}`),
    ],
    [
      'entity',
      'by moving the login',
      async ({ aliasId }, by) =>
        by.write('identity/entity-alias', { id: aliasId, canonical_id: await freshEntity(by) }),
    ],
    [
      'entity',
      'by a merge',
      async ({ entityId }, by) =>
        by.write('identity/entity/merge', {
          to_entity_id: await freshEntity(by),
          from_entity_ids: [entityId],
        }),
    ],
    [
      'group',
      'by the policies of a group',
      ({ groupId }, by) => by.write(`identity/group/id/${groupId}`, { policies: [] }),
    ],
    [
      'group',
      'by leaving a group',
      ({ groupId }, by) => by.write(`identity/group/id/${groupId}`, { member_entity_ids: [] }),
    ],
    ['group', 'by the end of a group', ({ groupId }, by) => by.remove(`identity/group/id/${groupId}`)],
    ['group', 'by the end of the entity', ({ entityId }, by) => by.remove(`identity/entity/id/${entityId}`)],
  ];

  it.each(acts)('that comes by the %s, %s', async (by, _, act) => {
    const bound = await restricted(by);
    const writes = (client: VaultClient) =>
      client.write(`sys/policies/acl/mine-${round}`, { policy: 'path "x" { capabilities = ["read"] }' });
    expect(told(await act(bound, bound.client))).toEqual(DENIED);
    const again = (await expecting(200, stage.vault().logIn(bound.name, PASSWORD))).body.auth;
    for (const client of [bound.client, stage.vault().with(again.client_token)])
      expect((await writes(client)).status).toBe(403);
    const free = await person(`free-${round}-${by}`, { token_policies: 'everything' });
    expect((await act(bound, free.client)).status).toBeLessThan(300);
  });

  it.each(acts.filter(([by, text]) => by === 'group' && text !== 'by the end of the entity'))(
    'from others either: that comes by the %s, %s',
    async (by, _, act) => {
      const bound = await restricted(by);
      await writePolicy('groups', `path "identity/group/*" { capabilities = ${CHANGING} }`);
      const keeper = await person(`keeper-${round}`, { token_policies: 'groups' });
      expect(told(await act(bound, keeper.client))).toEqual(DENIED);
    },
  );

  describe('that comes by the user, where the person may', () => {
    async function half(): Promise<Awaited<ReturnType<typeof restricted>>> {
      const bound = await restricted('user');
      await expecting(
        204,
        stage.root.write(`identity/entity/id/${bound.entityId}`, { policies: ['everything'] }),
      );
      return bound;
    }

    it('by another login', async () => {
      const { client, entityId } = await half();
      await expecting(204, stage.root.write(`sys/auth/second-${round}`, { type: 'userpass' }));
      const { accessor } = (await expecting(200, stage.root.read(`sys/auth/second-${round}`))).body.data;
      const alias = { name: 'second', mount_accessor: accessor };
      const give = () => client.write('identity/entity-alias', { ...alias, canonical_id: entityId });
      expect(told(await give())).toEqual(DENIED);
      await expecting(204, client.write(`auth/second-${round}/users/second`, { password: PASSWORD }));
      expect(told(await give())).toEqual(DENIED);
      const other = await expecting(200, client.write('identity/entity-alias', alias));
      const merge = { to_entity_id: entityId, from_entity_ids: [other.body.data.canonical_id] };
      expect(told(await client.write('identity/entity/merge', merge))).toEqual(DENIED);
    });

    it('by a child token', async () => {
      const { client } = await half();
      const create = (policies: string[]) =>
        client.write('auth/token/create', { policies, no_default_policy: true });
      expect((await create(['everything'])).status).toBe(403);
      expect((await create(['default'])).status).toBe(403);
      await expecting(200, create(['no-policies']));
    });
  });

  it('but whoever is merged with their groups keeps what these deny', async () => {
    const { client, entityId } = await restricted('group');
    const merge = { to_entity_id: await freshEntity(client), from_entity_ids: [entityId] };
    await expecting(204, client.write('identity/entity/merge', merge));
  });
});

describe('S48 what fills in templates opens no path the writer may not use', () => {
  const TEAM = 'path "team/{{identity.entity.metadata.team}}/*" { capabilities = ["read", "update"] }';

  it("of another person's policy, and of one's own", async () => {
    await writePolicy('team', TEAM);
    await writePolicy('team-a', 'path "team/a/*" { capabilities = ["read", "update"] }');
    const fields = { token_policies: 'help-desk,team,team-a', token_no_default_policy: true };
    const lead = await person(`lead-${round}`, fields);
    await expecting(
      204,
      stage.root.write(`identity/entity/id/${lead.entityId}`, { metadata: { team: 'a' } }),
    );
    const member = await person(`member-${round}`, { token_policies: 'team' });
    for (const { entityId } of [lead, member]) {
      const write = (team: string) =>
        lead.client.write(`identity/entity/id/${entityId}`, { metadata: { team, note: 'x' } });
      expect(told(await write('finance'))).toEqual(DENIED);
      await expecting(204, write('a'));
    }
  });

  it('of a login', async () => {
    const path = `team/{{identity.entity.aliases.${stage.accessor}.custom_metadata.team}}/*`;
    await writePolicy('by-login', `path "${path}" { capabilities = ["read"] }`);
    const lead = await person(`lead-${round}`, {
      token_policies: 'help-desk,by-login',
      token_no_default_policy: true,
    });
    const write = (custom_metadata: object) =>
      lead.client.write(`identity/entity-alias/id/${lead.aliasId}`, { custom_metadata });
    expect(told(await write({ team: 'finance' }))).toEqual(DENIED);
    await expecting(200, write({ other: 'x' }));
  });
});

describe('S48 what fills in templates counts with every policy one may get a token for', () => {
  it('with `default`, whatever has been written into it', async () => {
    const text = (await expecting(200, stage.root.read('sys/policies/acl/default'))).body.data.policy;
    await writePolicy(
      'default',
      `${text}\npath "home/{{identity.entity.name}}/*" { capabilities = ["read"] }`,
    );
    const { client, entityId } = await person(`named-${round}`, { token_policies: 'help-desk' });
    const rename = (name: string) => client.write('identity/entity', { id: entityId, name });
    expect(told(await rename('finance'))).toEqual(DENIED);
    await expecting(403, client.read('home/finance/x'));
    await writePolicy('default', text);
    await expecting(204, rename('finance'));
  });

  it('with those of a token alone', async () => {
    await writePolicy(
      'by-token',
      'path "team/{{identity.entity.metadata.team}}/*" { capabilities = ["read"] }',
    );
    const { entityId } = await person(`aliased-${round}`, { token_policies: 'help-desk' });
    const role = {
      allowed_policies: 'help-desk,by-token',
      orphan: true,
      allowed_entity_aliases: `aliased-${round}`,
    };
    await expecting(204, stage.root.write('auth/token/roles/by-token', role));
    const made = await stage.root.write('auth/token/create/by-token', { entity_alias: `aliased-${round}` });
    const holder = stage.vault().with(made.body.auth.client_token);
    const fields = { id: entityId, metadata: { team: 'finance' } };
    expect(told(await holder.write('identity/entity', fields))).toEqual(DENIED);
    expect(told(await desk.write('identity/entity', fields))).toEqual(DENIED);
    await expecting(403, holder.read('team/finance/x'));
  });
});

describe('S53 nobody exempts a login from an enforcement they could not write', () => {
  const acts: [string, (owing: SignedIn, other: SignedIn) => Promise<Answer>][] = [
    [
      'by moving it to another person',
      ({ name }, other) =>
        desk.write('identity/entity-alias', {
          name,
          mount_accessor: stage.accessor,
          canonical_id: other.entityId,
        }),
    ],
    ['by taking it away', ({ aliasId }) => desk.remove(`identity/entity-alias/id/${aliasId}`)],
    ['by deleting the person', ({ entityId }) => desk.remove(`identity/entity/id/${entityId}`)],
    [
      'by deleting several persons',
      ({ entityId }) => desk.write('identity/entity/batch-delete', { entity_ids: [entityId] }),
    ],
    [
      'by merging persons',
      ({ entityId }, other) =>
        desk.write('identity/entity/merge', {
          to_entity_id: other.entityId,
          from_entity_ids: [entityId],
          conflicting_alias_ids_to_keep: [other.aliasId],
        }),
    ],
  ];

  describe.each(['entity', 'group'] as const)('that names their %s', (by) => {
    it.each(acts)('%s', async (_, act) => {
      const owing = await person(`owing-${round}`);
      const other = await person(`other-${round}`);
      const keepsOther = act === acts[0]![1];
      if (keepsOther) await expecting(204, stage.root.remove(`identity/entity-alias/id/${other.aliasId}`));
      const group = await stage.root.write('identity/group', { member_entity_ids: [owing.entityId] });
      const named =
        by === 'entity'
          ? { identity_entity_ids: [owing.entityId] }
          : { identity_group_ids: [group.body.data.id] };
      const path = `identity/mfa/login-enforcement/owing-${round}`;
      await expecting(204, stage.root.write(path, { mfa_method_ids: [DEFAULT_METHOD], ...named }));
      const before = await contents();
      expect(told(await act(owing, other))).toEqual(DENIED);
      expect(await contents()).toEqual(before);
      const { auth } = (await expecting(200, stage.vault().logIn(owing.name, PASSWORD))).body;
      expect(auth.client_token).toBe('');
      await writePolicy('enforcer', `path "${path}" { capabilities = ["update"] }`);
      await expecting(204, stage.root.write(`identity/entity/id/${deskEntity}`, { policies: ['enforcer'] }));
      expect((await act(owing, other)).status).toBeLessThan(300);
      await expecting(204, stage.root.write(`identity/entity/id/${deskEntity}`, { policies: [] }));
      await expecting(204, stage.root.remove(path));
    });
  });
});

describe('S53 nobody exempts a login that a user left behind', () => {
  /** Somebody who owed a factor and whose user is gone. */
  async function leftBehind(): Promise<SignedIn> {
    const owing = await person(`owing-${round}`);
    await stage.enforce(`owing-${round}`, [owing.entityId]);
    await expecting(204, stage.root.remove(`auth/userpass/users/${owing.name}`));
    return owing;
  }

  const mayEnforce = () =>
    writePolicy(
      'enforcer',
      `path "identity/mfa/login-enforcement/owing-${round}" { capabilities = ["update"] }`,
    );

  it('at /v1 by another name for it', async () => {
    const { aliasId } = await leftBehind();
    const rename = () => desk.write(`identity/entity-alias/id/${aliasId}`, { name: `free-${round}` });
    expect(told(await rename())).toEqual(DENIED);
    await mayEnforce();
    await expecting(204, stage.root.write(`identity/entity/id/${deskEntity}`, { policies: ['enforcer'] }));
    await expecting(200, rename());
    await expecting(204, stage.root.write(`identity/entity/id/${deskEntity}`, { policies: [] }));
  });

  it('at /admin by its name for another user, unless a full administrator does', async () => {
    const { name } = await leftBehind();
    const clerk = await person(`clerk-${round}`);
    await plantClerk(clerk.name);
    const fields = { firstName: 'A', lastName: 'B' };
    const renameBy = async (caller: Awaited<ReturnType<typeof stage.administrator>>) => {
      const made = { ...fields, name: `temporary-${randomUUID()}`, password: PASSWORD };
      const { body } = await expecting(200, caller.post('/local-users', made));
      return caller.put(`/local-users/${body.id}`, { ...fields, name });
    };
    const hr = await stage.appgate().final(clerk.name, PASSWORD);
    expect((await renameBy(hr)).status).toBe(403);
    const anew = { ...fields, name, password: PASSWORD };
    const { body } = await expecting(200, hr.post('/local-users', anew));
    expect((await expecting(200, stage.vault().logIn(name, PASSWORD))).body.auth.client_token).toBe('');
    await expecting(204, hr.delete(`/local-users/${body.id}`));
    await mayEnforce();
    await expecting(
      204,
      stage.root.write(`identity/entity/id/${clerk.entityId}`, { policies: ['enforcer'] }),
    );
    const renamed = await expecting(200, renameBy(hr));
    await expecting(204, hr.delete(`/local-users/${renamed.body.id}`));
    await expecting(200, renameBy(await stage.administrator()));
  });
});

describe('S49 nobody takes over at /v1 whoever may do more', () => {
  /** The routes that act on a person. */
  const acts: [string, (target: SignedIn) => Promise<Answer>][] = [
    [
      'sets a password',
      ({ name }) => desk.write(`auth/userpass/users/${name}/password`, { password: `${PASSWORD} x` }),
    ],
    [
      'sets a password with the user',
      ({ name }) => desk.write(`auth/userpass/users/${name}`, { password: `${PASSWORD} x` }),
    ],
    ['changes settings', ({ name }) => desk.write(`auth/userpass/users/${name}`, { token_bound_cidrs: '' })],
    [
      'takes policies away',
      ({ name }) => desk.write(`auth/userpass/users/${name}/policies`, { token_policies: '' }),
    ],
    ['deletes a user', ({ name }) => desk.remove(`auth/userpass/users/${name}`)],
    [
      'renames an entity',
      ({ entityId }) => desk.write(`identity/entity/id/${entityId}`, { name: `renamed-${round}` }),
    ],
    [
      'disables an entity',
      ({ entityId }) => desk.write(`identity/entity/id/${entityId}`, { disabled: true }),
    ],
    ['deletes an entity', ({ entityId }) => desk.remove(`identity/entity/id/${entityId}`)],
    [
      'moves a login',
      async ({ name }) => {
        const { data } = (await expecting(200, desk.write('identity/entity', { name: `mine-${round}` })))
          .body;
        const alias = { name, mount_accessor: stage.accessor, canonical_id: data.id };
        return desk.write('identity/entity-alias', alias);
      },
    ],
    ['takes a login away', ({ aliasId }) => desk.remove(`identity/entity-alias/id/${aliasId}`)],
    [
      'makes a factor',
      ({ entityId }) =>
        desk.write('identity/mfa/method/totp/admin-generate', {
          method_id: DEFAULT_METHOD,
          entity_id: entityId,
        }),
    ],
    [
      'takes a factor away',
      ({ entityId }) =>
        desk.write('identity/mfa/method/totp/admin-destroy', {
          method_id: DEFAULT_METHOD,
          entity_id: entityId,
        }),
    ],
  ];

  const targets: [string, (name: string) => Promise<SignedIn>, boolean][] = [
    ['more by its user', (name) => person(name, { token_policies: 'more' }), false],
    [
      'more by its entity',
      async (name) => {
        const made = await person(name);
        await expecting(204, stage.root.write(`identity/entity/id/${made.entityId}`, { policies: ['more'] }));
        return made;
      },
      false,
    ],
    [
      'more by a group',
      async (name) => {
        const made = await person(name);
        const group = { name, policies: ['more'], member_entity_ids: [made.entityId] };
        await expecting(200, stage.root.write('identity/group', group));
        return made;
      },
      false,
    ],
    [
      'more at /admin',
      async (name) => {
        const made = await person(name);
        await stage.makeAdministrator(name);
        return made;
      },
      false,
    ],
    ['as much', (name) => person(name, { token_policies: 'help-desk,some' }), true],
  ];

  describe.each(targets)('on somebody who holds %s', (_, make, allowed) => {
    it.each(acts)('%s', async (_act, act) => {
      const target = await make(`target-${round}`);
      const before = await contents();
      const answer = await act(target);
      if (allowed) {
        expect(answer.status).toBeLessThan(300);
        return;
      }
      expect(told(answer)).toEqual(DENIED);
      // What moves the login first makes an entity to move it to.
      const after = (await contents()) as { id: string }[];
      expect(after).toEqual(expect.arrayContaining(before as object[]));
    });
  });

  it('even where they were an administrator of /admin a moment ago', async () => {
    const target = await person(`target-${round}`);
    await stage.makeAdministrator(target.name);
    await stage.makeAdministrator('desk');
    await stage.rows('DELETE FROM policies WHERE name = $1', ['policy of desk']);
    const path = `auth/userpass/users/${target.name}/password`;
    expect(told(await desk.write(path, { password: `${PASSWORD} x` }))).toEqual(DENIED);
  });

  it('nor by a user whose name a policy of /admin waits for', async () => {
    const name = `awaited-${round}`;
    await stage.makeAdministrator(name);
    const path = `auth/userpass/users/${name}`;
    expect(told(await desk.write(path, { password: PASSWORD }))).toEqual(DENIED);
    await expecting(204, stage.root.write(path, { password: PASSWORD }));
  });

  it('nor by a user whose login has waited for it', async () => {
    const { data } = (
      await expecting(
        200,
        stage.root.write('identity/entity', { name: `waiting-${round}`, policies: ['more'] }),
      )
    ).body;
    const alias = { name: `w-${round}`, mount_accessor: stage.accessor, canonical_id: data.id };
    await expecting(200, stage.root.write('identity/entity-alias', alias));
    expect(told(await desk.write(`auth/userpass/users/w-${round}`, { password: PASSWORD }))).toEqual(DENIED);
  });

  describe('nor by a login that waits for a user they could not make', () => {
    /** Keeps entities, and the passwords of those it reaches. */
    async function keeper(): Promise<SignedIn> {
      const paths = [
        'identity/entity',
        'identity/entity/*',
        'identity/entity-alias',
        'identity/entity-alias/*',
      ];
      const rules = [...paths, 'auth/userpass/users/+/password'].map(
        (path) => `path "${path}" { capabilities = ["read", "update", "delete"] }`,
      );
      await writePolicy('keeper', rules.join('\n'));
      const path = `auth/corp-${round}/users/keeper`;
      await expecting(204, stage.root.write(`sys/auth/corp-${round}`, { type: 'userpass' }));
      await expecting(204, stage.root.write(path, { password: PASSWORD, token_policies: 'keeper' }));
      const login = { password: PASSWORD };
      const { auth } = (await expecting(200, stage.vault().write(`auth/corp-${round}/login/keeper`, login)))
        .body;
      const [account] = await stage.rows('SELECT id FROM accounts WHERE principal_id = $1', [auth.entity_id]);
      const client = stage.vault().with(auth.client_token);
      return { name: 'keeper', client, entityId: auth.entity_id, aliasId: account!.id };
    }

    /** Another entity, and maybe the login that waits there. */
    async function waiting(name?: string): Promise<{ entityId: string; aliasId: string }> {
      const fields = { name: `waiting-${round}` };
      const { id: entityId } = (await expecting(200, stage.root.write('identity/entity', fields))).body.data;
      if (name === undefined) return { entityId, aliasId: '' };
      const alias = { name, mount_accessor: stage.accessor, canonical_id: entityId };
      const made = await expecting(200, stage.root.write('identity/entity-alias', alias));
      return { entityId, aliasId: made.body.data.id };
    }

    const acts: [string, (by: SignedIn, chief: string) => Promise<Answer>][] = [
      [
        'that they make',
        ({ client, entityId }, name) =>
          client.write('identity/entity-alias', {
            name,
            mount_accessor: stage.accessor,
            canonical_id: entityId,
          }),
      ],
      [
        'that they make for nobody yet',
        ({ client }, name) => client.write('identity/entity-alias', { name, mount_accessor: stage.accessor }),
      ],
      [
        'that they rename',
        async ({ client }, name) =>
          client.write('identity/entity-alias', { id: (await waiting(`other-${round}`)).aliasId, name }),
      ],
      [
        'that they move',
        async ({ client, entityId }, name) =>
          client.write('identity/entity-alias', {
            id: (await waiting(name)).aliasId,
            canonical_id: entityId,
          }),
      ],
      [
        'that they move to',
        async ({ client, aliasId }, name) =>
          client.write('identity/entity-alias', {
            id: aliasId,
            canonical_id: (await waiting(name)).entityId,
          }),
      ],
      [
        'that they take over by a merge',
        async ({ client, entityId }, name) =>
          client.write('identity/entity/merge', {
            to_entity_id: entityId,
            from_entity_ids: [(await waiting(name)).entityId],
          }),
      ],
      [
        'that they join by a merge',
        async ({ client, entityId }, name) =>
          client.write('identity/entity/merge', {
            to_entity_id: (await waiting(name)).entityId,
            from_entity_ids: [entityId],
          }),
      ],
    ];

    it.each(acts)('%s', async (_, act) => {
      const by = await keeper();
      expect(told(await act(by, `chief-${round}`))).toEqual(DENIED);
      expect(
        await stage.rows(
          `SELECT 1 FROM accounts WHERE name = $1 AND principal_id IN (SELECT principal_id FROM accounts WHERE id = $2)`,
          [`chief-${round}`, by.aliasId],
        ),
      ).toEqual([]);
    });

    it.each(acts)('%s, but whoever could make the user may', async (_, act) => {
      const maker = 'path "auth/userpass/users/+" { capabilities = ["create"] }';
      await writePolicy('maker', maker);
      const by = await keeper();
      await expecting(204, stage.root.write(`identity/entity/id/${by.entityId}`, { policies: ['maker'] }));
      expect((await act(by, `chief-${round}`)).status).toBeLessThan(300);
    });
  });

  describe('nor by another user of their own person', () => {
    const acts: [string, (by: VaultClient, path: string) => Promise<Answer>][] = [
      [
        'whose password they set',
        (by, path) => by.write(`${path}/password`, { password: `${PASSWORD} new` }),
      ],
      ['whose settings they change', (by, path) => by.write(path, { token_bound_cidrs: '' })],
      ['whom they delete', (by, path) => by.remove(path)],
    ];

    it.each(acts)('%s', async (_, act) => {
      const path = `auth/userpass/users/chief-${round}`;
      const { entityId } = await person(`chief-${round}`);
      await expecting(204, stage.root.write(`sys/auth/own-${round}`, { type: 'userpass' }));
      const fields = { password: PASSWORD, token_policies: 'help-desk' };
      await expecting(204, stage.root.write(`auth/own-${round}/users/own`, fields));
      const { accessor } = (await expecting(200, stage.root.read(`sys/auth/own-${round}`))).body.data;
      const alias = { name: 'own', mount_accessor: accessor, canonical_id: entityId };
      await expecting(200, stage.root.write('identity/entity-alias', alias));
      const login = { password: PASSWORD };
      const { auth } = (await expecting(200, stage.vault().write(`auth/own-${round}/login/own`, login))).body;
      expect(auth.entity_id).toBe(entityId);
      const own = stage.vault().with(auth.client_token);
      await expecting(204, stage.root.write(`${path}/policies`, { token_policies: 'more' }));
      expect(told(await act(own, path))).toEqual(DENIED);
      await expecting(204, stage.root.write(`${path}/policies`, { token_policies: '' }));
      await stage.makeAdministrator(`chief-${round}`);
      expect(told(await act(own, path))).toEqual(DENIED);
      await stage.rows('DELETE FROM policies WHERE name = $1', [`policy of chief-${round}`]);
      expect((await act(own, path)).status).toBeLessThan(300);
    });
  });

  it('nor by a login of their own at another entity', async () => {
    const target = await person(`target-${round}`, {});
    await expecting(204, stage.root.write(`identity/entity/id/${target.entityId}`, { policies: ['more'] }));
    const own = await person(`own-${round}`);
    const alias = { id: own.aliasId, canonical_id: target.entityId };
    expect(told(await desk.write('identity/entity-alias', alias))).toEqual(DENIED);
    const fresh = { name: `f-${round}`, mount_accessor: stage.accessor, canonical_id: target.entityId };
    expect(told(await desk.write('identity/entity-alias', fresh))).toEqual(DENIED);
  });

  it('but changes their own password', async () => {
    const policy = `path "auth/userpass/users/self-${round}/password" { capabilities = ["update"] }`;
    await writePolicy(`self-${round}`, policy);
    const { client } = await person(`self-${round}`, { token_policies: `self-${round},more` });
    const path = `auth/userpass/users/self-${round}`;
    await expecting(204, client.write(`${path}/password`, { password: `${PASSWORD} new` }));
    await expecting(200, stage.vault().logIn(`self-${round}`, `${PASSWORD} new`));
  });
});

it('S50 whoever reaches the last full administrator ends none of it', async () => {
  const [admin] = await stage.rows(`SELECT principal_id FROM accounts WHERE name = 'admin'`);
  await expecting(200, stage.vault().logIn('admin', stage.first.adminPassword));
  const path = `identity/entity/id/${admin!.principal_id}`;
  await stage.rows(`UPDATE policies SET disabled = starts_with(name, 'policy of ')`);
  expect(told(await stage.root.write(path, { disabled: true }))).toEqual(LAST);
  await stage.rows('UPDATE policies SET disabled = false');
});

describe('S49 nobody takes over at /admin whoever may do more at /v1', () => {
  const FIELDS = { firstName: 'A', lastName: 'B', password: `${PASSWORD} x` };

  it('but a full administrator', async () => {
    await stage.addUser(`clerk-${round}`);
    await plantClerk(`clerk-${round}`);
    const clerk = await stage.appgate().final(`clerk-${round}`, PASSWORD);
    const admin = await stage.administrator();
    const much = await person(`much-${round}`, { token_policies: 'more' });
    const little = await person(`little-${round}`);
    await stage.seed(much.entityId);
    const put = async (caller: typeof clerk, { name }: SignedIn) => {
      const [{ id }] = (await stage.rows('SELECT id FROM local_users WHERE name = $1', [name])) as [
        { id: string },
      ];
      return (await caller.put(`/local-users/${id}`, { ...FIELDS, name })).status;
    };
    expect([await put(clerk, much), await put(clerk, little), await put(admin, much)]).toEqual([
      403, 200, 200,
    ]);
    const seed = `/otp/seeds/${encodeURIComponent(`CN=${much.name},OU=local`)}`;
    expect([(await clerk.delete(seed)).status, (await admin.delete(seed)).status]).toEqual([403, 204]);
    const alias = { name: `waits-${round}`, mount_accessor: stage.accessor, canonical_id: much.entityId };
    await expecting(204, stage.root.remove(`auth/userpass/users/${much.name}`));
    await expecting(204, stage.root.remove(`identity/entity-alias/id/${much.aliasId}`));
    await expecting(204, stage.root.write(`identity/entity/id/${much.entityId}`, { policies: ['more'] }));
    await expecting(200, stage.root.write('identity/entity-alias', alias));
    const post = async (caller: typeof clerk) =>
      (await caller.post('/local-users', { ...FIELDS, name: `waits-${round}` })).status;
    expect([await post(clerk), await post(admin)]).toEqual([403, 200]);
  });
});

it('S53 only a root token makes a user under a name that is exempt already', async () => {
  const admin = await stage.administrator();
  const exemptedUsers = ['CN=admin,OU=local', `CN=Exempt One,OU=local`, `CN=Exempt Two,OU=local`];
  await expecting(204, admin.put('/admin-mfa-settings', { providerId: DEFAULT_METHOD, exemptedUsers }));
  for (const name of ['exempt one', 'EXEMPT ONE', 'Exempt One'])
    expect(
      told(await desk.write(`auth/userpass/users/${encodeURIComponent(name)}`, { password: PASSWORD })),
    ).toEqual(DENIED);
  expect(await stage.rows(`SELECT 1 FROM local_users WHERE name_canonical = 'exempt one'`)).toEqual([]);
  await stage.addUser('exempt two');
  const { auth } = (await expecting(200, stage.vault().logIn('exempt two', PASSWORD))).body;
  expect(auth.client_token).not.toBe('');
  await expecting(204, admin.delete('/admin-mfa-settings'));
});

it('S39 a disabled entity has no tokens, and gets none of them back', async () => {
  const { client, entityId } = await person('switched');
  await expecting(200, client.read('auth/token/lookup-self'));
  await expecting(204, stage.root.write(`identity/entity/id/${entityId}`, { disabled: true }));
  expect(told(await client.read('auth/token/lookup-self'))).toEqual([403, { errors: ['permission denied'] }]);
  await expecting(204, stage.root.write(`identity/entity/id/${entityId}`, { disabled: false }));
  expect((await client.read('auth/token/lookup-self')).status).toBe(403);
  expect((await expecting(200, stage.vault().logIn('switched', PASSWORD))).body.auth.client_token).not.toBe(
    '',
  );
});

describe('S48 for any grantor and any grant', () => {
  const PARTS = ['a', 'b', 'c', 'd'];
  const SETS = PARTS.flatMap((_, size) => choose(PARTS, size + 1));
  const grantors = new Map<string, VaultClient>();

  beforeAll(async () => {
    for (const set of SETS) {
      const rules = set.map((part) => `path "part/${part}/*" { capabilities = ["read", "update"] }`);
      await writePolicy(`set-${set.join('')}`, rules.join('\n'));
      const name = `grantor-${set.join('')}`;
      const held = { token_policies: `help-desk,set-${set.join('')}` };
      grantors.set(set.join(''), (await person(name, held)).client);
    }
  });

  it('a grant is accepted exactly where it lies within what is held', async () => {
    const sets = fc.constantFrom(...SETS);
    const wanted = fc.uniqueArray(sets, { minLength: 1, maxLength: 3, selector: (set) => set.join('') });
    const channel = fc.constantFrom('user', 'policies', 'entity');
    await fc.assert(
      fc.asyncProperty(sets, wanted, channel, async (held, grant, by) => {
        const grantor = grantors.get(held.join(''))!;
        const names = grant.map((set) => `set-${set.join('')}`);
        const id = `n-${randomUUID()}`;
        const path = `auth/userpass/users/${id}`;
        if (by === 'policies') await expecting(204, grantor.write(path, { password: PASSWORD }));
        const { status } = await (by === 'entity'
          ? grantor.write('identity/entity', { name: id, policies: names })
          : by === 'user'
            ? grantor.write(path, { password: PASSWORD, token_policies: names })
            : grantor.write(`${path}/policies`, { token_policies: names }));
        const lies = grant.flat().every((part) => held.includes(part));
        expect([held, names, by, status < 300]).toEqual([held, names, by, lies]);
      }),
      { numRuns: 60 },
    );
  });
});

function choose(parts: string[], size: number): string[][] {
  if (size === 0) return [[]];
  return parts.flatMap((part, index) =>
    choose(parts.slice(index + 1), size - 1).map((rest) => [part, ...rest]),
  );
}

/** Holds every privilege on users and seeds, and nothing else. */
async function plantClerk(name: string): Promise<void> {
  const role = randomUUID();
  const scope = { all: true, ids: [], tags: [] };
  const privileges = ['LocalUser', 'OtpSeed'].map((target) => ({ type: 'All', target, scope }));
  await stage.rows(
    `INSERT INTO administrative_roles (id, name, name_canonical, privileges, created_at, updated_at)
     VALUES ($1, $2, $2, $3, now(), now())`,
    [role, name, JSON.stringify(privileges)],
  );
  await stage.rows(
    `INSERT INTO policies (id, name, name_canonical, type, expression, administrative_roles, created_at, updated_at)
     VALUES (gen_random_uuid(), $1, $1, 'Admin', $2, ARRAY[$3::uuid], now(), now())`,
    [name, `return claims.user.username === ${JSON.stringify(name)};`, role],
  );
}
