import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withTestDatabase } from '../../../../test/support/test-database.js';
import { sendPrepared } from './prepared-query.js';

const place = withTestDatabase();
let pool: pg.Pool;

beforeEach(async () => {
  pool = new pg.Pool({ connectionString: place.url, max: 2, pipeline: true });
  await pool.query('DROP TABLE IF EXISTS things, changing');
});
afterEach(() => pool.end());

const OF_ALL_TYPES = `
  SELECT 1::int AS int, 2::bigint AS bigint, true AS boolean, 'a'::text AS text, NULL::text AS nothing, '\\x00ff'::bytea AS bytes,
    '2026-11-22T07:08:09.123Z'::timestamptz AS instant, '2026-11-22'::date AS day, '{"a": [1, null]}'::jsonb AS json, ARRAY['a', NULL, 'b,"'] AS texts,
    ARRAY['2026-11-22T07:08:09Z'::timestamptz] AS instants, gen_random_uuid() IS NOT NULL AS drawn, 1.50::numeric AS exact, '10.0.0.0/8'::cidr AS network
  WHERE $1::int > 0`;

describe.each([true, false])('a prepared statement, in a session of its own: %s', (own) => {
  it('is read as pg reads it, the first time and later, from the pool and on a connection of one’s own', async () => {
    const { rows, rowCount } = await pool.query(OF_ALL_TYPES, [1]);
    const client = await pool.connect();
    for (const way of [pool, pool, client, client])
      expect(await sendPrepared(way, 'all_types', OF_ALL_TYPES, [1], own)).toEqual({ rows, rowCount });
    client.release();
    expect(await sendPrepared(pool, 'all_types', OF_ALL_TYPES, [0], own)).toEqual({ rows: [], rowCount: 0 });
  });

  it.each([
    ['2026-11-22 07:08:09.123456+00', '2026-11-22T07:08:09.123Z'],
    ['2026-11-22 07:08:09.999999+00', '2026-11-22T07:08:09.999Z'],
    ['2026-11-22 07:08:09+00', '2026-11-22T07:08:09.000Z'],
    ['2026-11-22 07:08:09.5+05:30', '2026-11-22T01:38:09.500Z'],
    ['0099-01-01 00:00:00+00', '0099-01-01T00:00:00.000Z'],
    ['12026-11-22 07:08:09+00', '+012026-11-22T07:08:09.000Z'],
    ['0044-03-15 12:00:00+00 BC', '-000043-03-15T12:00:00.000Z'],
  ])('reads the instant %s, whatever the time zone of the session', async (text, iso) => {
    for (const zone of ['UTC', 'Asia/Kolkata', 'America/St_Johns']) {
      const client = await pool.connect();
      await client.query(`SET TimeZone = '${zone}'`);
      const { rows } = await sendPrepared(client, undefined, 'SELECT $1::timestamptz AS at', [text], own);
      expect((rows[0]!['at'] as Date).toISOString()).toBe(iso);
      client.release(true);
    }
  });

  it('has rows of its own each time', async () => {
    const text = 'SELECT n FROM generate_series(1, $1::int) n';
    const first = await sendPrepared(pool, 'series', text, [2], own);
    const second = await sendPrepared(pool, 'series', text, [3], own);
    expect([first.rows, second.rows]).toEqual([
      [{ n: 1 }, { n: 2 }],
      [{ n: 1 }, { n: 2 }, { n: 3 }],
    ]);
  });

  it('tells how many rows it changed', async () => {
    await pool.query('CREATE TABLE things (id integer, name text)');
    const insert = 'INSERT INTO things SELECT n, $1 FROM generate_series(1, 3) n';
    for (const rowCount of [3, 3])
      expect(await sendPrepared(pool, 'insert', insert, ['a'], own)).toEqual({ rows: [], rowCount });
  });

  it('S96 is read by the columns it has now, whatever a migration made of them', async () => {
    const text = 'SELECT * FROM changing WHERE $1::boolean';
    const read = async () => (await sendPrepared(pool, undefined, text, [true], own)).rows;
    await pool.query(`CREATE TABLE changing (id integer, name text); INSERT INTO changing VALUES (1, '2')`);
    expect(await read()).toEqual([{ id: 1, name: '2' }]);
    await pool.query('ALTER TABLE changing ALTER name TYPE integer USING name::integer');
    expect(await read()).toEqual([{ id: 1, name: 2 }]);
    await pool.query('ALTER TABLE changing RENAME name TO number');
    expect(await read()).toEqual([{ id: 1, number: 2 }]);
    await pool.query('ALTER TABLE changing DROP id');
    expect(await read()).toEqual([{ number: 2 }]);
  });

  it('S96 that was described refuses to run with other columns, and has them under another name', async () => {
    const client = await pool.connect();
    const read = async (name: string) =>
      (await sendPrepared(client, name, 'SELECT * FROM changing', [], own)).rows;
    await pool.query(`CREATE TABLE changing (id integer, name text); INSERT INTO changing VALUES (1, '2')`);
    const twice = await Promise.all([read('first'), read('first')]);
    expect([...twice, await read('first')]).toEqual([1, 2, 3].map(() => [{ id: 1, name: '2' }]));
    for (const [change, row] of [
      ['ALTER name TYPE integer USING name::integer', { id: 1, name: 2 }],
      ['RENAME name TO number', { id: 1, number: 2 }],
      ['DROP id', { number: 2 }],
    ] as const) {
      await pool.query(`ALTER TABLE changing ${change}`);
      await expect(read('first')).rejects.toMatchObject({ code: '0A000' });
      expect([await read(change), await read(change)]).toEqual([[row], [row]]);
    }
    client.release();
  });

  it('that fails tells why, from the pool and on a connection of one’s own, which goes on', async () => {
    const client = await pool.connect();
    for (const way of [pool, client]) {
      await expect(sendPrepared(way, 'failing', 'SELECT 1 / $1::int', [0], own)).rejects.toMatchObject({
        code: '22012',
      });
      expect((await sendPrepared(way, 'one', 'SELECT 1 / $1::int AS one', [1], own)).rows).toEqual([
        { one: 1 },
      ]);
    }
    client.release();
  });
});

it.each([
  [true, 1],
  [false, 3],
])('a session is asked for the columns of what it runs thrice, its own: %s, %s times', async (own, times) => {
  const client = await pool.connect();
  let described = 0;
  (client as unknown as { connection: pg.Connection }).connection.on(
    'rowDescription',
    () => (described += 1),
  );
  for (const one of [1, 2, 3])
    expect((await sendPrepared(client, 'one', 'SELECT $1::int AS one', [one], own)).rows).toEqual([{ one }]);
  expect(described).toBe(times);
  client.release();
});
