import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { withTestDatabase } from '../../../../test/support/test-database.js';
import { DomainError } from '../domain-error.js';
import { poolOf } from './connection-pool.js';
import { createDataSource } from './data-source.js';
import { Database, single, type Transaction } from './database.js';
import { migrate } from './migrate.js';
import { migrations } from './migrations/index.js';
import type { StatementWatch } from './statement-watch.js';

const UNAVAILABLE = { kind: 'unavailable', code: 'database-unavailable', details: { retryAfter: 1 } };

const place = withTestDatabase();
let dataSource: DataSource;
let database: Database;
let other: pg.Client;

beforeAll(async () => {
  dataSource = await createDataSource({ url: place.url, poolSize: 4, entities: [] }).initialize();
  database = new Database(dataSource);
  other = new pg.Client({ connectionString: place.url });
  await other.connect();
  await other.query('CREATE TABLE counters (name text PRIMARY KEY, value integer NOT NULL)');
});
afterAll(async () => {
  await other.end();
  await dataSource.destroy();
});
beforeEach(async () => {
  await other.query('TRUNCATE counters');
  await other.query(`INSERT INTO counters VALUES ('a', 0), ('b', 0)`);
});

async function valueOf(name: string): Promise<number> {
  return single(await database.query<{ value: number }>('SELECT value FROM counters WHERE name = $1', [name]))
    .value;
}

const ADD = 'UPDATE counters SET value = value + 1 WHERE name = $1';

