import { SERVER } from '@sallyport/audit';
import { Database } from '@sallyport/platform';
import { TokensService } from '@sallyport/tokens';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AdminSteps, outcome } from '../../../../test/support/admin-sign-in.js';
import { type Core, startCore } from '../../../../test/support/core.js';
import { addUser, type Person } from '../../../../test/support/people.js';
import { waiting, withPause } from '../../../../test/support/planted-faults.js';
import { EverybodyRevocationService, MOST_TOLD } from './everybody-revocation.service.js';

const BOTH = { full: true, partial: true };

let core: Core;
let other: Core;
let person: Person;
let steps: AdminSteps;
let people = 0;

beforeAll(async () => {
  core = await startCore();
  other = await startCore({ replicaOf: core });
  await core.database.query(`UPDATE policies SET expression = 'return true;'`);
});
afterAll(async () => {
  await other.stop();
  await core.stop();
});
beforeEach(async () => {
  people += 1;
  core.clock.advance(100_000);
  person = await addUser(core, `person-${people}`);
  steps = new AdminSteps(core, person.user.name);
});

const end = (kinds = BOTH, where = core) =>
  where.get(EverybodyRevocationService).revoke({ kinds, asked: '' }, SERVER);

describe('ending the tokens of everybody', () => {
  it('S40 ends full and partial tokens on every replica, tells their devices, and lets a later sign-in live', async () => {
    const full = (await steps.logIn()).secret!;
    const partial = (await steps.authenticate()).secret;
    const { devices, total } = await end(BOTH, other);
    const { name } = person.user;
    expect([devices.map(({ username }) => username), total]).toEqual([[name, name], 2]);
    expect([await steps.lives(full), await steps.lives(partial)]).toEqual([false, false]);
    expect(await steps.lives((await steps.logIn()).secret!)).toBe(true);
    expect(await steps.lives((await steps.authenticate()).secret)).toBe(true);
  });

  it('S40 ends those of the kinds that are meant only', async () => {
    const full = (await steps.logIn()).secret!;
    const partial = (await steps.authenticate()).secret;
    expect((await end({ full: true, partial: false })).total).toBe(1);
    expect([await steps.lives(full), await steps.lives(partial)]).toEqual([false, true]);
    expect((await end({ full: true, partial: false })).total).toBe(0);
    expect((await end({ full: false, partial: true })).total).toBe(1);
    expect(await steps.lives(partial)).toBe(false);
    expect(await end()).toEqual({ devices: [], total: 0 });
  });

  it('S40 writes one row, whatever the number of devices and tokens', async () => {
    for (let count = 0; count < 3; count += 1) await steps.logIn();
    const before = await core.database.query(
      'SELECT xmin FROM tokens UNION ALL SELECT xmin FROM registered_devices',
    );
    await end();
    const after = await core.database.query(
      'SELECT xmin FROM tokens UNION ALL SELECT xmin FROM registered_devices',
    );
    expect(after.rows).toEqual(before.rows);
  });

  it('S40 leaves the tokens of /v1 alone, also where one signs in at /admin', async () => {
    const { rows } = await core.database.query('SELECT count(*)::int AS count FROM tokens');
    const { secret } = await core.get(Database).transaction((tx) =>
      core.get(TokensService).issue(
        tx,
        {
          origin: 'vault',
          principalId: person.principalId,
          accountId: person.accountId,
          localUserId: person.user.id,
          mountId: null,
          sessionId: '00000000-0000-4000-8000-000000000002',
          policies: [],
          factors: [],
          metadata: null,
          path: 'auth/userpass/login/x',
          displayName: 'x',
          orphan: true,
          renewable: true,
          ttl: 1_000,
          clientAddress: '',
        },
        SERVER,
      ),
    );
    const derived = (await steps.authorize(secret)).secret!;
    await end();
    expect(rows).toHaveLength(1);
    expect([await steps.lives(secret), await steps.lives(derived)]).toEqual([true, false]);
  });

  it('S40 does not let an authorization in progress slip through', async () => {
    const { secret } = await steps.authenticate();
    // The token is there, the sign-in not yet finished, nothing committed.
    await withPause(
      core,
      { table: 'sign_ins', event: 'UPDATE', rows: 'NEW.finished_at IS NOT NULL' },
      async () => {
        const authorizing = steps.authorize(secret).then(
          (answer) => answer.secret,
          () => null,
        );
        await expect.poll(() => waiting(core, 'Timeout'), { interval: 5 }).toBe(1);
        await end();
        const issued = await authorizing;
        expect(issued === null || !(await steps.lives(issued))).toBe(true);
      },
    );
    expect(await outcome(steps.authorize(secret))).toBe('no-session');
  });

  it('S40 leaves no token of 20 sign-ins that were begun before, whenever they are finished', async () => {
    const begun = await Promise.all(Array.from({ length: 20 }, () => steps.authenticate()));
    const finished = begun.map(({ secret }) =>
      steps.authorize(secret).then(
        (answer) => answer.secret,
        () => null,
      ),
    );
    await end();
    for (const secret of await Promise.all(finished))
      if (secret !== null) expect(await steps.lives(secret)).toBe(false);
  });

  it('S40 tells the devices seen last of very many, and counts all there are', async () => {
    await steps.logIn();
    const many = MOST_TOLD + 345;
    await core.database.query(
      `INSERT INTO registered_devices (account_id, device_id, on_boarded_at, last_seen_at)
       SELECT $1, gen_random_uuid(), $2::timestamptz - make_interval(secs => n), $2::timestamptz - make_interval(secs => n) FROM generate_series(1, $3::integer) AS n`,
      [person.accountId, core.clock.now(), many - 1],
    );
    await core.database.query(
      `INSERT INTO tokens SELECT (planted).* FROM tokens t JOIN registered_devices d ON d.account_id = t.account_id AND d.device_id <> t.device_id
       CROSS JOIN LATERAL (SELECT gen_random_uuid() AS drawn WHERE d.device_id IS NOT NULL) AS draw
       CROSS JOIN LATERAL jsonb_populate_record(t, jsonb_build_object('id', drawn, 'token_hash', '\\x' || replace(drawn::text, '-', ''),
         'accessor', drawn, 'device_id', d.device_id, 'device_epoch', d.token_epoch)) AS planted
       WHERE t.account_id = $1 AND t.revoked_at IS NULL`,
      [person.accountId],
    );
    await core.database.query('ANALYZE');
    const { devices, total } = await end();
    const { rows } = await core.database.query('SELECT count(*)::integer AS count FROM registered_devices');
    expect([devices.length, total]).toEqual([MOST_TOLD, rows[0].count]);
    expect(total).toBeGreaterThanOrEqual(many);
    const times = devices.map(({ onBoardedAt }) => onBoardedAt.getTime());
    expect(times).toEqual(times.toSorted((one, another) => another - one));
    expect(times[0]).toBe(core.clock.now().getTime());
    expect((await end()).total).toBe(0);
  });
});
