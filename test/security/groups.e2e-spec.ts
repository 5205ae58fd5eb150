import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expecting } from '../support/send.js';
import { PASSWORD, Stage } from '../support/stage.js';
import type { VaultClient } from '../support/vault-client.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(2);
  await policy('reader', 'path "identity/entity/id/*" { capabilities = ["read"] }');
  await policy('writer', 'path "identity/group/*" { capabilities = ["create", "update", "delete", "read"] }');
  await policy('strong', 'path "sys/*" { capabilities = ["create", "update", "delete", "read", "sudo"] }');
});
afterAll(() => stage.close());

async function policy(name: string, text: string): Promise<void> {
  await expecting(204, stage.root.write(`sys/policies/acl/${name}`, { policy: text }));
}

/** Somebody with these policies, signed in at a replica. */
async function person(
  name: string,
  policies: string[],
  replica = 0,
): Promise<{ id: string; client: VaultClient }> {
  await stage.addUser(name, { token_policies: policies });
  const { auth } = (await expecting(200, stage.vault(replica).logIn(name, PASSWORD))).body;
  return { id: auth.entity_id, client: stage.vault(replica).with(auth.client_token) };
}

async function group(fields: object): Promise<string> {
  return (await expecting(200, stage.root.write('identity/group', fields))).body.data.id;
}

describe('S47 membership', () => {
  it('opens and closes on another replica with the next request, direct and inherited', async () => {
    const { id, client } = await person('far', [], 1);
    const path = `identity/entity/id/${(await person('subject', [])).id}`;
    const low = await group({ name: 'far-low' });
    await group({ name: 'far-top', policies: ['reader'], member_group_ids: [low] });
    for (let round = 0; round < 20; round += 1) {
      await expecting(403, client.read(path));
      await expecting(204, stage.root.write(`identity/group/id/${low}`, { member_entity_ids: [id] }));
      await expecting(200, client.read(path));
      await expecting(204, stage.root.write(`identity/group/id/${low}`, { member_entity_ids: [] }));
    }
    await expecting(403, client.read(path));
  });

  it('so do the policies of a group, its nesting and its end', async () => {
    const { id, client } = await person('distant', [], 1);
    const path = `identity/entity/id/${(await person('object', [])).id}`;
    const low = await group({ name: 'distant-low', member_entity_ids: [id] });
    const top = await group({ name: 'distant-top', policies: ['reader'] });
    const steps: [fields: object, status: number][] = [
      [{ member_group_ids: [low] }, 200],
      [{ policies: [] }, 403],
      [{ policies: ['reader'] }, 200],
      [{ member_group_ids: [] }, 403],
      [{ member_group_ids: [low] }, 200],
    ];
    for (const [fields, status] of steps) {
      await expecting(204, stage.root.write(`identity/group/id/${top}`, fields));
      await expecting(status, client.read(path));
    }
    await expecting(204, stage.root.remove(`identity/group/id/${top}`));
    await expecting(403, client.read(path));
  });
});

