import { randomUUID } from 'node:crypto';
import { SERVER } from '@sallyport/audit';
import { AuthMountsService, DevicesService, LocalUsersService, PeopleService } from '@sallyport/identity';
import { after, Database } from '@sallyport/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../test/support/core.js';
import { addUser, type Person } from '../../../test/support/people.js';
import { waiting } from '../../../test/support/planted-faults.js';
import { ROOT_TOKEN } from '../../../test/support/sallyport.js';
import { MAX_TTL } from './token-life.js';
import { TokenRenewalService } from './token-renewal.service.js';
import { TokenRevocationService } from './token-revocation.service.js';
import { TokensService } from './tokens.service.js';
import type { NewToken, Token } from './token.js';

const HOUR = 3_600;
const MOUNT = {
  description: '',
  defaultLeaseTtl: 0,
  maxLeaseTtl: 0,
  listingVisibility: null,
  tokenType: 'default-service',
};

let core: Core;
let other: Core;
let tokens: TokensService;
let revocation: TokenRevocationService;
let renewals: TokenRenewalService;
let ada: Person;

beforeAll(async () => {
  core = await startCore();
  other = await startCore({ replicaOf: core });
  tokens = core.get(TokensService);
  revocation = core.get(TokenRevocationService);
  renewals = core.get(TokenRenewalService);
  ada = await addUser(core, 'ada');
});
afterAll(async () => {
  await other.stop();
  await core.stop();
});

function issue(wanted: Partial<NewToken> = {}): Promise<{ secret: string; token: Token }> {
  const whole: NewToken = {
    origin: 'vault',
    principalId: ada.principalId,
    accountId: ada.accountId,
    localUserId: ada.user.id,
    mountId: null,
    sessionId: randomUUID(),
    policies: ['default'],
    factors: [],
    metadata: null,
    path: 'auth/userpass/login/ada',
    displayName: 'userpass-ada',
    orphan: true,
    renewable: true,
    ttl: HOUR,
    clientAddress: '127.0.0.1',
    ...wanted,
  };
  return core.get(Database).transaction((tx) => tokens.issue(tx, whole, SERVER));
}

/** On both replicas at once. */
async function isLive(secret: string): Promise<boolean> {
  const [here, there] = await Promise.all([
    tokens.findBySecret(secret),
    other.get(TokensService).findBySecret(secret),
  ]);
  expect(here === null).toBe(there === null);
  return here !== null;
}

