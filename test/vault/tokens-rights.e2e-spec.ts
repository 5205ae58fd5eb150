import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addUser, logIn, startWorld, type World } from './world.js';
import type { VaultAnswer, VaultClient } from './vault-client.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
  await policy('maker', 'path "auth/token/create*" { capabilities = ["update"] }');
  await policy('master', 'path "auth/token/create*" { capabilities = ["update", "sudo"] }');
  await policy('keeper', 'path "auth/token/roles/*" { capabilities = ["update", "read"] }');
  await policy('founder', 'path "auth/token/roles/*" { capabilities = ["create"] }');
  await policy('auditor', 'path "auth/token/accessors*" { capabilities = ["list"] }');
  await policy('reviser', 'path "auth/token/revoke-orphan" { capabilities = ["update"] }');
  await policy('reads', 'path "sys/auth" { capabilities = ["read"] }');
});
afterAll(() => world.stop());

const told = ({ status, body }: VaultAnswer) => [status, body];
const refused = (text: string, status = 400) => [status, { errors: [text] }];
const DENIED = refused('1 error occurred:\n\t* permission denied\n\n', 403);

async function policy(name: string, text: string): Promise<void> {
  expect((await world.root.write(`sys/policies/acl/${name}`, { policy: text })).status).toBe(204);
}

/** Somebody with these policies, by a token of root's making. */
async function holder(...policies: string[]): Promise<VaultClient> {
  const { body } = await world.root.write('auth/token/create', { policies, ttl: '1h' });
  return world.anonymous.as(body.auth.client_token);
}

describe('create without sudo', () => {
  it("S41 gives the parent's policies or some of them", async () => {
    const maker = await holder('maker', 'reads');
    const all = await maker.write('auth/token/create');
    expect(all.body.auth.policies).toEqual(['default', 'maker', 'reads']);
    const some = await maker.write('auth/token/create', { policies: 'READS' });
    expect(some.body.auth.policies).toEqual(['default', 'reads']);
    expect(told(await maker.write('auth/token/create', { policies: 'keeper' }))).toEqual(
      refused('child policies must be subset of parent'),
    );
  });

  it('S51 never makes root of a name that looks like it', async () => {
    const maker = await holder('maker');
    for (const policies of [' root', 'ROOT', ['default', 'Root ']])
      expect(told(await maker.write('auth/token/create', { policies }))).toEqual(
        refused('child policies must be subset of parent'),
      );
  });

  it('counts no policies of the person', async () => {
    await addUser(world, 'member', { token_policies: 'maker' });
    const { auth } = (await logIn(world, 'member')).body;
    await world.root.write(`identity/entity/id/${auth.entity_id}`, { policies: 'reads' });
    const member = world.anonymous.as(auth.client_token);
    expect(told(await member.write('auth/token/create', { policies: 'reads' }))).toEqual(
      refused('child policies must be subset of parent'),
    );
    expect((await member.write('auth/token/create')).body.auth).toMatchObject({
      policies: ['default', 'maker', 'reads'],
      token_policies: ['default', 'maker'],
      entity_id: auth.entity_id,
    });
  });

  it('chooses no id, no period and no parent', async () => {
    const maker = await holder('maker');
    const answers = [];
    for (const fields of [{ id: 'a-token-of-our-own-choosing' }, { no_parent: true }, { period: '1h' }])
      answers.push(told(await maker.write('auth/token/create', fields)));
    expect(answers).toEqual([
      refused('root or sudo privileges required to specify token id'),
      refused('root or sudo privileges required to create orphan token'),
      refused('root or sudo privileges required to create periodic token'),
    ]);
    expect((await maker.write('auth/token/create-orphan')).body.auth.orphan).toBe(true);
  });
});

describe('create with sudo', () => {
  it('S48 gives what its holder holds under whatever name, and no more', async () => {
    const master = await holder('master', 'reads');
    await policy('same', 'path "sys/auth" { capabilities = ["read"] }');
    expect((await master.write('auth/token/create', { policies: 'same' })).body.auth.policies).toEqual([
      'default',
      'same',
    ]);
    expect(told(await master.write('auth/token/create', { policies: 'keeper' }))).toEqual(DENIED);
    expect(told(await master.write('auth/token/create', { policies: 'root' }))).toEqual(
      refused('root tokens may not be created without parent token being root'),
    );
    const { auth } = (await master.write('auth/token/create', { no_parent: true, period: '1h' })).body;
    expect(auth).toMatchObject({ orphan: true, lease_duration: 3600 });
  });
});

describe('a role', () => {
  it('S48 is written by whoever holds what it names', async () => {
    const keeper = await holder('keeper', 'founder', 'reads');
    expect((await keeper.write('auth/token/roles/reads', { allowed_policies: 'reads' })).status).toBe(204);
    expect(told(await keeper.write('auth/token/roles/reads', { allowed_policies: 'maker' }))).toEqual(DENIED);
    await world.root.write('auth/token/roles/mine', { allowed_policies: 'maker' });
    expect(told(await keeper.write('auth/token/roles/mine', { orphan: true }))).toEqual(DENIED);
    expect((await world.root.read('auth/token/roles/mine')).body.data.orphan).toBe(false);
  });

  it('S48 gives a policy that nobody has written yet by the hand of whoever could write it', async () => {
    const keeper = await holder('keeper', 'founder');
    const role = { allowed_policies: 'planned' };
    expect(told(await keeper.write('auth/token/roles/planned', role))).toEqual(DENIED);
    await policy('plans', 'path "sys/policies/acl/planned" { capabilities = ["create", "update"] }');
    const planner = await holder('keeper', 'founder', 'plans');
    expect((await planner.write('auth/token/roles/planned', role)).status).toBe(204);
    expect((await world.root.write('auth/token/roles/by-root', role)).status).toBe(204);
  });

  it('asks for create where it is new and for update where it is not', async () => {
    const keeper = await holder('keeper');
    const founder = await holder('founder');
    expect(told(await keeper.write('auth/token/roles/fresh'))).toEqual(DENIED);
    expect((await founder.write('auth/token/roles/fresh')).status).toBe(204);
    expect(told(await founder.write('auth/token/roles/fresh'))).toEqual(DENIED);
    expect((await keeper.write('auth/token/roles/FRESH')).status).toBe(204);
  });
});

describe('root-protected paths', () => {
  it('take sudo beside the capability', async () => {
    const auditor = await holder('auditor', 'reviser');
    expect(told(await auditor.list('auth/token/accessors'))).toEqual(DENIED);
    expect(told(await auditor.write('auth/token/revoke-orphan', { token: 'x' }))).toEqual(DENIED);
  });
});
