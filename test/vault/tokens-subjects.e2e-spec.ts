import { currentAct, Database, type Reads } from '@sallyport/platform';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { deadTokens } from '../support/dead-tokens.js';
import { expecting } from '../support/send.js';
import { PASSWORD, Stage } from '../support/stage.js';
import type { VaultClient } from '../support/vault-client.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(2);
  await stage.addUser('clerk');
});
afterAll(() => stage.close());

const told = ({ status, body }: { status: number; body: any }) => [status, body];
const refused = (status: number, text: string) => [status, { errors: [text] }];
const DENIED = refused(403, '1 error occurred:\n\t* permission denied\n\n');
const INVALID_ACCESSOR = refused(400, '1 error occurred:\n\t* invalid accessor\n\n');
const MISSING_ACCESSOR = refused(400, '1 error occurred:\n\t* missing accessor\n\n');

async function newToken(fields: object = {}, by: VaultClient = stage.root): Promise<any> {
  return (await expecting(200, by.write('auth/token/create', { policies: 'default', ...fields }))).body.auth;
}

const isLive = async (token: string, replica = 0) =>
  (await stage.vault(replica).with(token).read('auth/token/lookup-self')).status === 200;

async function accessorOf(token: string): Promise<string> {
  return (await stage.vault().with(token).read('auth/token/lookup-self')).body.data.accessor;
}

describe('S42 a look-up', () => {
  it('answers the same for whatever is not a live token of this dialect, whoever asks', async () => {
    const dead = await deadTokens(stage);
    const clerk = (await stage.vault().logIn('clerk', PASSWORD)).body.auth.client_token;
    const callers: [VaultClient, ReturnType<typeof refused>[]][] = [
      [
        stage.root,
        [refused(403, 'bad token'), INVALID_ACCESSOR, refused(400, 'token not found'), INVALID_ACCESSOR],
      ],
      [stage.vault(1).with(clerk), [DENIED, DENIED, DENIED, DENIED]],
      [stage.vault(), Array(4).fill(refused(403, 'permission denied'))],
    ];
    for (const [caller, answers] of callers)
      for (const [state, { token, accessor }] of Object.entries(dead)) {
        const calls = [
          await caller.write('auth/token/lookup', { token }),
          await caller.write('auth/token/lookup-accessor', { accessor }),
          await caller.write('auth/token/renew', { token }),
          await caller.write('auth/token/renew-accessor', { accessor }),
        ];
        expect([state, calls.map(told)]).toEqual([state, answers]);
      }
  });

  it('costs the same statements whatever is wrong with the token', async () => {
    const database = stage.first.app.get(Database, { strict: false });
    let asked: string[] = [];
    const listening = (reads: Reads): Reads => ({
      query: (text, values) => {
        // What the background does meanwhile is no part of the look-up.
        if (currentAct() !== undefined) asked.push(text);
        return reads.query(text, values);
      },
    });
    const [query, gather] = [database.query.bind(database), database.gather.bind(database)];
    const spies = [
      vi
        .spyOn(database, 'query')
        .mockImplementation((text, values) => listening({ query }).query(text, values)),
      vi.spyOn(database, 'gather').mockImplementation((work) => gather((reads) => work(listening(reads)))),
    ];
    const seen: Record<string, string[][]> = {};
    for (const [state, { token, accessor }] of Object.entries(await deadTokens(stage))) {
      seen[state] = [];
      for (const act of [
        () => stage.root.write('auth/token/lookup', { token }),
        () => stage.root.write('auth/token/lookup-accessor', { accessor }),
        () => stage.vault().with(token).read('auth/token/lookup-self'),
      ]) {
        asked = [];
        await act();
        seen[state].push(asked);
      }
    }
    for (const spy of spies) spy.mockRestore();
    expect(seen['unknown']?.every((statements) => statements.length > 0)).toBe(true);
    for (const [state, statements] of Object.entries(seen))
      expect([state, statements]).toEqual([state, seen['unknown']]);
  });

  it('tells everything of a live one, and its secret only to whoever brought it', async () => {
    const { client_token, accessor } = await newToken({ meta: { a: 'b' } });
    const self = (await stage.vault().with(client_token).read('auth/token/lookup-self')).body.data;
    const byToken = (await stage.root.write('auth/token/lookup', { token: client_token })).body.data;
    const byAccessor = (await stage.root.call('PUT', 'auth/token/lookup-accessor', { body: { accessor } }))
      .body.data;
    expect(byToken).toEqual(self);
    expect(byAccessor).toEqual({ ...self, id: '' });
  });

  it('takes no use off', async () => {
    const { client_token } = await newToken({ num_uses: 2 });
    for (let look = 0; look < 3; look += 1)
      expect((await stage.root.write('auth/token/lookup', { token: client_token })).body.data.num_uses).toBe(
        2,
      );
  });

  it('needs something to look up', async () => {
    expect(told(await stage.root.write('auth/token/lookup'))).toEqual(refused(400, 'missing token ID'));
    expect(told(await stage.root.write('auth/token/lookup-accessor'))).toEqual(MISSING_ACCESSOR);
    expect(told(await stage.root.write('auth/token/renew-accessor'))).toEqual(MISSING_ACCESSOR);
    expect(told(await stage.root.write('auth/token/revoke-accessor'))).toEqual(MISSING_ACCESSOR);
    expect(told(await stage.root.write('auth/token/renew'))).toEqual(refused(400, 'missing token ID'));
  });
});

