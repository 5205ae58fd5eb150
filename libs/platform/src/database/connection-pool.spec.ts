import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withTestDatabase } from '../../../../test/support/test-database.js';
import { administer, type ConnectionPool, forEverybody, inErrand, poolOf } from './connection-pool.js';
import { createDataSource } from './data-source.js';
import { Database } from './database.js';

const UNAVAILABLE = { kind: 'unavailable', code: 'database-unavailable' };
/** Half of which is administration's. */
const SIZE = 4;

const place = withTestDatabase();
let dataSource: DataSource;
let database: Database;
let other: pg.Client;
beforeAll(async () => {
  other = new pg.Client({ connectionString: place.url });
  await other.connect();
});
afterAll(() => other.end());
beforeEach(async () => {
  dataSource = await createDataSource({ url: place.url, poolSize: SIZE, entities: [] }).initialize();
  database = new Database(dataSource);
});
afterEach(() => dataSource.destroy());

function pool(): ConnectionPool {
  return poolOf(dataSource);
}

function inAdministration<T>(work: () => T): T {
  return inErrand(() => {
    administer();
    return work();
  });
}

function sleep(seconds: number): Promise<unknown> {
  return database.query('SELECT pg_sleep($1)', [seconds]);
}

describe('administration', () => {
  it('S92 takes half of the connections at most; who finds all of them taken for 2 s is told to come again', async () => {
    const lists = Array.from({ length: 6 }, () => inAdministration(() => sleep(2.5)));
    const ends = Promise.allSettled(lists);
    await pause(300);
    expect(pool().totalCount).toBeLessThanOrEqual(SIZE / 2 + 1);
    const begun = performance.now();
    await Promise.all([database.query('SELECT 1'), database.query('SELECT 1')]);
    expect(performance.now() - begun).toBeLessThan(1_500);
    const refused = (await ends).filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(6 - SIZE / 2);
    for (const { reason } of refused as PromiseRejectedResult[]) expect(reason).toMatchObject(UNAVAILABLE);
    await inAdministration(() => database.query('SELECT 1'));
  });

  it('S92 gives its places on, in the order of asking, and by TypeORM too', async () => {
    const done: number[] = [];
    await Promise.all(
      [1, 2, 3, 4, 5, 6].map((number) =>
        inAdministration(async () => {
          await (number % 2 ? sleep(0.05) : dataSource.query('SELECT pg_sleep(0.05)'));
          done.push(number);
        }),
      ),
    );
    expect(done.toSorted()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('S92 does not wait for itself: what is asked in a transaction takes no second place', async () => {
    const nested = () =>
      inAdministration(() =>
        database.transaction(async (tx) => {
          await tx.query('SELECT pg_sleep(0.1)');
          return (await database.query<{ one: number }>('SELECT 1 AS one'))[0]!.one;
        }),
      );
    expect(await Promise.all([nested(), nested()])).toEqual([1, 1]);
  });

  it('S92 does not hold up what is asked for everybody', async () => {
    const lists = Array.from({ length: 2 }, () => inAdministration(() => sleep(1.5)));
    await pause(100);
    const begun = performance.now();
    await inAdministration(() => forEverybody(() => database.query('SELECT 1')));
    expect(performance.now() - begun).toBeLessThan(1_200);
    await Promise.all(lists);
  });
});

describe('a connection', () => {
  it('that comes back in the middle of a transaction is closed', async () => {
    const client = await pool().connect();
    await client.query('BEGIN');
    client.release();
    await pause(50);
    expect(pool().totalCount).toBe(0);
  });

  it('S91 whose statement failed does not commit, whoever overlooks the failure', async () => {
    await other.query('CREATE TABLE notes (text text)');
    const work = database.transaction(async (tx) => {
      await tx.execute(`INSERT INTO notes VALUES ('kept?')`);
      await tx.query('SELECT 1 / 0').catch(() => undefined);
    });
    await expect(work).rejects.toMatchObject({ code: '22012' });
    expect((await other.query('SELECT FROM notes')).rowCount).toBe(0);
  });
});

it('S92 a single statement that lost a deadlock is done again', async () => {
  await other.query('CREATE TABLE pairs (name text PRIMARY KEY, value integer NOT NULL)');
  await other.query(`INSERT INTO pairs VALUES ('a', 0), ('b', 0)`);
  await other.query(
    `CREATE FUNCTION take_other() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN PERFORM FROM pairs WHERE name = 'b' FOR UPDATE; RETURN NEW; END $$`,
  );
  await other.query(
    `CREATE TRIGGER take_other AFTER UPDATE ON pairs FOR EACH ROW WHEN (NEW.name = 'a') EXECUTE FUNCTION take_other()`,
  );
  await other.query('BEGIN');
  await other.query(`SELECT FROM pairs WHERE name = 'b' FOR UPDATE`);
  const crossing = database.execute(`UPDATE pairs SET value = value + 1 WHERE name = 'a'`);
  await pause(300);
  // Its own look for deadlocks comes a second after the other's.
  await other.query(`SELECT FROM pairs WHERE name = 'a' FOR UPDATE`);
  await other.query('COMMIT');
  expect(await crossing).toBe(1);
  expect((await other.query(`SELECT value FROM pairs WHERE name = 'a'`)).rows).toEqual([{ value: 1 }]);
});
