import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addUser, logIn, startWorld, type World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

const told = ({ status, body }: { status: number; body: unknown }) => [status, body];
const DEAD = [403, { errors: ['2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'] }];
const lookUp = (token: string) => world.anonymous.as(token).read('auth/token/lookup-self');

async function tokenOf(name: string, fields: object = {}): Promise<string> {
  await addUser(world, name, fields);
  return (await logIn(world, name)).body.auth.client_token;
}

describe('lookup-self', () => {
  it('tells everything about a token of a login', async () => {
    await addUser(world, 'looked');
    const { auth } = (await logIn(world, 'looked')).body;
    world.server.clock.advance(10);
    const issued = new Date(world.server.clock.now().getTime() - 10_000);
    expect((await lookUp(auth.client_token)).body.data).toEqual({
      id: auth.client_token,
      accessor: auth.accessor,
      policies: ['default'],
      path: 'auth/userpass/login/looked',
      meta: { username: 'looked' },
      display_name: 'userpass-looked',
      num_uses: 0,
      orphan: true,
      creation_time: Math.floor(issued.getTime() / 1000),
      creation_ttl: 2764800,
      expire_time: new Date(issued.getTime() + 2764800_000).toISOString(),
      ttl: 2764790,
      explicit_max_ttl: 0,
      entity_id: auth.entity_id,
      type: 'service',
      renewable: true,
      issue_time: issued.toISOString(),
      mfa: [],
    });
  });

  it('tells what root is', async () => {
    expect((await lookUp(world.server.rootToken)).body.data).toMatchObject({
      id: world.server.rootToken,
      policies: ['root'],
      path: 'auth/token/root',
      display_name: 'root',
      creation_ttl: 0,
      ttl: 0,
      expire_time: null,
      entity_id: '',
      orphan: true,
      renewable: false,
      meta: null,
    });
  });

  it('shows policies of the entity apart', async () => {
    await addUser(world, 'entitled');
    const { client_token, entity_id } = (await logIn(world, 'entitled')).body.auth;
    await world.root.write(`identity/entity/id/${entity_id}`, { policies: 'team' });
    const { data } = (await lookUp(client_token)).body;
    expect([data.policies, data.identity_policies]).toEqual([['default'], ['team']]);
    const { auth } = (await logIn(world, 'entitled')).body;
    expect([auth.policies, auth.token_policies, auth.identity_policies]).toEqual([
      ['default', 'team'],
      ['default'],
      ['team'],
    ]);
  });
});

describe('a token', () => {
  it('S33 is known by itself alone', async () => {
    const token = await tokenOf('itself');
    const { data } = (await lookUp(token)).body;
    const hash = createHash('sha256').update(token);
    const [row] = (
      await world.server.database.query('SELECT id FROM tokens WHERE accessor = $1', [data.accessor])
    ).rows;
    for (const other of [
      data.accessor,
      row.id,
      hash.copy().digest('hex'),
      hash.digest('base64'),
      `${token} `.trim().slice(0, -1),
    ])
      expect(told(await lookUp(other))).toEqual(DEAD);
  });

  it('S34 ends at its time, one second before it lives', async () => {
    const token = await tokenOf('ending', { token_ttl: 60 });
    world.server.clock.advance(59);
    expect((await lookUp(token)).status).toBe(200);
    world.server.clock.advance(1);
    expect(told(await lookUp(token))).toEqual(DEAD);
  });

  it('S35 is not a pending request', async () => {
    expect(told(await lookUp(randomUUID()))).toEqual(DEAD);
  });

  it('S41 with limited uses works that often, in parallel too', async () => {
    const token = await tokenOf('limited', { token_num_uses: 3 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => lookUp(token)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
  });

  it('is bound to its addresses', async () => {
    const token = await tokenOf('moving');
    await world.server.database.query(
      "UPDATE tokens SET bound_cidrs = '{10.0.0.0/8}' WHERE display_name = 'userpass-moving'",
    );
    expect(told(await lookUp(token))).toEqual([403, { errors: ['permission denied'] }]);
  });

  it('S39 ends for good with its disabled entity', async () => {
    await addUser(world, 'barred');
    const { client_token, entity_id } = (await logIn(world, 'barred')).body.auth;
    await world.root.write(`identity/entity/id/${entity_id}`, { disabled: true });
    expect(told(await lookUp(client_token))).toEqual([403, { errors: ['permission denied'] }]);
    expect(told(await logIn(world, 'barred'))).toEqual([403, { errors: ['permission denied'] }]);
    await world.root.write(`identity/entity/id/${entity_id}`, { disabled: false });
    expect(told(await lookUp(client_token))).toEqual(DEAD);
  });
});

describe('renew-self', () => {
  const renew = (token: string, body: object = {}) =>
    world.anonymous.as(token).write('auth/token/renew-self', body);

  it('S34 moves the end, never past the maximum', async () => {
    const token = await tokenOf('renewed', { token_ttl: 60, token_max_ttl: 100 });
    world.server.clock.advance(30);
    const { status, body } = await renew(token);
    expect(status).toBe(200);
    expect(body.auth).toMatchObject({
      client_token: token,
      lease_duration: 60,
      renewable: true,
      mfa_requirement: null,
    });
    expect((await renew(token, { increment: '1h' })).body.auth.lease_duration).toBe(70);
    world.server.clock.advance(70);
    expect(told(await renew(token))).toEqual(DEAD);
    expect(told(await lookUp(token))).toEqual(DEAD);
  });

  it('shows when', async () => {
    const token = await tokenOf('when');
    await renew(token);
    const now = world.server.clock.now();
    expect((await lookUp(token)).body.data).toMatchObject({
      last_renewal: now.toISOString(),
      last_renewal_time: Math.floor(now.getTime() / 1000),
    });
  });

  it('is not for root', async () => {
    expect(told(await renew(world.server.rootToken))).toEqual([400, { errors: ['lease is not renewable'] }]);
  });
});

describe('revocation', () => {
  it('S39 ends the own token', async () => {
    const token = await tokenOf('leaving');
    expect((await world.anonymous.as(token).write('auth/token/revoke-self')).status).toBe(204);
    expect(told(await lookUp(token))).toEqual(DEAD);
  });

  it('ends another, and is silent about an unknown one', async () => {
    const token = await tokenOf('ended');
    expect((await world.root.write('auth/token/revoke', { token })).status).toBe(204);
    expect(told(await lookUp(token))).toEqual(DEAD);
    expect((await world.root.write('auth/token/revoke', { token })).status).toBe(204);
    expect(told(await world.root.write('auth/token/revoke'))).toEqual([
      400,
      { errors: ['missing token ID'] },
    ]);
  });

  it('of another is not for everybody', async () => {
    const token = await tokenOf('meddling');
    const answer = await world.anonymous
      .as(token)
      .write('auth/token/revoke', { token: world.server.rootToken });
    expect(told(answer)).toEqual([403, { errors: ['1 error occurred:\n\t* permission denied\n\n'] }]);
  });
});