describe('a transaction', () => {
  it('happens whole, raw statements and manager alike', async () => {
    await database.transaction(async (tx) => {
      expect(await tx.execute(ADD, ['a'])).toBe(1);
      await tx.manager.query(ADD, ['b']);
    });
    expect([await valueOf('a'), await valueOf('b')]).toEqual([1, 1]);
  });

  it('does not happen when its work throws, and the error comes through', async () => {
    const refusal = new DomainError('conflict', 'taken', 'taken');
    const work = database.transaction(async (tx) => {
      await tx.execute(ADD, ['a']);
      throw refusal;
    });
    await expect(work).rejects.toBe(refusal);
    expect(await valueOf('a')).toBe(0);
  });

  it('tells of its end once, when it is committed, and never where it is not', async () => {
    const told: string[] = [];
    let runs = 0;
    await database.transaction(async (tx) => {
      tx.onCommit(() => told.push('committed'));
      runs += 1;
      // The first run is one that another forestalled.
      if (runs === 1) await tx.execute(`INSERT INTO counters VALUES ('a', 1)`);
      expect(told).toEqual([]);
    });
    expect([runs, told]).toEqual([2, ['committed']]);
    const failing = database.transaction(async (tx) => {
      tx.onCommit(() => told.push('failed'));
      throw new DomainError('conflict', 'taken', 'taken');
    });
    await expect(failing).rejects.toThrow('taken');
    expect(told).toEqual(['committed']);
  });

  it.each([
    ['once after a row that is there already', `INSERT INTO counters VALUES ('a', 1)`, '23505', 2],
    ['not after any other error', `INSERT INTO counters VALUES ('c', 1 / 0)`, '22012', 1],
  ])('is retried %s', async (_, statement, code, times) => {
    let runs = 0;
    const work = database.transaction(async (tx) => {
      runs += 1;
      await tx.execute(statement);
    });
    await expect(work).rejects.toMatchObject({ code });
    expect(runs).toBe(times);
  });

  it('that looks before it writes finds what another wrote first', async () => {
    let bothHaveLooked!: () => void;
    const met = new Promise<void>((resolve) => (bothHaveLooked = resolve));
    let looked = 0;
    const findOrAdd = () =>
      database.transaction(async (tx) => {
        const found = await tx.query('SELECT 1 FROM counters WHERE name = $1', ['new']);
        if (found.length > 0) return 'found';
        looked += 1;
        if (looked === 2) bothHaveLooked();
        await met;
        await tx.execute('INSERT INTO counters VALUES ($1, 0)', ['new']);
        return 'added';
      });
    expect((await Promise.all([findOrAdd(), findOrAdd()])).toSorted()).toEqual(['added', 'found']);
  });

  it('is done again after a deadlock, so that both of two crossing ones happen', async () => {
    let runs = 0;
    let bothHoldOne!: () => void;
    const met = new Promise<void>((resolve) => (bothHoldOne = resolve));
    let holding = 0;
    const cross = (first: string, second: string) =>
      database.transaction(async (tx) => {
        runs += 1;
        await tx.execute(ADD, [first]);
        holding += 1;
        if (holding === 2) bothHoldOne();
        await met;
        await tx.execute(ADD, [second]);
      });
    await Promise.all([cross('a', 'b'), cross('b', 'a')]);
    expect(runs).toBeGreaterThan(2);
    expect([await valueOf('a'), await valueOf('b')]).toEqual([2, 2]);
  });

  it('gives up a serialisation failure after four runs, as unavailable', async () => {
    let runs = 0;
    const work = database.transaction(async (tx) => {
      runs += 1;
      await tx.query(`DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$`);
    });
    await expect(work).rejects.toMatchObject(UNAVAILABLE);
    expect(runs).toBe(4);
  });

  it('that cannot get a lock within 2 s is unavailable and leaves nothing', async () => {
    await other.query('BEGIN');
    await other.query(ADD, ['b']);
    const work = database.transaction(async (tx) => {
      await tx.execute(ADD, ['a']);
      await tx.execute(ADD, ['b']);
    });
    await expect(work).rejects.toMatchObject(UNAVAILABLE);
    await other.query('ROLLBACK');
    expect([await valueOf('a'), await valueOf('b')]).toEqual([0, 0]);
  });

  it('whose connection is lost is unavailable, and the next one finds another connection', async () => {
    const work = database.transaction(async (tx) => {
      await tx.execute(ADD, ['a']);
      const { pid } = single(await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid'));
      await other.query('SELECT pg_terminate_backend($1)', [pid]);
      await tx.execute(ADD, ['b']);
    });
    await expect(work).rejects.toMatchObject(UNAVAILABLE);
    await database.transaction((tx) => tx.execute(ADD, ['a']));
    expect([await valueOf('a'), await valueOf('b')]).toEqual([1, 0]);
  });
});

describe('statements of a transaction that do not wait for one another', () => {
  const READ = 'SELECT value FROM counters WHERE name = $1';

  it('run in the order in which they were sent', async () => {
    const [, before, , later] = await database.transaction((tx) =>
      Promise.all([
        tx.execute(ADD, ['a']),
        tx.query(READ, ['a']),
        tx.execute(ADD, ['a']),
        tx.query(READ, ['a']),
      ]),
    );
    expect([before, later]).toEqual([[{ value: 1 }], [{ value: 2 }]]);
  });

  it('leave in one piece with the one before them that begins the transaction', async () => {
    const client = await poolOf(dataSource).connect();
    const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
    const written = vi.spyOn(stream, '_writev' as 'write');
    const single = vi.spyOn(stream, '_write' as 'write');
    client.release();
    await database.transaction((tx) => Promise.all([tx.execute(ADD, ['a']), tx.execute(ADD, ['b'])]));
    expect([written.mock.calls.length, single.mock.calls.length]).toEqual([1, 1]);
  });

  it('are all undone where one of them fails, whose error is told', async () => {
    const work = database.transaction((tx) =>
      Promise.all([
        tx.execute(ADD, ['a']),
        tx.execute(`INSERT INTO counters VALUES ('a', 1 / 0)`),
        tx.execute(ADD, ['b']),
      ]),
    );
    await expect(work).rejects.toMatchObject({ code: '22012' });
    expect([await valueOf('a'), await valueOf('b')]).toEqual([0, 0]);
  });

  it('undo everything also where nobody waited for the one that fails', async () => {
    const work = database.transaction(async (tx) => {
      void tx.execute(`INSERT INTO counters VALUES ('a', 1 / 0)`);
      return 'done';
    });
    await expect(work).rejects.toMatchObject({ code: '22012' });
    await expect(database.query('SELECT 1 AS one')).resolves.toEqual([{ one: 1 }]);
  });

  it('undo everything also where the failure is told after what COMMIT answered', async () => {
    const late = {
      measure: (_: string, send: () => Promise<unknown>) =>
        send().catch(async (error: unknown) => {
          await pause(50);
          throw error;
        }),
    } as unknown as StatementWatch;
    const work = new Database(dataSource, late).transaction(async (tx) => {
      void tx.execute(`INSERT INTO counters VALUES ('a', 1 / 0)`);
    });
    await expect(work).rejects.toMatchObject({ code: '22012' });
  });

  it('S92 tell why the first of them failed, whichever is looked at first', async () => {
    await other.query('BEGIN');
    await other.query(`SELECT FROM counters WHERE name = 'a' FOR UPDATE`);
    const work = database.transaction(async (tx) => {
      const locked = tx.execute(ADD, ['a']);
      locked.catch(() => undefined);
      await tx.execute(ADD, ['b']);
      return locked;
    });
    await expect(work).rejects.toMatchObject(UNAVAILABLE);
    await other.query('ROLLBACK');
    expect([await valueOf('a'), await valueOf('b')]).toEqual([0, 0]);
  });
});

describe('what is to be written last', () => {
  it('S72 goes with COMMIT, in the order it was asked for, and only where the work was done', async () => {
    const told: string[] = [];
    const last = (tx: Transaction, name: string) =>
      tx.beforeCommit(async () => {
        told.push(name);
        await tx.execute(ADD, [name]);
      });
    await database.transaction(async (tx) => {
      last(tx, 'a');
      last(tx, 'b');
      expect(await tx.query('SELECT 1 FROM counters WHERE value > 0')).toEqual([]);
    });
    expect([told, await valueOf('a'), await valueOf('b')]).toEqual([['a', 'b'], 1, 1]);
    const failing = database.transaction(async (tx) => {
      last(tx, 'a');
      throw new DomainError('conflict', 'taken', 'taken');
    });
    await expect(failing).rejects.toThrow('taken');
    expect(told).toEqual(['a', 'b']);
  });

  it('S72 undoes everything where it fails, and its error is told', async () => {
    const work = database.transaction(async (tx) => {
      await tx.execute(ADD, ['a']);
      tx.beforeCommit(async () => void (await tx.execute('INSERT INTO counters VALUES ($1, 1 / 0)', ['c'])));
    });
    await expect(work).rejects.toMatchObject({ code: '22012' });
    expect(await valueOf('a')).toBe(0);
  });
});

describe('a pipeline', () => {
  it('is no transaction: one that fails leaves what the others did', async () => {
    const work = database.pipeline((sql) =>
      Promise.all([
        sql.execute(ADD, ['a']),
        sql.execute(`INSERT INTO counters VALUES ('a', 1 / 0)`),
        sql.execute(ADD, ['b']),
      ]),
    );
    await expect(work).rejects.toMatchObject({ code: '22012' });
    expect([await valueOf('a'), await valueOf('b')]).toEqual([1, 1]);
    expect(poolOf(dataSource).idleCount).toBe(poolOf(dataSource).totalCount);
  });

  it('gives its connection back only when all of it is answered', async () => {
    let slept = false;
    const work = database.pipeline((sql) =>
      Promise.all([
        sql.execute(`INSERT INTO counters VALUES ('a', 1 / 0)`),
        sql.query('SELECT pg_sleep(0.1)').then(() => (slept = true)),
      ]),
    );
    await expect(work).rejects.toMatchObject({ code: '22012' });
    expect(slept).toBe(true);
  });

  it('S91 whose connection is lost is unavailable', async () => {
    const work = database.pipeline((sql) =>
      Promise.all([sql.query('SELECT pg_terminate_backend(pg_backend_pid())'), sql.execute(ADD, ['a'])]),
    );
    await expect(work).rejects.toMatchObject(UNAVAILABLE);
    expect(await valueOf('a')).toBe(0);
  });
});

describe('the way to the database', () => {
  it('outlives the loss of every connection', async () => {
    await database.query('SELECT 1');
    await other.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sallyport' AND datname = current_database()`,
    );
    await expect.poll(() => database.query('SELECT 1 AS one').catch(() => null)).toEqual([{ one: 1 }]);
  });

  it('is unavailable when every connection is taken for 2 s', async () => {
    const small = await createDataSource({ url: place.url, poolSize: 1, entities: [] }).initialize();
    const busy = new Database(small);
    const sleeping = busy.query('SELECT pg_sleep(2.5)');
    await expect(busy.query('SELECT 1')).rejects.toMatchObject(UNAVAILABLE);
    await sleeping;
    await small.destroy();
  });

  it('takes values as parameters only', async () => {
    const name = `a' OR true --`;
    expect(await database.query('SELECT * FROM counters WHERE name = $1', [name])).toEqual([]);
  });
});

