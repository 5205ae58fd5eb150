import { randomUUID } from 'node:crypto';
import { SERVER } from '@sallyport/audit';
import { PeopleService } from '@sallyport/identity';
import { Database } from '@sallyport/platform';
import { AclPoliciesService, type AclSubject, isRoot } from '@sallyport/privileges';
import {
  NEW_ROLE,
  type NewToken,
  type Token,
  TokenRenewalService,
  TokenRolesService,
  TokensService,
} from '@sallyport/tokens';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../../test/support/core.js';
import { addUser, type Person } from '../../../../test/support/people.js';
import { waiting } from '../../../../test/support/planted-faults.js';
import { ServiceTokenCreationService, type TokenRequest } from './service-token-creation.service.js';

const HOUR = 3_600;
const ROOT: AclSubject = { policies: ['root'], tokenPolicies: ['root'], entityId: null, version: 0 };

let core: Core;
let creation: ServiceTokenCreationService;
let ada: Person;

beforeAll(async () => {
  core = await startCore();
  creation = core.get(ServiceTokenCreationService);
  ada = await addUser(core, 'ada');
  await core.get(Database).transaction((tx) => core.get(PeopleService).show(tx, ada.principalId, SERVER));
  await writePolicy('reader', 'path "kept/*" { capabilities = ["read"] }');
  await writePolicy('half', 'path "kept/half" { capabilities = ["read"] }');
  await writePolicy('writer', 'path "kept/*" { capabilities = ["read", "update"] }');
  await writePolicy('closed', 'path "kept/closed" { capabilities = ["deny"] }');
});
afterAll(() => core.stop());

async function writePolicy(name: string, text: string): Promise<void> {
  const [row] = (await core.database.query('SELECT acl_epoch FROM installation')).rows;
  await core.get(AclPoliciesService).write(name, text, { ...ROOT, version: Number(row.acl_epoch) }, SERVER);
}

function issue(wanted: Partial<NewToken> = {}): Promise<{ secret: string; token: Token }> {
  const whole: NewToken = {
    origin: 'vault',
    principalId: ada.principalId,
    accountId: ada.accountId,
    localUserId: ada.user.id,
    mountId: null,
    sessionId: randomUUID(),
    policies: ['reader'],
    factors: [{ methodId: randomUUID(), type: 'totp', time: '2026-01-01T00:00:00Z' }],
    metadata: null,
    path: 'auth/userpass/login/ada',
    displayName: 'userpass-ada',
    orphan: true,
    renewable: true,
    ttl: HOUR,
    clientAddress: '127.0.0.1',
    ...wanted,
  };
  return core.get(Database).transaction((tx) => core.get(TokensService).issue(tx, whole, SERVER));
}

const PLAIN: TokenRequest = {
  id: '',
  policies: [],
  noDefaultPolicy: true,
  noParent: false,
  orphan: false,
  roleName: null,
  entityAlias: '',
  metadata: null,
  displayName: '',
  usesLeft: 0,
  renewable: true,
  ttl: 0,
  period: 0,
  explicitMaxTtl: 0,
  path: 'create',
};

async function create(token: Token, request: Partial<TokenRequest> = {}, sudo = false) {
  const subject = {
    policies: [...token.policies, ...token.identityPolicies],
    tokenPolicies: token.policies,
    entityId: token.principalId,
    version: token.aclEpoch,
  };
  const authority = { root: isRoot(subject), subject, localUserId: token.localUserId };
  return creation.create({ token, sudo, authority }, { ...PLAIN, ...request }, SERVER);
}

async function isLive(secret: string): Promise<boolean> {
  return (await core.get(TokensService).findBySecret(secret)) !== null;
}

const INVALID = { kind: 'invalid' };
const ESCALATION = { kind: 'forbidden', code: 'acl-escalation' };