describe('the secret of a token', () => {
  it('S33 is in no table, neither plain nor in hex or base64', async () => {
    const secrets = [ROOT_TOKEN, (await issue()).secret, (await issue({ origin: 'appgate' })).secret];
    const { rows } = await core.database.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
    );
    let dump = '';
    for (const { name } of rows)
      dump += JSON.stringify((await core.database.query(`SELECT t::text AS line FROM "${name}" t`)).rows);
    expect(dump).toContain('userpass-ada');
    for (const secret of secrets)
      for (const form of [
        secret,
        Buffer.from(secret).toString('hex'),
        Buffer.from(secret).toString('base64'),
        Buffer.from(secret).toString('base64url'),
      ])
        expect(dump).not.toContain(form);
    for (const raw of secrets.slice(2))
      expect(dump).not.toContain(Buffer.from(raw, 'base64').toString('hex'));
  });

  it('S33 is the only thing that opens: not the hash, the accessor, the id or a JWT without signature', async () => {
    const { token } = await issue();
    const { rows } = await core.database.query('SELECT token_hash FROM tokens WHERE id = $1', [token.id]);
    const jwt = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(`{"sub":"${ada.principalId}"}`).toString('base64url')}.`;
    for (const forged of [
      rows[0].token_hash.toString('hex'),
      rows[0].token_hash.toString('base64'),
      token.accessor,
      token.id,
      jwt,
      '',
    ])
      expect(await tokens.check(forged)).toBe(null);
  });
});

describe('the end of a token', () => {
  it('S34 comes after the idle time, counted on the server, on either replica', async () => {
    const { secret } = await issue({ idleSeconds: HOUR, ttl: 12 * HOUR });
    core.clock.advance(59 * 60);
    expect(await other.get(TokensService).check(secret)).toMatchObject({ state: 'live' });
    core.clock.advance(HOUR + 1);
    expect(await tokens.check(secret)).toBe(null);
    expect(await isLive(secret)).toBe(false);
  });

  it('S34 comes at the absolute end although it is used, and not a second before', async () => {
    const { secret, token } = await issue({ idleSeconds: HOUR, ttl: 12 * HOUR });
    while (core.clock.now() < after(token.issuedAt, 11 * HOUR + 600)) {
      core.clock.advance(50 * 60);
      expect(await tokens.check(secret)).toMatchObject({ state: 'live' });
    }
    core.clock.set(after(token.expiresAt!, -1));
    expect(await isLive(secret)).toBe(true);
    core.clock.set(token.expiresAt!);
    expect(await isLive(secret)).toBe(false);
  });

  it('S34 is written down at most once a minute, so that it comes early and never late', async () => {
    const { secret, token } = await issue({ idleSeconds: HOUR, ttl: null });
    const used = async () =>
      (await core.database.query('SELECT last_used_at FROM tokens WHERE id = $1', [token.id])).rows[0]
        .last_used_at;
    core.clock.advance(59);
    await tokens.check(secret);
    expect(await used()).toEqual(token.issuedAt);
    core.clock.advance(1);
    await tokens.check(secret);
    expect(await used()).toEqual(core.clock.now());
  });

  it('S34 is the earlier of its life and an end that stands already', async () => {
    const endsBy = after(core.clock.now(), 60);
    expect((await issue({ endsBy })).token).toMatchObject({ expiresAt: endsBy, creationTtl: 60 });
    expect((await issue({ ttl: null, endsBy })).token.expiresAt).toEqual(endsBy);
    expect((await issue({ ttl: 30, endsBy })).token.expiresAt).toEqual(after(core.clock.now(), 30));
  });
});

describe('a renewal', () => {
  it('S34 never goes past 768 h from issue, however often it is done', async () => {
    const { token } = await issue();
    for (let day = 0; day < 40; day += 1) {
      const renewed = await renewals.renew(token, MAX_TTL, SERVER).catch(() => null);
      if (renewed !== null)
        expect(renewed.expiresAt!.getTime()).toBeLessThanOrEqual(after(token.issuedAt, MAX_TTL).getTime());
      else
        expect(core.clock.now().getTime()).toBeGreaterThanOrEqual(after(token.issuedAt, MAX_TTL).getTime());
      core.clock.advance(86_400);
    }
  });

  it('S34 never goes past the explicit maximum, with a period either', async () => {
    const { token } = await issue({ period: HOUR, explicitMaxTtl: 2 * HOUR });
    core.clock.advance(HOUR - 1);
    expect((await renewals.renew(token, 0, SERVER)).expiresAt).toEqual(after(core.clock.now(), HOUR));
    core.clock.advance(HOUR - 1);
    expect((await renewals.renew(token, 5 * HOUR, SERVER)).expiresAt).toEqual(
      after(token.issuedAt, 2 * HOUR),
    );
  });

  it('takes the first life where no increment is named', async () => {
    const { token } = await issue({ ttl: 100 });
    core.clock.advance(50);
    expect((await renewals.renew(token, 0, SERVER)).expiresAt).toEqual(after(core.clock.now(), 100));
  });

  it('S41 to an earlier end takes all descendants along, a grandchild that is being issued too', async () => {
    const parent = (await issue()).token;
    const child = (await issue({ parentId: parent.id })).token;
    const open = await core.database.connect();
    await open.query('BEGIN');
    await open.query('SELECT 1 FROM tokens WHERE id = $1 FOR SHARE', [child.id]);
    const late = (await issue()).token;
    const renewing = renewals.renew(parent, 60, SERVER);
    await expect.poll(() => waiting(core, 'Lock')).toBe(1);
    await open.query('UPDATE tokens SET parent_id = $2 WHERE id = $1', [late.id, child.id]);
    await open.query('COMMIT');
    open.release();
    const { expiresAt } = await renewing;
    expect(expiresAt).toEqual(after(core.clock.now(), 60));
    for (const { accessor } of [child, late])
      expect((await tokens.findByAccessor(accessor))?.expiresAt).toEqual(expiresAt);
  });

  it('S41 stops at the end of the parent, with a period too', async () => {
    const parent = (await issue()).token;
    for (const period of [0, HOUR]) {
      const child = (await issue({ parentId: parent.id, endsBy: parent.expiresAt, period })).token;
      expect((await renewals.renew(child, 5 * HOUR, SERVER)).expiresAt).toEqual(parent.expiresAt);
    }
  });

  it('is refused to a token that is not renewable, and to one that ended', async () => {
    await expect(renewals.renew((await issue({ renewable: false })).token, 60, SERVER)).rejects.toMatchObject(
      {
        code: 'not-renewable',
      },
    );
    const { token } = await issue({ ttl: 10 });
    core.clock.advance(10);
    await expect(renewals.renew(token, 60, SERVER)).rejects.toMatchObject({ kind: 'not-found' });
  });
});

describe('a revocation', () => {
  it('S41 of the grandparent ends child and grandchild, also through one that was ended before', async () => {
    const first = await issue();
    const second = await issue({ parentId: first.token.id });
    const third = await issue({ parentId: second.token.id });
    const stranger = await issue();
    await core.database.query('UPDATE tokens SET revoked_at = $2 WHERE id = $1', [
      second.token.id,
      core.clock.now(),
    ]);
    await revocation.revoke(first.token, SERVER);
    expect([await isLive(first.secret), await isLive(third.secret), await isLive(stranger.secret)]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('S41 finds a child and a grandchild that are being issued meanwhile', async () => {
    const parent = await issue();
    const child = await issue({ parentId: parent.token.id });
    for (const parentId of [parent.token.id, child.token.id]) {
      const open = await core.database.connect();
      await open.query('BEGIN');
      await open.query('SELECT 1 FROM tokens WHERE id = $1 AND revoked_at IS NULL FOR SHARE', [parentId]);
      const lateId = randomUUID();
      await open.query(
        `INSERT INTO tokens SELECT (t2).* FROM (SELECT jsonb_populate_record(t, $2) AS t2 FROM tokens t WHERE id = $1) planted`,
        [
          parentId,
          {
            id: lateId,
            token_hash: `\\x${Buffer.from(lateId).toString('hex')}`,
            accessor: lateId,
            parent_id: parentId,
          },
        ],
      );
      const revoking = revocation.revoke(parent.token, SERVER);
      await expect.poll(() => waiting(core, 'Lock')).toBe(1);
      await open.query('COMMIT');
      open.release();
      await revoking;
      const { rows } = await core.database.query(
        'SELECT revoked_at IS NOT NULL AS ended FROM tokens WHERE id = $1',
        [lateId],
      );
      expect(rows).toEqual([{ ended: true }]);
      await core.database.query('UPDATE tokens SET revoked_at = NULL WHERE id = ANY($1)', [
        [parent.token.id, child.token.id],
      ]);
    }
  });

  it('S41 leaves no parent for a child that comes later', async () => {
    const { token } = await issue();
    await revocation.revoke(token, SERVER);
    await expect(issue({ parentId: token.id })).rejects.toMatchObject({ code: 'parent-ended' });
  });

  it('of a token alone leaves its children as orphans, one that is being issued meanwhile too', async () => {
    const parent = await issue();
    const child = await issue({ parentId: parent.token.id });
    const grandchild = await issue({ parentId: child.token.id });
    const open = await core.database.connect();
    await open.query('BEGIN');
    await open.query('SELECT 1 FROM tokens WHERE id = $1 FOR SHARE', [parent.token.id]);
    const late = await issue({});
    const revoking = revocation.revokeAlone(parent.token, SERVER);
    await expect.poll(() => waiting(core, 'Lock')).toBe(1);
    await open.query('UPDATE tokens SET parent_id = $2, orphan = false WHERE id = $1', [
      late.token.id,
      parent.token.id,
    ]);
    await open.query('COMMIT');
    open.release();
    await revoking;
    expect(await isLive(parent.secret)).toBe(false);
    expect(await tokens.findBySecret(child.secret)).toMatchObject({ orphan: true, parentId: null });
    expect(await tokens.findBySecret(late.secret)).toMatchObject({ orphan: true, parentId: null });
    expect(await tokens.findBySecret(grandchild.secret)).toMatchObject({ parentId: child.token.id });
  });

  it('of a token that gives way is done by one of many at once', async () => {
    const { token } = await issue();
    const tries = Array.from({ length: 20 }, () =>
      core.get(Database).transaction((tx) => revocation.giveUp(tx, token.id)),
    );
    expect((await Promise.all(tries)).filter((ended) => ended)).toHaveLength(1);
  });

  it.each([
    ['person', 'UPDATE principals SET token_epoch = token_epoch + 1 WHERE id = $1', () => ada.principalId],
    [
      'device',
      'UPDATE registered_devices SET token_epoch = token_epoch + 1 WHERE account_id = $1',
      () => ada.accountId,
    ],
  ])('S40 of a token that gives way comes too late after its %s lost all of them', async (_, end, whose) => {
    const deviceId = randomUUID();
    await core.get(Database).transaction((tx) => core.get(DevicesService).see(tx, ada.accountId, deviceId));
    const { secret, token } = await issue({ origin: 'appgate', deviceId });
    expect(await isLive(secret)).toBe(true);
    await core.database.query(end, [whose()]);
    const given = await core.get(Database).transaction((tx) => revocation.giveUp(tx, token.id));
    expect(given).toBe(false);
  });
});

describe('a use limit', () => {
  it('S41 lets exactly three of twenty parallel uses over two replicas pass', async () => {
    const { secret } = await issue({ usesLeft: 3 });
    const checks = Array.from({ length: 20 }, (_, index) =>
      (index % 2 ? tokens : other.get(TokensService)).check(secret),
    );
    expect((await Promise.all(checks)).filter((checked) => checked !== null)).toHaveLength(3);
    expect(await isLive(secret)).toBe(false);
  });

  it('is not taken off by a look-up', async () => {
    const { secret, token } = await issue({ usesLeft: 1 });
    for (let look = 0; look < 3; look += 1)
      expect(await tokens.findByAccessor(token.accessor)).toMatchObject({ usesLeft: 1 });
    expect(await tokens.check(secret)).toMatchObject({ state: 'live' });
    expect(await tokens.check(secret)).toBe(null);
  });
});

describe('what a token stands on', () => {
  it('S40 ends it when the stamp of its person moves, and the next one lives', async () => {
    const old = await issue();
    await core.get(Database).transaction((tx) => core.get(PeopleService).endTokens(tx, ada.principalId));
    expect(await isLive(old.secret)).toBe(false);
    expect(await isLive((await issue()).secret)).toBe(true);
  });

  it('S40 ends it when its mount is detached, also after the mount is back', async () => {
    const mounts = core.get(AuthMountsService);
    const mount = await mounts.attach('userpass', MOUNT, SERVER);
    const { secret } = await issue({ mountId: mount.id });
    const kept = await issue({ origin: 'appgate', mountId: null });
    expect(await isLive(secret)).toBe(true);
    await mounts.detach('userpass', SERVER);
    const late = await issue({ mountId: mount.id });
    expect(await isLive(secret)).toBe(false);
    await mounts.attach('userpass', MOUNT, SERVER);
    expect([await isLive(secret), await isLive(late.secret), await isLive(kept.secret)]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('S47 says so when its person is disabled, and ends it when its user is', async () => {
    const { secret } = await issue();
    await core.database.query('UPDATE principals SET disabled = true WHERE id = $1', [ada.principalId]);
    expect(await tokens.check(secret)).toEqual({ state: 'disabled' });
    expect(await isLive(secret)).toBe(false);
    await core.database.query('UPDATE principals SET disabled = false WHERE id = $1', [ada.principalId]);
    await core.database.query('UPDATE local_users SET disabled = true WHERE id = $1', [ada.user.id]);
    expect(await tokens.check(secret)).toBe(null);
    await core.database.query('UPDATE local_users SET disabled = false WHERE id = $1', [ada.user.id]);
  });

  it('S47 ends it when its user is removed', async () => {
    const bob = await addUser(core, 'bob');
    const { secret } = await issue({
      principalId: bob.principalId,
      accountId: bob.accountId,
      localUserId: bob.user.id,
    });
    expect(await isLive(secret)).toBe(true);
    await core.get(Database).transaction((tx) => core.get(LocalUsersService).remove(tx, bob.user, SERVER));
    expect(await isLive(secret)).toBe(false);
  });
});
