import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppgateClient } from '../support/appgate-client.js';
import { OPERATIONS } from '../support/openapi-document.js';
import { expecting } from '../support/send.js';
import { Stage } from '../support/stage.js';
import { cost, expressionsInCode, worstTexts } from './expressions-in-code.js';
import { SQL_FRAGMENTS } from './sql-fragments.js';
import { sqlFromElsewhere, sqlIn } from './sql-text.js';

describe('S86 SQL', () => {
  it('S86 is made of constants and of the fragments that are listed, and of nothing else', () => {
    const listed = Object.entries(SQL_FRAGMENTS).flatMap(([file, all]) =>
      all.map((one) => `${file}: ${one}`),
    );
    expect(sqlFromElsewhere()).toEqual(listed.toSorted());
  });

  it.each([
    ['sql.query(`SELECT * FROM users WHERE name = ${name}`)', ['name']],
    ["sql.query('SELECT * FROM users WHERE name = ' + name)", ["'SELECT * FROM users WHERE name = ' + name"]],
    ['sql.query(text)', ['text']],
    ['builder.andWhere(wish.sql)', ['wish.sql']],
    ['const part = `ORDER BY ${wish.orderBy}`', ['wish.orderBy']],
    ["sql.query(`SELECT ${COLUMNS} FROM users WHERE ${within('u', 1)}`, [name])", []],
    ['sql.query(FIND, [name])', []],
  ])('S86 the lint judges %j', (source, found) => {
    expect(sqlIn(source)).toEqual(expect.arrayContaining(found));
    expect(sqlIn(source).length > 0).toBe(found.length > 0);
  });
});

describe('S86 regular expressions', () => {
  it('S86 are written down: none is made from a text', () => {
    expect(expressionsInCode().made).toEqual([]);
  });

  it('S86 need less than 50 ms of CPU for the worst 100 KB', { timeout: 240_000 }, () => {
    const texts = worstTexts();
    for (const { name, expression } of expressionsInCode().written)
      for (const text of texts) {
        // The machine may have stopped for something else just then; an expression that is slow is so each time.
        const spent = () => cost(expression, text);
        if (spent() < 50 || spent() < 50) continue;
        expect([name, text.slice(0, 40), spent()]).toEqual([name, text.slice(0, 40), 0]);
      }
  });
});

/** Meant to end a text, a statement, a pattern or a row, to be always true, or to take time. */
const HOSTILE = [
  "'",
  '"',
  "' OR '1'='1",
  "') OR ('1'='1",
  "x'; DROP TABLE tags; --",
  "' UNION SELECT password_hash FROM local_users --",
  '1; SELECT pg_sleep(9)',
  "' || pg_sleep(9) || '",
  '$1',
  '$$',
  '\\',
  "\\'; --",
  '%',
  '_',
  '%%%%_%_',
  '/* */',
  'name) --',
  'name, (SELECT 1)',
  '{a,b}',
  '{"a":1}',
  'NULL',
  'E\\047',
  '(?:a+)+$',
  '.*',
  '[',
];

describe('S86 in lists of /admin', () => {
  let stage: Stage;
  let admin: AppgateClient;
  beforeAll(async () => {
    stage = await Stage.open(1);
    admin = await stage.administrator();
    await expecting(
      200,
      admin.post('/local-users', {
        name: 'found',
        firstName: 'F',
        lastName: 'L',
        password: 'plum-orbit-velvet-93',
        tags: ["o'brien"],
      }),
    );
  });
  afterAll(() => stage.close());

  const lists = OPERATIONS.filter(
    ({ method, path, parameters }) =>
      method === 'GET' && path.startsWith('/admin/') && parameters.some(({ name }) => name === 'orderBy'),
  );

  const users = () => stage.rows('SELECT count(*)::int AS count FROM local_users');

  it('S86 are these', () => {
    expect(lists.length).toBeGreaterThan(15);
  });

  it.each(lists.map(({ path }) => [path.replace('/admin', '')] as const))(
    'S86 GET %s takes hostile orders, filters and searches for values or refuses them',
    async (path) => {
      if (path.includes('{')) return;
      const before = await users();
      const fields = await filterFields(path);
      for (const text of HOSTILE) {
        const value = encodeURIComponent(text);
        const started = performance.now();
        const search = await expecting(200, admin.get(`${path}?query=${value}`));
        expect(JSON.stringify(search.body)).not.toContain('$argon2');
        const order = await admin.get(`${path}?orderBy=${value}`);
        expect([200, 422]).toContain(order.status);
        const unknown = await admin.get(`${path}?filterBy[${value}]=a`);
        expect([200, 422]).toContain(unknown.status);
        const filters = fields.map((field) => `filterBy[${field}]=${value}`).join('&');
        expect([200, 422]).toContain((await admin.get(`${path}?${filters}`)).status);
        expect(performance.now() - started).toBeLessThan(8_000);
      }
      expect(await users()).toEqual(before);
    },
    60_000,
  );

  it('S86 a tag is compared as it is', async () => {
    for (const text of HOSTILE) {
      const { body } = await expecting(
        200,
        admin.get(`/local-users?filterBy[tags]=${encodeURIComponent(text)}`),
      );
      expect([text, body.data]).toEqual([text, []]);
    }
    const own = await admin.get(`/local-users?filterBy[tags]=${encodeURIComponent("o'brien")}`);
    expect(own.body.data.map(({ name }: { name: string }) => name)).toEqual(['found']);
  });

  /** The fields of a row, whatever of them can be filtered by. */
  async function filterFields(path: string): Promise<string[]> {
    const { data = [] } = (await expecting(200, admin.get(`${path}?range=0-0`))).body;
    return [...new Set(['name', 'tags', ...Object.keys(data[0] ?? {})])].slice(0, 12);
  }
});