describe('a child token', () => {
  it('S41 asks in vain for more, with sudo or without', async () => {
    const { token } = await issue();
    await expect(create(token, { policies: ['writer'] })).rejects.toMatchObject(INVALID);
    await expect(create(token, { policies: ['writer'] }, true)).rejects.toMatchObject(ESCALATION);
    await expect(create(token, { policies: ['root'] }, true)).rejects.toMatchObject(INVALID);
    expect((await create(token, { policies: ['half'] }, true)).token.policies).toEqual(['half']);
    expect((await create(token)).token.policies).toEqual(['reader']);
  });

  it('S41 does not leave behind what denies its parent something', async () => {
    const { token } = await issue({ policies: ['closed', 'reader'] });
    await expect(create(token, { policies: ['reader'] })).rejects.toMatchObject(ESCALATION);
    expect((await create(token)).token.policies).toEqual(['closed', 'reader']);
  });

  it('S41 does not lose as an orphan what denies its person something', async () => {
    await core.database.query(`UPDATE principals SET policies = '{closed}' WHERE id = $1`, [ada.principalId]);
    const { token } = await issue();
    await expect(create(token, { orphan: true })).rejects.toMatchObject(ESCALATION);
    expect((await create(token)).token.identityPolicies).toEqual(['closed']);
    await core.database.query(`UPDATE principals SET policies = '{}' WHERE id = $1`, [ada.principalId]);
  });

  it('S41 never ends later than its parent, whatever is asked for and however often it is renewed', async () => {
    const lives = [0, 1, HOUR - 1, HOUR, HOUR + 1, 5 * HOUR];
    for (const ttl of lives)
      for (const period of [0, 60, 2 * HOUR])
        for (const explicitMaxTtl of [0, HOUR, 9 * HOUR]) {
          const parent = (await issue()).token;
          const { token } = await create(parent, { ttl, period, explicitMaxTtl }, true);
          expect(token.expiresAt!.getTime()).toBeLessThanOrEqual(parent.expiresAt!.getTime());
          const renewed = await core.get(TokenRenewalService).renew(token, 9 * HOUR, SERVER);
          expect(renewed.expiresAt!.getTime()).toBeLessThanOrEqual(parent.expiresAt!.getTime());
        }
  });

  it('S43 has the factors and the addresses of its parent, an orphan has neither', async () => {
    const { token } = await issue({ boundCidrs: ['10.0.0.0/8'] });
    const child = (await create(token)).token;
    expect([child.factors, child.boundCidrs, child.assuranceLevel]).toEqual([
      token.factors,
      ['10.0.0.0/8'],
      2,
    ]);
    const orphan = (await create(token, { orphan: true })).token;
    expect([orphan.factors, orphan.boundCidrs, orphan.principalId, orphan.localUserId]).toEqual([
      [],
      [],
      null,
      null,
    ]);
    expect(orphan.assuranceLevel).toBe(1);
  });

  it('S41 is bound where its role and its parent both allow', async () => {
    const ranges = { ...NEW_ROLE, boundCidrs: ['10.1.0.0/16', '192.0.2.0/24'] };
    await core.get(TokenRolesService).write(
      'ranges',
      () => ranges,
      async () => {},
      SERVER,
    );
    const { token } = await issue({ boundCidrs: ['10.0.0.0/8'] });
    expect((await create(token, { roleName: 'ranges' })).token.boundCidrs).toEqual(['10.1.0.0/16']);
    const apart = (await issue({ boundCidrs: ['172.16.0.0/12'] })).token;
    await expect(create(apart, { roleName: 'ranges' })).rejects.toMatchObject(INVALID);
  });

  it('S41 of whoever is ended at the same moment does not live', async () => {
    const { token } = await issue();
    const open = await core.database.connect();
    await open.query('BEGIN');
    await open.query('UPDATE principals SET token_epoch = token_epoch + 1 WHERE id = $1', [ada.principalId]);
    const creating = create(token, { orphan: true });
    const refused = expect(creating).rejects.toMatchObject({ kind: 'unauthenticated' });
    await expect.poll(() => waiting(core, 'Lock')).toBe(1);
    await open.query('COMMIT');
    open.release();
    await refused;
  });

  it('S41 comes of no token with limited uses', async () => {
    const { token } = await issue({ usesLeft: 5 });
    await expect(create(token)).rejects.toMatchObject({
      message: 'restricted use token cannot generate child tokens',
    });
  });
});

