import pg, { type FieldDef, type Pool, type PoolClient, type QueryResult } from 'pg';

/** What a column is called, and how its text is read. */
interface Column {
  name: string;
  type: number;
  read: (text: string) => unknown;
}

/** Statements that are put together at run time, such as lists, have many texts. */
const MOST_KNOWN = 2_000;

const known = new Map<string, Column[]>();

/**
 * A statement whose answers have the same columns each time. What pg makes of their description with every answer anew is kept here: a tenth of
 * the time of a token check. A migration may change the columns of a running server (S96), so they are looked at all the same.
 */
class PreparedQuery extends pg.Query {
  readonly found: Record<string, unknown>[] = [];
  private columns: Column[] = [];

  /** A text and a list pg takes as they are; an object of settings it would copy property by property. */
  constructor(
    readonly name: string | undefined,
    private readonly statement: string,
    values: unknown[],
  ) {
    super(statement, values);
  }

  handleRowDescription({ fields }: { fields: FieldDef[] }): void {
    const before = known.get(this.statement);
    this.columns = before !== undefined && isStill(before, fields) ? before : fields.map(columnOf);
    if (before !== undefined || known.size < MOST_KNOWN) known.set(this.statement, this.columns);
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    const row: Record<string, unknown> = {};
    this.columns.forEach(({ name, read }, index) => {
      const text = fields[index]!;
      row[name] = text === null ? null : read(text);
    });
    this.found.push(row);
  }
}

/** The rows a statement answers, and how many it concerned. */
export type Answer = Pick<QueryResult, 'rows' | 'rowCount'>;

/** @param name under which it is prepared; undefined: each time anew. */
export async function sendPrepared(
  client: Pool | PoolClient,
  name: string | undefined,
  text: string,
  values: unknown[],
): Promise<Answer> {
  const query = new PreparedQuery(name, text, values);
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

function columnOf({ name, dataTypeID }: FieldDef): Column {
  return { name, type: dataTypeID, read: pg.types.getTypeParser(dataTypeID, 'text') };
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
