import type { Sql } from '../database/sql.js';

/** How a field of a list is ordered and filtered. The SQL in it is written by us, never by a caller (S86). */
export interface ListField {
  /** What the list is ordered by. */
  order?: string;
  /** It has a value in every row: an index on it then serves both directions. */
  required?: boolean;
  /** The text a filter's value must be part of; with `whole`, the text[] of which it must be one. */
  filter?: string;
  whole?: boolean;
  /** Brings a value into the form the column is kept in; by default lower case, and the column with it. */
  fold?: (text: string) => string;
}

/** An instant as the wire writes it, for filters. */
export function timeText(column: string): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/**
 * The rows a list is laid over. One source gives a handful of statements for each order, whatever is asked. Where no query and no
 * filter narrows a list, a page is read along an index on its order and `key`, if there is one: it then costs the same however many
 * rows there are, but for those it skips.
 */
export interface ListSource {
  /** A SELECT of everything the caller may view, its parameters from $1 on. */
  select: string;
  /** A SELECT of how many rows that gives, over the same parameters, where this is known. Absent: they are counted. */
  count?: string;
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
  const filters = filterNames.map((name) => filterValues(source, name, wish));
  const narrowed = wish.queries.length > 0 || filters.some((wanted) => wanted.length > 0);
  const { from, to } = wish.range ?? { from: 0, to: null };
  const rows = await sql.query<Counted>(
    statement(source, values.length, wish, narrowed ? filterNames : null),
    [
      ...values,
      from,
      to === null ? null : to - from + 1,
      ...(narrowed ? [wish.queries.map(source.fold), ...filters] : []),
    ],
  );
  const [first] = rows;
  return {
    rows: rows.filter((row) => row[source.key] !== null) as Row[],
    total: first?.total_count ?? 0,
    matching: first?.matching_count ?? 0,
  };
}

/**
 * The page is ordered as it is numbered, so that rows which come in order are not sorted. Postgres reads through `visible` where it is
 * named once, that is where nothing is counted, and else keeps it.
 * @param filterNames null: no query and no filter.
 */
function statement(source: ListSource, offset: number, wish: ListWish, filterNames: string[] | null): string {
  const queries = filterNames && `$${offset + 3}::text[]`;
  const order = ordering(source, wish, queries);
  const [matching, matchingCount] = queries
    ? ['matching', '(SELECT count(*) FROM matching)']
    : ['visible', 'total_count'];
  return `
    WITH visible AS (${source.select}),
    ${queries ? `matching AS (SELECT * FROM visible WHERE ${narrowing(source, queries, filterNames, offset + 4)}),` : ''}
    page AS (
      SELECT *, row_number() OVER (ORDER BY ${order}) AS list_place FROM ${matching}
      ORDER BY ${order} OFFSET $${offset + 1}::bigint LIMIT $${offset + 2}::bigint
    ),
    counted AS (SELECT (${source.count ?? 'SELECT count(*) FROM visible'})::integer AS total_count)
    SELECT total_count, ${matchingCount}::integer AS matching_count, page.* FROM counted LEFT JOIN page ON true ORDER BY page.list_place`;
}

function narrowing(source: ListSource, queries: string, filterNames: string[], first: number): string {
  const missing = source.search.map((column) => `strpos(${column}, wanted) = 0`).join(' AND ');
  return [
    `NOT EXISTS (SELECT 1 FROM unnest(${queries}) wanted WHERE ${missing})`,
    ...filterNames.map((name, index) => filterCondition(source, name, `$${first + index}::text[]`)),
  ].join(' AND ');
}

/** Where there are `queries`, what equals one of them comes first. Equals go the same way as the rest, as an index does read backwards. */
function ordering(source: ListSource, { orderBy, descending }: ListWish, queries: string | null): string {
  const field = Object.hasOwn(source.fields, orderBy) ? source.fields[orderBy] : undefined;
  if (field?.order === undefined) throw new Error(`a list cannot be ordered by ${JSON.stringify(orderBy)}`);
  const exact =
    queries !== null && source.exactFirst === orderBy ? `${field.order} = ANY(${queries}) DESC, ` : '';
  const direction = descending ? 'DESC' : 'ASC';
  return `${exact}${field.order} ${direction}${field.required ? '' : ' NULLS LAST'}, ${source.key} ${direction}`;
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