it('lives as long as the token mount says, where nothing else is asked for', async () => {
  const { token } = await issue({ ttl: null, policies: ['reader'] });
  await core.database.query(
    `UPDATE auth_mounts SET default_lease_ttl = 100, max_lease_ttl = 300 WHERE path = 'token'`,
  );
  expect((await create(token)).token.creationTtl).toBe(100);
  const { token: long, warnings } = await create(token, { ttl: 500 });
  expect([long.creationTtl, warnings.length]).toEqual([300, 1]);
  await core.database.query(
    `UPDATE auth_mounts SET default_lease_ttl = 0, max_lease_ttl = 0 WHERE path = 'token'`,
  );
});

describe('what needs sudo', () => {
  it.each([
    [{ id: 'a-token-of-our-own-choosing' }, 'root or sudo privileges required to specify token id'],
    [{ noParent: true }, 'root or sudo privileges required to create orphan token'],
    [{ period: 60 }, 'root or sudo privileges required to create periodic token'],
  ])('%j', async (request, message) => {
    const { token } = await issue();
    await expect(create(token, request)).rejects.toMatchObject({ kind: 'invalid', message });
    expect((await create(token, request, true)).token.policies).toEqual(['reader']);
  });
});

describe('a role', () => {
  const write = (name: string, values: Partial<typeof NEW_ROLE>) =>
    core.get(TokenRolesService).write(
      name,
      () => ({ ...NEW_ROLE, ...values }),
      async () => {},
      SERVER,
    );

  it('S48 gives what its writer held, and by pattern what the caller holds', async () => {
    await write('named', { allowedPolicies: ['writer'], allowedPoliciesGlob: ['*'] });
    const { token } = await issue();
    expect((await create(token, { roleName: 'named' })).token.policies).toEqual(['writer']);
    expect((await create(token, { roleName: 'named', policies: ['half'] })).token.policies).toEqual(['half']);
    await writePolicy('other', 'path "other" { capabilities = ["read"] }');
    await expect(create(token, { roleName: 'named', policies: ['other'] })).rejects.toMatchObject(ESCALATION);
    await expect(create(token, { roleName: 'named', policies: ['root'] })).rejects.toMatchObject(INVALID);
  });

  it('S49 makes no token of a person who may do more than the caller', async () => {
    const bob = await addUser(core, 'bob');
    await core.get(Database).transaction((tx) => core.get(PeopleService).show(tx, bob.principalId, SERVER));
    await core.database.query(`UPDATE auth_mounts SET attached = true WHERE path = 'userpass'`);
    await write('aliases', { allowedEntityAliases: ['bob'], orphan: true });
    const { token } = await issue();
    const request = { roleName: 'aliases', entityAlias: 'bob' };
    const made = await create(token, request);
    expect([made.token.principalId, made.token.localUserId, made.token.factors]).toEqual([
      bob.principalId,
      null,
      [],
    ]);
    await core.database.query(`UPDATE principals SET policies = '{writer}' WHERE id = $1`, [bob.principalId]);
    await expect(create(token, request)).rejects.toMatchObject({ kind: 'forbidden' });
  });

  it('S41 makes no child of one person for another', async () => {
    await write('children', { allowedEntityAliases: ['bob'] });
    const { token } = await issue();
    await expect(create(token, { roleName: 'children', entityAlias: 'bob' })).rejects.toMatchObject({
      message: "'entity_alias' needs a role that creates orphan tokens",
    });
  });
});

it('S41 a grandchild dies with its grandparent, however it ended', async () => {
  const first = await issue();
  const second = await create(first.token);
  const third = await create(second.token);
  await core.get(Database).transaction((tx) => core.get(PeopleService).endTokens(tx, ada.principalId));
  expect([await isLive(second.secret), await isLive(third.secret)]).toEqual([false, false]);
});
