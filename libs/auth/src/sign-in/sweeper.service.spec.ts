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

  it('leaves the work to another replica that is at it', async () => {
    const client = await server.database.connect();
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [0x5a13]);
    expect(await server.app.get(SweeperService, { strict: false }).sweep()).toBe(0);
    await client.query('ROLLBACK');
    client.release();
  });
});
