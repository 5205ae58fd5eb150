import { randomUUID } from 'node:crypto';
import { SERVER } from '@sallyport/audit';
import { ADVISORY_LOCKS, Database } from '@sallyport/platform';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../test/support/core.js';
import { TokenSweeperService } from './token-sweeper.service.js';
import { TokenRevocationService } from './token-revocation.service.js';
import { TokensService } from './tokens.service.js';

const DAY = 86_400;

let core: Core;
let other: Core;
beforeAll(async () => {
  core = await startCore();
  other = await startCore({ replicaOf: core });
});
afterAll(async () => {
  await other.stop();
  await core.stop();
});
beforeEach(() => core.database.query('DELETE FROM tokens'));

const sweep = (at = core) => at.get(TokenSweeperService).sweep();

function issue(ttl: number | null, parentId: string | null = null) {
  const tokens = core.get(TokensService);
  return core.get(Database).transaction((tx) =>
    tokens.issue(
      tx,
      {
        origin: 'vault',
        principalId: null,
        accountId: null,
        localUserId: null,
        mountId: null,
        sessionId: randomUUID(),
        parentId,
        policies: [],
        factors: [],
        metadata: null,
        path: 'auth/token/create',
        displayName: 'token',
        orphan: parentId === null,
        renewable: true,
        ttl,
        clientAddress: '127.0.0.1',
      },
      SERVER,
    ),
  );
}

async function left(): Promise<string[]> {
  return (await core.database.query('SELECT id FROM tokens')).rows.map(({ id }) => id as string);
}

describe('the sweeping of tokens', () => {
  it('removes expired and revoked ones after a day, and no other', async () => {
    const expired = await issue(100);
    const revoked = await issue(null);
    const child = await issue(null, revoked.token.id);
    const root = await issue(null);
    const long = await issue(3 * DAY);
    await core.get(TokenRevocationService).revoke(revoked.token, SERVER);
    core.clock.advance(DAY);
    expect(await sweep()).toBe(0);
    expect((await left()).length).toBe(5);
    core.clock.advance(1);
    expect(await sweep()).toBe(2);
    core.clock.advance(100);
    expect(await sweep()).toBe(1);
    expect((await left()).toSorted()).toEqual([root.token.id, long.token.id].toSorted());
    expect(await left()).not.toContain(expired.token.id);
    expect(await left()).not.toContain(child.token.id);
  });

  it('goes on until nothing is left, a thousand at a time', async () => {
    await issue(1);
    await core.database.query(
      `INSERT INTO tokens SELECT (t2).* FROM (
         SELECT jsonb_populate_record(t, jsonb_build_object('id', gen_random_uuid(), 'token_hash', '\\x' || md5(n::text), 'accessor', n::text)) AS t2
         FROM tokens t, generate_series(1, 2500) n) planted`,
    );
    core.clock.advance(DAY + 2);
    const statements = await core.database.query(`SELECT count(*)::int AS n FROM tokens`);
    expect(statements.rows[0].n).toBe(2501);
    expect(await sweep()).toBe(2501);
    expect(await left()).toEqual([]);
  });

  it('is done by one replica at a time, and by another once that is gone', async () => {
    await issue(1);
    core.clock.advance(DAY + 2);
    const client = await core.database.connect();
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [ADVISORY_LOCKS.tokenSweep]);
    expect(await sweep(other)).toBe(0);
    // The connection of a replica that dies ends, and its lock with it.
    client.release(true);
    await expect.poll(() => sweep(other)).toBe(1);
  });

  it('never waits for a token somebody holds', async () => {
    const held = await issue(1);
    await issue(1);
    core.clock.advance(DAY + 2);
    const client = await core.database.connect();
    await client.query('BEGIN');
    await client.query('SELECT 1 FROM tokens WHERE id = $1 FOR SHARE', [held.token.id]);
    expect(await sweep()).toBe(1);
    await client.query('ROLLBACK');
    client.release();
    expect(await sweep()).toBe(1);
  });
});
