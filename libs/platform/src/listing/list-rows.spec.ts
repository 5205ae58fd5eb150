import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withTestDatabase } from '../../../../test/support/test-database.js';
import { createDataSource } from '../database/data-source.js';
import { Database } from '../database/database.js';
import { listRows, type ListSource, type ListWish } from './list-rows.js';

const FRUIT: ListSource = {
  select: `SELECT * FROM (VALUES
    (1, 'apple', 'Red', ARRAY['a', 'b']), (2, 'Crab apple', NULL, ARRAY['a']), (3, 'pineapple', 'yellow', ARRAY[]::text[]),
    (4, 'pear_%', 'GREEN', ARRAY['A'])) AS fruit (id, name, colour, tags) WHERE id <> ALL($1::integer[])`,
  key: 'id',
  fields: {
    name: { order: 'lower(name)', filter: 'lower(name)', fold: (text) => text.toLowerCase() },
    colour: { order: 'lower(colour)', filter: 'colour' },
    tags: { filter: 'tags', whole: true },
  },
  search: ['lower(name)'],
  fold: (text) => text.toLowerCase(),
  exactFirst: 'name',
};
const ALL: ListWish = { queries: [], range: null, orderBy: 'name', descending: false, filters: [] };

const database = withTestDatabase();
let sql: Database;
let close: () => Promise<void>;
beforeAll(async () => {
  const source = createDataSource({ url: database.url, poolSize: 2, entities: [] });
  await source.initialize();
  sql = new Database(source);
  close = () => source.destroy();
});
afterAll(() => close());

const list = async (wish: Partial<ListWish>, hidden: number[] = []) => {
  const { rows, total, matching } = await listRows<{ id: number }>(sql, FRUIT, [hidden], { ...ALL, ...wish });
  return [rows.map(({ id }) => id), matching, total];
};

describe('listRows', () => {
  it('gives everything in order', async () => {
    expect(await list({})).toEqual([[1, 2, 4, 3], 4, 4]);
    expect(await list({ descending: true })).toEqual([[3, 4, 2, 1], 4, 4]);
  });

  it('puts rows without a value last, either way', async () => {
    expect(await list({ orderBy: 'colour' })).toEqual([[4, 1, 3, 2], 4, 4]);
    expect(await list({ orderBy: 'colour', descending: true })).toEqual([[3, 1, 4, 2], 4, 4]);
  });

  it('counts what is visible before query and filter', async () => {
    expect(await list({ queries: ['APPLE'] }, [2])).toEqual([[1, 3], 2, 3]);
  });

  it('wants every query and takes no character for a pattern', async () => {
    expect(await list({ queries: ['apple', 'crab'] })).toEqual([[2], 1, 4]);
    expect(await list({ queries: ['_%'] })).toEqual([[4], 1, 4]);
    expect(await list({ queries: ['a%e'] })).toEqual([[], 0, 4]);
  });

  it('puts the row first that equals a query, either way', async () => {
    expect(await list({ queries: ['pineapple'] })).toEqual([[3], 1, 4]);
    expect(await list({ queries: ['APPLE'], descending: true })).toEqual([[1, 3, 2], 3, 4]);
  });

  it('cuts out a range, both ends included', async () => {
    expect(await list({ range: { from: 1, to: 2 } })).toEqual([[2, 4], 4, 4]);
    expect(await list({ range: { from: 0, to: 999_999_999_999_999 } })).toEqual([[1, 2, 4, 3], 4, 4]);
    expect(await list({ range: { from: 9, to: 12 } })).toEqual([[], 4, 4]);
  });

  it('filters by part of a field and by a whole tag', async () => {
    expect(await list({ filters: [{ name: 'colour', value: 'E' }] })).toEqual([[1, 4, 3], 3, 4]);
    expect(await list({ filters: [{ name: 'tags', value: 'a' }] })).toEqual([[1, 2], 2, 4]);
    expect(
      await list({
        filters: [
          { name: 'tags', value: 'a' },
          { name: 'tags', value: 'b' },
        ],
      }),
    ).toEqual([[1], 1, 4]);
    expect(await list({ filters: [{ name: 'other', value: 'x' }] })).toEqual([[1, 2, 4, 3], 4, 4]);
  });

  it('lets equals go the way of the order', async () => {
    const same = { ...FRUIT, fields: { none: { order: 'NULL::text' } } };
    const ids = async (descending: boolean) =>
      (await listRows<{ id: number }>(sql, same, [[]], { ...ALL, orderBy: 'none', descending })).rows.map(
        ({ id }) => id,
      );
    expect([await ids(false), await ids(true)]).toEqual([
      [1, 2, 3, 4],
      [4, 3, 2, 1],
    ]);
  });

  it('takes the count it is given, and counts only what query and filter leave', async () => {
    const counted = { ...FRUIT, count: 'SELECT 40 + cardinality($1::integer[])' };
    const given = await listRows(sql, counted, [[1, 2]], ALL);
    expect([given.total, given.matching, given.rows.length]).toEqual([42, 42, 2]);
    const narrowed = await listRows(sql, counted, [[1, 2]], { ...ALL, queries: ['pine'] });
    expect([narrowed.total, narrowed.matching, narrowed.rows.length]).toEqual([42, 1, 1]);
    const beyond = await listRows(sql, counted, [[1, 2]], { ...ALL, range: { from: 9, to: 12 } });
    expect([beyond.total, beyond.matching, beyond.rows.length]).toEqual([42, 42, 0]);
  });

  it('S86 takes every value as a parameter and no order from outside the allow list', async () => {
    const hostile = `' OR 1=1; DROP TABLE tokens; --`;
    expect(await list({ queries: [hostile] })).toEqual([[], 0, 4]);
    expect(await list({ filters: [{ name: 'colour', value: hostile }] })).toEqual([[], 0, 4]);
    await expect(list({ orderBy: 'name; DROP TABLE tokens' })).rejects.toThrow('cannot be ordered');
    await expect(list({ orderBy: 'constructor' })).rejects.toThrow('cannot be ordered');
    await expect(list({ orderBy: 'tags' })).rejects.toThrow('cannot be ordered');
  });
});
