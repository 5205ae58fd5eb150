import pg, { type Connection, type FieldDef, type Pool, type PoolClient, type QueryResult } from 'pg';

/** What a column is called, and how its text is read. */
interface Column {
  name: string;
  type: number;
  read: (text: string) => unknown;
}

/** The columns of an answer, and a row in which each has its place and none a value: a row that grows column by column costs twice. */
interface Heading {
  columns: Column[];
  row: Record<string, unknown>;
}

/** Statements that are put together at run time, such as lists, have many texts. */
const MOST_KNOWN = 2_000;

const TIMESTAMPTZ: number = pg.types.builtins.TIMESTAMPTZ;

const NOTHING: Heading = { columns: [], row: {} };

const known = new Map<string, Heading>();

/** A connection of which no other session takes the place, with the columns of what is prepared on it. */
class Acquaintance {
  readonly headings = new Map<string, Heading>();
  /** The same connection, where a statement does not ask for its columns. */
  readonly quiet: Connection;

  constructor(connection: Connection) {
    this.quiet = Object.create(connection, { describe: { value: () => undefined } }) as Connection;
  }
}

const acquaintances = new WeakMap<Connection, Acquaintance>();

function acquaintanceOf(connection: Connection): Acquaintance {
  const met = acquaintances.get(connection);
  if (met !== undefined) return met;
  const made = new Acquaintance(connection);
  acquaintances.set(connection, made);
  return made;
}

/**
 * A statement whose answers have the same columns each time. pg has them described with every answer and makes them anew: a sixth of the time of a
 * token check. Here a session that is its connection's own describes a statement once: it refuses to run it when a migration has changed its
 * columns (`cached plan must not change result type`), and under its next name it is described again (S96).
 */
class PreparedQuery extends pg.Query {
  readonly found: Record<string, unknown>[] = [];
  private heading = NOTHING;
  /** Where its heading is to be kept, when it is told. */
  private listening: Map<string, Heading> | null = null;

  /** A text and a list pg takes as they are; an object of settings it would copy property by property. */
  constructor(
    readonly name: string | undefined,
    private readonly statement: string,
    values: unknown[],
    private readonly ownSession: boolean,
  ) {
    super(statement, values.map(written));
  }

  override submit = (connection: Connection): void => {
    if (this.name === undefined || !this.ownSession) return submit.call(this, connection);
    const { headings, quiet } = acquaintanceOf(connection);
    const described = headings.get(this.name);
    if (described === undefined) {
      this.listening = headings;
      return submit.call(this, connection);
    }
    this.heading = described;
    return submit.call(this, quiet);
  };

  handleRowDescription({ fields }: { fields: FieldDef[] }): void {
    const before = known.get(this.statement);
    this.heading = before !== undefined && isStill(before.columns, fields) ? before : headingOf(fields);
    if (before !== undefined || known.size < MOST_KNOWN) known.set(this.statement, this.heading);
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    const row = { ...this.heading.row };
    this.heading.columns.forEach(({ name, read }, index) => {
      const text = fields[index]!;
      if (text !== null) row[name] = read(text);
    });
    this.found.push(row);
  }

  handleCommandComplete(message: unknown, connection: Connection): void {
    this.listening?.set(this.name!, this.heading);
    handleCommandComplete.call(this, message, connection);
  }
}

const { submit, handleCommandComplete } = pg.Query.prototype as unknown as Pick<
  PreparedQuery,
  'submit' | 'handleCommandComplete'
>;

/** The rows a statement answers, and how many it concerned. */
export type Answer = Pick<QueryResult, 'rows' | 'rowCount'>;

/**
 * @param name under which it is prepared; undefined: each time anew.
 * @param ownSession whether nobody gives the connection another session, which might know other columns by that name.
 */
export async function sendPrepared(
  client: Pool | PoolClient,
  name: string | undefined,
  text: string,
  values: unknown[],
  ownSession: boolean,
): Promise<Answer> {
  const query = new PreparedQuery(name, text, values, ownSession);
  const { rowCount } = await answerOf(client, query);
  return { rows: query.found, rowCount };
}

function answerOf(client: Pool | PoolClient, query: PreparedQuery): Promise<QueryResult> {
  // A pool waits for the end of a query by itself.
  if (!('release' in client)) return client.query(query) as unknown as Promise<QueryResult>;
  return new Promise((resolve, reject) => {
    const settle = (error: Error | null, result: QueryResult): void =>
      error === null ? resolve(result) : reject(error);
    client.query(Object.assign(query, { callback: settle }));
  });
}

function headingOf(fields: FieldDef[]): Heading {
  const columns = fields.map(columnOf);
  return { columns, row: Object.fromEntries(columns.map(({ name }) => [name, null])) };
}

function columnOf({ name, dataTypeID }: FieldDef): Column {
  const read = pg.types.getTypeParser(dataTypeID, 'text');
  return { name, type: dataTypeID, read: dataTypeID === TIMESTAMPTZ ? readInstant : read };
}

/** What the engine writes of an instant by itself; pg puts it together, and writes those of other millenniums. */
function written(value: unknown): unknown {
  if (!(value instanceof Date)) return value;
  const text = value.toISOString();
  return text.length === 24 ? text : value;
}

/** An instant of our time in UTC is one letter from RFC 3339, which the engine reads by itself; pg reads the others. */
function readInstant(text: string): unknown {
  if (text[10] === ' ' && text.endsWith('+00'))
    return new Date(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`);
  return pg.types.getTypeParser(TIMESTAMPTZ, 'text')(text);
}

function isStill(columns: Column[], fields: FieldDef[]): boolean {
  return (
    columns.length === fields.length &&
    fields.every(({ name, dataTypeID }, index) => {
      const column = columns[index]!;
      return column.name === name && column.type === dataTypeID;
    })
  );
}
