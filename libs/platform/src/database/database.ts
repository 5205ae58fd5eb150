import { createHash } from 'node:crypto';
import { Injectable, Optional } from '@nestjs/common';
import type { Pool, PoolClient, QueryResult, QueryResultRow } from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { DomainError } from '../domain-error.js';
import { isUnanswered, poolOf } from './connection-pool.js';
import { keepsStatements } from './data-source.js';
import { hasStalePlan, isForestalled, isRepeatable, translateDatabaseError } from './database-errors.js';
import { StatementWatch } from './statement-watch.js';

/** Statements with values as parameters, prepared once per connection. */
export interface Sql {
  /** The rows a statement answers. */
  query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  /** How many rows a statement changed. */
  execute(text: string, values?: unknown[]): Promise<number>;
}

/** One open transaction: raw statements and TypeORM's manager on the same connection. */
export interface Transaction extends Sql {
  readonly manager: EntityManager;
  /** Runs when the transaction was committed, and never where it was not. It must not fail. */
  onCommit(act: () => void): void;
}

/**
 * The way to Postgres. Raw statements are named, so that each connection prepares them once, unless a pooler forgets them.
 * A lost or exhausted database is a DomainError `unavailable` (S91, S92); deadlocks and serialisation failures
 * are retried three times inside, a violated unique constraint of a transaction once.
 */
@Injectable()
export class Database implements Sql {
  private readonly prepares: boolean;

  /** @param watch measures what is sent; absent where nobody wants to know. */
  constructor(
    private readonly dataSource: DataSource,
    @Optional() private readonly watch?: StatementWatch,
  ) {
    this.prepares = keepsStatements(dataSource);
  }

  get manager(): EntityManager {
    return this.dataSource.manager;
  }

  async query<Row extends QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.send<Row>(this.pool, text, values)).rows;
  }

  async execute(text: string, values: unknown[] = []): Promise<number> {
    return (await this.send(this.pool, text, values)).rowCount ?? 0;
  }

  /**
   * Runs the work in one transaction: all of it happens or none of it.
   * The work may run several times; it must not keep state outside the database.
   */
  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.transactOnce(work);
      } catch (error) {
        if (attempt <= (hasStalePlan(error) ? MOST_STALE_PLANS : 3) && isRepeatable(error)) continue;
        if (attempt === 1 && isForestalled(error)) continue;
        throw translateDatabaseError(error);
      }
    }
  }

  private async transactOnce<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    const committed: (() => void)[] = [];
    let client: PoolClient | undefined;
    try {
      client = (await runner.connect()) as PoolClient;
      const connection = client;
      await runner.startTransaction();
      const result = await work({
        manager: runner.manager,
        onCommit: (act) => void committed.push(act),
        query: async <Row extends QueryResultRow>(text: string, values: unknown[] = []) =>
          (await this.sendRaw<Row>(connection, text, values)).rows,
        execute: async (text, values = []) => (await this.sendRaw(connection, text, values)).rowCount ?? 0,
      });
      mustBeWhole(client);
      await runner.commitTransaction();
      for (const act of committed) act();
      return result;
    } catch (error) {
      // A connection that does not answer would not answer this either; it is closed when it is given back.
      if (runner.isTransactionActive && client !== undefined && !isUnanswered(client))
        await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }

  /** Where a pooler gives the next statement to another session, which has prepared nothing, none has a name. */
  private nameOf(text: string): string | undefined {
    return this.prepares ? statementName(text) : undefined;
  }

  private get pool(): Pool {
    return poolOf(this.dataSource);
  }

  private async send<Row extends QueryResultRow>(
    client: Pool | PoolClient,
    text: string,
    values: unknown[],
  ): Promise<QueryResult<Row>> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.sendRaw<Row>(client, text, values);
      } catch (error) {
        if (attempt <= 3 && isRepeatable(error)) continue;
        throw translateDatabaseError(error);
      }
    }
  }

  private sendRaw<Row extends QueryResultRow>(
    client: Pool | PoolClient,
    text: string,
    values: unknown[],
  ): Promise<QueryResult<Row>> {
    const send = () => client.query<Row>({ name: this.nameOf(text), text, values });
    const answer = this.watch === undefined ? send() : this.watch.measure(text, send);
    return answer.catch((error: unknown) => {
      if (hasStalePlan(error)) nameAnew(text);
      throw error;
    });
  }
}

/** Postgres answers COMMIT after a failed statement as if all were well, and rolls back. */
function mustBeWhole(client: PoolClient): void {
  if (client.getTransactionStatus() === 'E')
    throw new DomainError('internal', 'transaction-failed', 'a statement of the transaction had failed');
}

/** More statements than one transaction sends of those that a migration may make stale, each found by a run of its own. */
const MOST_STALE_PLANS = 10;

const names = new Map<string, string>();
let renamings = 0;

function statementName(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = `s_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
  names.set(text, name);
  return name;
}

/** Lets every connection prepare it once more; what it has under the old name is never asked for again (S96). */
function nameAnew(text: string): void {
  names.set(text, `${statementName(text).slice(0, 26)}_${(renamings += 1)}`);
}

/** Asserts the single row a statement must answer. */
export function single<Row>(rows: Row[]): Row {
  const [row] = rows;
  if (row === undefined || rows.length > 1)
    throw new DomainError('internal', 'row-count', `expected one row, found ${rows.length}`);
  return row;
}
