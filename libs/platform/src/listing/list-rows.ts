import type { Sql } from '../database/database.js';

/** How a field of a list is ordered and filtered. The SQL in it is written by us, never by a caller (S86). */
export interface ListField {
  /** What the list is ordered by. */
  order?: string;
  /** The text a filter's value must be part of; with `whole`, the text[] of which it must be one. */
  filter?: string;
  whole?: boolean;
  /** Brings a value into the form the column is kept in; by default lower case, and the column with it. */
  fold?: (text: string) => string;
}

/** The rows a list is laid over. One source gives one statement for each order, whatever is asked. */
export interface ListSource {
  /** A SELECT of everything the caller may view, its parameters from $1 on. */
  select: string;
  /** A unique column of it, which decides between equals. */
  key: string;
  /** Names a caller may order and filter by: the allow list (S86). */
  fields: Readonly<Record<string, ListField>>;
  /** Columns one of which must contain each query, in folded form. */
  search: readonly string[];
  fold: (text: string) => string;
  /** The field of which a row comes first that equals a query (appgate.md §1.7). */
  exactFirst?: string;
}

export interface ListWish {
  queries: string[];
  /** First and last row, zero-based, both included; null: all. */
  range: { from: number; to: number } | null;
  /** A name of `fields`. */
  orderBy: string;
  descending: boolean;
  /** Names not in `fields` are not looked at. */
  filters: { name: string; value: string }[];
}

export interface Listed<Row> {
  rows: Row[];
  /** Rows of the source, before query and filter. */
  total: number;
  /** The same after query and filter. */
  matching: number;
}

type Counted = { total_count: number; matching_count: number; [column: string]: unknown };

/**
 * One page of a list with its two counts, from one statement and so from one moment.
 * @param values parameters of `source.select`.
 * @throws Error for an order outside the allow list: callers check it at the door.
 */
export async function listRows<Row>(
  sql: Sql,
  source: ListSource,
  values: unknown[],
  wish: ListWish,
): Promise<Listed<Row>> {
  const filterNames = Object.keys(source.fields).filter((name) => source.fields[name]?.filter !== undefined);
  const { from, to } = wish.range ?? { from: 0, to: null };
  const rows = await sql.query<Counted>(statement(source, values.length, filterNames, wish), [
    ...values,
    wish.queries.map(source.fold),
    from,
    to === null ? null : to - from + 1,
    ...filterNames.map((name) => filterValues(source, name, wish)),
  ]);
  const [first] = rows;
  return {
    rows: rows.filter((row) => row[source.key] !== null) as Row[],
    total: first?.total_count ?? 0,
    matching: first?.matching_count ?? 0,
  };
}

function statement(source: ListSource, offset: number, filterNames: string[], wish: ListWish): string {
  const queries = `$${offset + 1}::text[]`;
  const missing = source.search.map((column) => `strpos(${column}, wanted) = 0`).join(' AND ');
  const conditions = [
    `NOT EXISTS (SELECT 1 FROM unnest(${queries}) wanted WHERE ${missing})`,
    ...filterNames.map((name, index) => filterCondition(source, name, `$${offset + 4 + index}::text[]`)),
  ];
  return `
    WITH visible AS (${source.select}),
    matching AS (SELECT * FROM visible WHERE ${conditions.join(' AND ')}),
    page AS (
      SELECT *, row_number() OVER (ORDER BY ${ordering(source, queries, wish)}) AS list_place FROM matching
      ORDER BY list_place OFFSET $${offset + 2}::bigint LIMIT $${offset + 3}::bigint
    )
    SELECT (SELECT count(*) FROM visible)::integer AS total_count, (SELECT count(*) FROM matching)::integer AS matching_count, page.*
    FROM (SELECT 1) AS one LEFT JOIN page ON true ORDER BY page.list_place`;
}

function ordering(source: ListSource, queries: string, { orderBy, descending }: ListWish): string {
  const order = Object.hasOwn(source.fields, orderBy) ? source.fields[orderBy]?.order : undefined;
  if (order === undefined) throw new Error(`a list cannot be ordered by ${JSON.stringify(orderBy)}`);
  const exact = source.exactFirst === orderBy ? `${order} = ANY(${queries}) DESC, ` : '';
  return `${exact}${order} ${descending ? 'DESC NULLS LAST' : 'ASC NULLS LAST'}, ${source.key}`;
}

function filterCondition(source: ListSource, name: string, values: string): string {
  const { filter, whole, fold } = source.fields[name] ?? {};
  if (whole) return `${filter} @> ${values}`;
  const text = fold ? filter : `lower(${filter})`;
  return `NOT EXISTS (SELECT 1 FROM unnest(${values}) wanted WHERE strpos(coalesce(${text}, ''), wanted) = 0)`;
}

function filterValues(source: ListSource, name: string, { filters }: ListWish): string[] {
  const { whole, fold } = source.fields[name] ?? {};
  const bring = whole ? (text: string) => text : (fold ?? ((text: string) => text.toLowerCase()));
  return filters.filter((filter) => filter.name === name).map((filter) => bring(filter.value));
}
