import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { withTestDatabase } from '../../../../test/support/test-database.js';
import { createDataSource } from './data-source.js';
import { Database } from './database.js';
import type { StatementWatch } from './statement-watch.js';

const SQUARES = 'SELECT n, square FROM squares WHERE n = $1::integer';
const UP_TO =
  'SELECT n FROM squares WHERE n <= $1::integer AND ($2::text IS NULL OR $2 = word) ORDER BY n DESC';

const place = withTestDatabase();
const sent: string[] = [];
const watch = {
  measure: <T>(text: string, send: () => Promise<T>): Promise<T> => {
    sent.push(text);
    return send();
  },
  follow: <T>(_: string, ask: () => Promise<T>): Promise<T> => ask(),
} as StatementWatch;
let dataSource: DataSource;
let database: Database;
let other: pg.Client;

beforeAll(async () => {
  dataSource = await createDataSource({ url: place.url, poolSize: 4, entities: [] }).initialize();
  database = new Database(dataSource, watch);
  other = new pg.Client({ connectionString: place.url });
  await other.connect();
  await other.query(`CREATE TABLE squares (n integer PRIMARY KEY, square integer NOT NULL, word text NOT NULL);
    INSERT INTO squares SELECT n, n * n, 'word' FROM generate_series(1, 1000) n; CREATE SEQUENCE turns`);
});
afterAll(async () => {
  await other.end();
  await dataSource.destroy();
});
beforeEach(() => {
  sent.length = 0;
});

function squareOf(n: number): Promise<{ n: number; square: number }[]> {
  return database.gathered.query(SQUARES, [n]);
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

it.each([1, 2, 3, 4, 5, 15, 16, 17, 33, 500])(
  'each of %i who ask at one moment gets their own answer',
  async (count) => {
    const asked = numbers(count).toSorted((one, another) => ((one * 7) % 11) - ((another * 7) % 11));
    const answers = await Promise.all(asked.map(squareOf));
    expect(answers.map(([row]) => [row?.n, row?.square])).toEqual(asked.map((n) => [n, n * n]));
    expect(sent).toHaveLength(Math.ceil(count / 16));
  },
);

it('no answer, many rows in their order and nulls are as they are alone', async () => {
  const ask = (most: number, word: string | null) =>
    database.gathered.query<{ n: number }>(UP_TO, [most, word]).then((rows) => rows.map(({ n }) => n));
  const alone = [await ask(3, null), await ask(0, null), await ask(2, 'another'), await ask(2, 'word')];
  expect(alone).toEqual([[3, 2, 1], [], [], [2, 1]]);
  sent.length = 0;
  expect(
    await Promise.all([ask(3, null), ask(0, null), ask(2, 'another'), ask(2, 'word'), ask(9, 'word')]),
  ).toEqual([...alone, [9, 8, 7, 6, 5, 4, 3, 2, 1]]);
  expect(sent).toHaveLength(1);
});

it('what one piece of work asks runs in its order, however many ask with it, and whatever was asked before', async () => {
  const turn = (step: string) =>
    `SELECT nextval('turns')::integer AS turn, '${step}' AS step, $1::integer AS n`;
  const others = [0, 0].map((n) => database.gathered.query(turn('second'), [n]));
  const works = numbers(50).map((n) =>
    database.gather(async (reads) => {
      const [[first], [second]] = await Promise.all([
        reads.query<{ turn: number; n: number }>(turn('first'), [n]),
        reads.query<{ turn: number; n: number }>(turn('second'), [n]),
      ]);
      expect([first!.n, second!.n]).toEqual([n, n]);
      return first!.turn < second!.turn;
    }),
  );
  expect(new Set(await Promise.all(works))).toEqual(new Set([true]));
  await Promise.all(others);
  expect(sent.length).toBeLessThanOrEqual(9);
});

it('S47 whoever asks sees what was there before, whoever is asking meanwhile', async () => {
  const done = new AbortController();
  const crowd = numbers(20).map(async (n) => {
    while (!done.signal.aborted) await squareOf(n);
  });
  for (let value = 1; value <= 200; value += 1) {
    await other.query('UPDATE squares SET square = $1 WHERE n = 1000', [value]);
    const [row] = await squareOf(1000);
    expect(row?.square).toBe(value);
  }
  done.abort();
  await Promise.all(crowd);
});

it('what is wrong with the values of one is no fault of the others', async () => {
  const answers = await Promise.allSettled([squareOf(1), squareOf('no number' as never), squareOf(3)]);
  expect(answers).toMatchObject([
    { status: 'fulfilled', value: [{ n: 1 }] },
    { status: 'rejected', reason: { code: '22P02' } },
    { status: 'fulfilled', value: [{ n: 3 }] },
  ]);
});

it('a statement whose parameters have no type is refused, also where it is asked alone', async () => {
  await expect(database.gathered.query('SELECT $2::text, $1', [1, 'a'])).rejects.toMatchObject({
    code: 'untyped-parameter',
    message: '$1 of a gathered statement has no type',
  });
});

it('what is asked after a wait is answered by itself', async () => {
  const square = await database.gather(async (reads) => {
    await pause(20);
    return reads.query<{ square: number }>(SQUARES, [12]);
  });
  expect(square).toMatchObject([{ n: 12, square: 144 }]);
});

it('S91 whose connection is lost are all told that it is unavailable, and the next are answered', async () => {
  const ending = 'SELECT pg_terminate_backend(pg_backend_pid()) WHERE $1::integer > 0';
  const answers = await Promise.allSettled(numbers(20).map((n) => database.gathered.query(ending, [n])));
  for (const answer of answers)
    expect(answer).toMatchObject({ status: 'rejected', reason: { kind: 'unavailable' } });
  await expect.poll(() => squareOf(2).catch(() => null)).toMatchObject([{ square: 4 }]);
});

it('S92 who waits for a connection is joined by those who come meanwhile, and after 2 s told that there is none', async () => {
  const small = await createDataSource({ url: place.url, poolSize: 1, entities: [] }).initialize();
  const busy = new Database(small, watch);
  let free = () => {};
  const held = busy.transaction(async (tx) => {
    await tx.query('SELECT 1');
    await new Promise<void>((resolve) => (free = resolve));
  });
  await expect.poll(() => sent.at(-1)).toBe('SELECT 1');
  const asked: Promise<unknown>[] = [];
  for (const n of numbers(16)) {
    asked.push(busy.gathered.query(SQUARES, [n]));
    await nextTurn();
  }
  free();
  await held;
  expect((await Promise.all(asked)).flat()).toHaveLength(16);
  expect(sent.filter((text) => text.includes('squares'))).toHaveLength(1);

  const again = busy.transaction(() => new Promise<void>((resolve) => (free = resolve)));
  await pause(20);
  await expect(busy.gathered.query(SQUARES, [1])).rejects.toMatchObject({
    kind: 'unavailable',
    details: { retryAfter: 1 },
  });
  free();
  await again;
  await expect(busy.gathered.query(SQUARES, [2])).resolves.toMatchObject([{ square: 4 }]);
  await small.destroy();
});