describe('S48 by a group', () => {
  it('nobody hands out more than they hold: not by its policies, nor by its members, nor by its nesting', async () => {
    const keeper = await person('keeper', ['writer', 'reader']);
    const strong = await group({ name: 'strong', policies: ['strong'] });
    const between = await group({ name: 'between' });
    await expecting(204, stage.root.write(`identity/group/id/${strong}`, { member_group_ids: [between] }));
    const own = await group({ name: 'own', member_entity_ids: [keeper.id] });
    const refused = { errors: ['1 error occurred:\n\t* permission denied\n\n'] };
    for (const [id, fields] of [
      [own, { policies: ['strong'] }],
      [strong, { member_entity_ids: [keeper.id], member_group_ids: [between] }],
      [strong, { member_group_ids: [between, own] }],
      [between, { member_entity_ids: [keeper.id] }],
      [between, { member_group_ids: [own] }],
    ] as const) {
      const before = (await stage.root.read(`identity/group/id/${id}`)).body.data;
      expect((await expecting(403, keeper.client.write(`identity/group/id/${id}`, fields))).body).toEqual(
        refused,
      );
      expect((await stage.root.read(`identity/group/id/${id}`)).body.data).toEqual(before);
    }
    await expecting(403, keeper.client.read('sys/auth'));
    for (const fields of [
      { policies: ['reader', 'WRITER'] },
      { metadata: { a: 'b' } },
      { member_entity_ids: [] },
    ])
      await expecting(204, keeper.client.write(`identity/group/id/${own}`, fields));
  });

  it('nobody fills in templates by a group, its members, its nesting or its name, beyond what they hold', async () => {
    await policy(
      'team',
      'path "team/{{identity.groups.names.crew.metadata.team}}/*" { capabilities = ["read"] }',
    );
    await policy('team-a', 'path "team/a/*" { capabilities = ["read"] }');
    const lead = await person('lead', ['writer', 'team', 'team-a']);
    const write = (id: string, fields: object) => lead.client.write(`identity/group/id/${id}`, fields);
    const own = await group({ name: 'lead-own', member_entity_ids: [lead.id] });
    await expecting(204, write(own, { metadata: { team: 'finance' } }));
    await expecting(403, write(own, { name: 'Crew' }));
    await expecting(
      403,
      lead.client.write('identity/group/name/CREW', {
        metadata: { team: 'b' },
        member_entity_ids: [lead.id],
      }),
    );
    const crew = await group({ name: 'crew', metadata: { team: 'finance' } });
    await expecting(403, write(crew, { member_entity_ids: [lead.id] }));
    await expecting(403, write(crew, { member_group_ids: [own] }));
    const low = await group({ name: 'lead-low' });
    await expecting(204, stage.root.write(`identity/group/id/${crew}`, { member_group_ids: [low] }));
    await expecting(403, write(low, { member_entity_ids: [lead.id] }));
    await expecting(403, lead.client.read('team/finance/x'));
    await expecting(204, write(crew, { metadata: { team: 'a' }, member_group_ids: [] }));
    await expecting(204, write(crew, { member_entity_ids: [lead.id] }));
    await expecting(404, lead.client.read('team/a/x'));
    await expecting(403, write(crew, { metadata: { team: 'finance' } }));
    await expecting(204, write(crew, { metadata: { team: 'a', note: 'x' } }));
  });

  it('nobody leaves a group that an enforcement names, by the hand of one who could not write that enforcement', async () => {
    const keeper = await person('exempter', ['writer']);
    const low = await group({ name: 'owing', member_entity_ids: [keeper.id] });
    const top = await group({ name: 'owing-above', member_group_ids: [low] });
    const method = await stage.addMethod('owed');
    const enforcement = { mfa_method_ids: [method], identity_group_ids: [top] };
    await expecting(204, stage.root.write('identity/mfa/login-enforcement/owing', enforcement));
    await expecting(403, keeper.client.write(`identity/group/id/${low}`, { member_entity_ids: [] }));
    await expecting(403, keeper.client.write(`identity/group/id/${top}`, { member_group_ids: [] }));
    for (const id of [low, top]) await expecting(403, keeper.client.remove(`identity/group/id/${id}`));
    await policy('enforcer', 'path "identity/mfa/login-enforcement/owing" { capabilities = ["update"] }');
    await expecting(204, stage.root.write(`identity/entity/id/${keeper.id}`, { policies: ['enforcer'] }));
    await expecting(204, keeper.client.write(`identity/group/id/${low}`, { member_entity_ids: [] }));
    await expecting(204, keeper.client.remove(`identity/group/id/${top}`));
  });

  it('S51 root is handed out by nobody, in whatever spelling', async () => {
    for (const name of ['root', ' root', 'ROOT', 'Root ', 'ro\u200bot', 'ｒｏｏｔ', 'root/'])
      expect([name, (await stage.root.write('identity/group', { policies: [name] })).status]).toEqual([
        name,
        400,
      ]);
  });
});
