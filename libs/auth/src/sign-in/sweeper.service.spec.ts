import { ADVISORY_LOCKS } from '@sallyport/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSallyport, type Sallyport } from '../../../../test/support/sallyport.js';
import { SweeperService } from './sweeper.service.js';

describe('the sweeper', () => {
  let server: Sallyport;

  beforeAll(async () => {
    server = await startSallyport();
  });

  afterAll(() => server.stop());

  it('removes only what has counted for nothing for a day', async () => {
    const insert = `INSERT INTO password_throttles (subject, network, failures, last_failure_at, updated_at, wait_until)
      VALUES ($1, '192.0.2.0/24', 5, $2, $2, $3)`;
    const now = server.clock.now().getTime();
    const at = (hours: number) => new Date(now + hours * 3_600_000);
    await server.database.query(insert, ['old', at(-25), at(-24.5)]);
    await server.database.query(insert, ['young', at(-23), null]);

    const swept = await server.app.get(SweeperService, { strict: false }).sweep();

    expect(swept).toBe(1);
    const { rows } = await server.database.query('SELECT subject FROM password_throttles');
    expect(rows).toEqual([{ subject: 'young' }]);
  });

  it('S08 removes networks nobody has signed in from for 30 days, and no other', async () => {
    const now = server.clock.now().getTime();
    const days = (count: number) => new Date(now - count * 86_400_000 - 1_000);
    await server.database.query(
      `INSERT INTO known_networks (account_id, network, last_sign_in_at)
       SELECT id, network, at FROM (SELECT id FROM accounts LIMIT 1) a, unnest($1::text[], $2::timestamptz[]) AS n (network, at)`,
      [
        ['192.0.2.0/24', '198.51.100.0/24'],
        [days(30), days(29)],
      ],
    );

    expect(await server.app.get(SweeperService, { strict: false }).sweep()).toBe(1);
    const { rows } = await server.database.query('SELECT network FROM known_networks');
    expect(rows).toEqual([{ network: '198.51.100.0/24' }]);
  });

  it('removes a seed nobody confirmed a day after its sign-in, and no other', async () => {
    const { rows: people } = await server.database.query('SELECT id FROM principals LIMIT 1');
    const insert = `INSERT INTO totp_enrollments (id, method_id, principal_id, sealed_seed, algorithm, digits, period, skew, created_at,
        provisional_for, bound_at)
      SELECT gen_random_uuid(), $1, $2, 'x', 'SHA1', 6, 30, 1, $3, $4, $5
      ON CONFLICT (method_id, principal_id) DO UPDATE SET created_at = $3, provisional_for = $4, bound_at = $5`;
    const method = 'b6f3c1d2-7a54-4e0b-9c8e-2f1d6a90e401';
    const sweep = () => server.app.get(SweeperService, { strict: false }).sweep();
    const at = (hours: number) => new Date(server.clock.now().getTime() + hours * 3_600_000);
    const signIn = '11111111-2222-4333-8444-555555555555';
    await server.database.query(insert, [method, people[0].id, at(-25), null, at(-25)]);
    expect(await sweep()).toBe(0);
    await server.database.query(insert, [method, people[0].id, at(-23), signIn, null]);
    expect(await sweep()).toBe(0);
    await server.database.query(insert, [method, people[0].id, at(-25), signIn, null]);
    expect(await sweep()).toBe(1);
  });

  it('leaves the work to another replica that is at it', async () => {
    const client = await server.database.connect();
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [ADVISORY_LOCKS.sweep]);
    expect(await server.app.get(SweeperService, { strict: false }).sweep()).toBe(0);
    await client.query('ROLLBACK');
    client.release();
  });
});