describe('a renewal of another token', () => {
  it('S34 moves its end, by the token or by its accessor', async () => {
    const { client_token, accessor } = await newToken({ ttl: 100 });
    stage.clock.advance(50);
    const byToken = await stage.root.call('PUT', 'auth/token/renew', {
      body: { token: client_token, increment: '' },
    });
    expect(byToken.body.auth).toMatchObject({
      client_token,
      accessor,
      lease_duration: 100,
      mfa_requirement: null,
    });
    stage.clock.advance(50);
    const byAccessor = await stage.root.write('auth/token/renew-accessor', { accessor, increment: '200s' });
    expect(byAccessor.body.auth).toMatchObject({ client_token: '', accessor, lease_duration: 200 });
    const { data } = (await stage.root.write('auth/token/lookup-accessor', { accessor })).body;
    expect(data).toMatchObject({ ttl: 200, last_renewal: stage.now.toISOString() });
  });

  it('S34 goes past no maximum, however often', async () => {
    const { client_token } = await newToken({ ttl: 100, explicit_max_ttl: 1000 });
    for (let time = 0; time < 9; time += 1) {
      stage.clock.advance(99);
      await expecting(200, stage.root.write('auth/token/renew', { token: client_token }));
    }
    stage.clock.advance(99);
    const { body } = await stage.root.write('auth/token/renew', { token: client_token, increment: '768h' });
    expect(body.auth.lease_duration).toBe(10);
    stage.clock.advance(10);
    expect(await isLive(client_token)).toBe(false);
  });

  it('is not for what is not renewable', async () => {
    const { client_token } = await newToken({ renewable: false });
    expect(told(await stage.root.write('auth/token/renew', { token: client_token }))).toEqual(
      refused(400, 'lease is not renewable'),
    );
  });
});

describe('a revocation', () => {
  it('S39 by accessor ends a token of either dialect on every replica', async () => {
    const own = await newToken();
    await expecting(204, stage.root.write('auth/token/revoke-accessor', { accessor: own.accessor }));
    expect(await isLive(own.client_token, 1)).toBe(false);

    const admin = await stage.administrator(1);
    const [row] = await stage.rows(
      `SELECT accessor FROM tokens WHERE origin = 'appgate' ORDER BY issued_at DESC LIMIT 1`,
    );
    await expecting(200, admin.get('/local-users'));
    await expecting(204, stage.root.write('auth/token/revoke-accessor', { accessor: row!.accessor }));
    await expecting(401, admin.get('/local-users'));
  });

  it('of an unknown accessor says so with success', async () => {
    const { status, body } = await stage.root.write('auth/token/revoke-accessor', { accessor: 'nobody' });
    expect([status, body.data, body.warnings]).toEqual([200, null, ['No token found with this accessor']]);
  });

  it('S41 by revoke-orphan leaves the children, as orphans', async () => {
    const parent = await newToken({ policies: 'root', ttl: '1h' });
    const child = await newToken({}, stage.vault().with(parent.client_token));
    await expecting(204, stage.root.write('auth/token/revoke-orphan', { token: parent.client_token }));
    expect([await isLive(parent.client_token), await isLive(child.client_token)]).toEqual([false, true]);
    const { data } = (await stage.root.write('auth/token/lookup', { token: child.client_token })).body;
    expect(data).toMatchObject({ orphan: true, ttl: 3600 });
    expect(told(await stage.root.write('auth/token/revoke-orphan', { token: parent.client_token }))).toEqual(
      refused(400, 'token to revoke not found'),
    );
  });

  it('is not a token of /admin that asks', async () => {
    const { token } = await stage.administrator();
    const caller = stage.vault().with(token);
    const { client_token } = await newToken();
    const answer = await caller.write('auth/token/revoke', { token: client_token });
    expect(told(answer)).toEqual(
      refused(403, '2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'),
    );
    expect(await isLive(client_token)).toBe(true);
  });
});

describe('the accessors', () => {
  it('are listed by the verb LIST, those of live tokens of this dialect', async () => {
    const { accessor } = await newToken();
    const ended = await newToken();
    await expecting(204, stage.root.write('auth/token/revoke', { token: ended.client_token }));
    await stage.administrator();
    const { keys } = (await stage.root.list('auth/token/accessors')).body.data;
    const rows = await stage.rows(`SELECT accessor FROM tokens WHERE origin = 'appgate'`);
    expect(keys).toContain(accessor);
    expect(keys).toContain(await accessorOf(stage.first.rootToken));
    expect(keys).not.toContain(ended.accessor);
    for (const row of rows) expect(keys).not.toContain(row.accessor);
    expect((await stage.root.read('auth/token/accessors?list=1')).body.data.keys).toEqual(keys);
  });

  it('are not for everybody', async () => {
    const { client_token } = (await stage.vault().logIn('clerk', PASSWORD)).body.auth;
    expect(told(await stage.vault().with(client_token).list('auth/token/accessors'))).toEqual(DENIED);
  });
});
