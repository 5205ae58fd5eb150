import type { QueryResultRow } from 'pg';

/** Statements that only read. */
export interface Reads {
  /** The rows a statement answers. */
  query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
}

/** Statements with values as parameters, prepared once per connection. */
export interface Sql extends Reads {
  /** How many rows a statement changed. */
  execute(text: string, values?: unknown[]): Promise<number>;
}