describe('a migration under a running server', () => {
  it('S96 is not noticed by a statement that was prepared before it, in a transaction and outside, on any connection', async () => {
    const all = 'SELECT * FROM counters ORDER BY name';
    const change = `UPDATE counters SET value = value + 1 WHERE name = 'a' RETURNING *`;
    const everywhere = () =>
      Promise.all(
        Array.from({ length: 4 }, () =>
          database.transaction(async (tx) => {
            await tx.query('SELECT pg_sleep(0.05)');
            await tx.query(change);
            return tx.query(all);
          }),
        ),
      );
    await everywhere();
    await database.query(all);
    await other.query(`ALTER TABLE counters ADD COLUMN remark text NOT NULL DEFAULT 'new'`);
    try {
      for (const rows of await everywhere()) expect(rows[1]).toEqual({ name: 'b', value: 0, remark: 'new' });
      expect((await database.query(all))[0]).toEqual({ name: 'a', value: 8, remark: 'new' });
    } finally {
      await other.query('ALTER TABLE counters DROP COLUMN remark');
    }
    expect(await database.query(all)).toEqual([
      { name: 'a', value: 8 },
      { name: 'b', value: 0 },
    ]);
  });
});

describe('the schema', () => {
  it('S96 is brought up once by two who migrate at once', async () => {
    await undoAll();
    await Promise.all([migrate(place.url, { serverRole: null }), migrate(place.url, { serverRole: null })]);
    const { rows } = await other.query('SELECT name FROM migrations ORDER BY id');
    expect(rows.map(({ name }) => name)).toEqual(migrations.map(({ name }) => name));
  });

  it('S96 holds nobody up for longer than half a second at a time, and comes back to a table that was in use', async () => {
    await dataSource.undoLastMigration();
    await other.query('BEGIN');
    await other.query('SELECT 1 FROM audit_checkpoints');
    const migrating = migrate(place.url, { serverRole: null });
    try {
      // Whoever comes meanwhile is served.
      for (let turn = 0; turn < 15; turn += 1) {
        await pause(100);
        await database.query('SELECT count(*) FROM audit_checkpoints');
      }
    } finally {
      await other.query('COMMIT');
    }
    await migrating;
    expect((await other.query('SELECT name FROM migrations')).rowCount).toBe(migrations.length);
  });

  it('S96 goes down to nothing and comes up the same', async () => {
    const before = await columns();
    await undoAll();
    expect(await columns()).toEqual(
      before.filter((column) => /^(counters|migrations)\.(?!serves_from)/.test(column)),
    );
    await migrate(place.url, { serverRole: null });
    expect(await columns()).toEqual(before);
  });

  async function undoAll(): Promise<void> {
    for (const _ of migrations) await dataSource.undoLastMigration();
  }

  async function columns(): Promise<string[]> {
    const { rows } = await other.query<{ line: string }>(
      `SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') AS line
       FROM information_schema.columns WHERE table_schema = 'public' ORDER BY line`,
    );
    return rows.map(({ line }) => line);
  }
});
