import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Pool, PoolClient, QueryResult, QueryResultRow } from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { DomainError } from '../domain-error.js';
import { isForestalled, isRepeatable, translateDatabaseError } from './database-errors.js';

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
}

/**
 * The way to Postgres. Raw statements are named, so that each connection prepares them once.
 * A lost or exhausted database is a DomainError `unavailable` (S91, S92); deadlocks and serialisation failures
 * are retried three times inside `transaction`, a violated unique constraint once.
 */
@Injectable()
export class Database implements Sql {
  constructor(private readonly dataSource: DataSource) {}

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
   * The work may run up to four times; it must not keep state outside the database.
   */
  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.transactOnce(work);
      } catch (error) {
        if (attempt <= 3 && isRepeatable(error)) continue;
        if (attempt === 1 && isForestalled(error)) continue;
        throw translateDatabaseError(error);
      }
    }
  }

  private async transactOnce<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    try {
      const client = (await runner.connect()) as PoolClient;
      await runner.startTransaction();
      const result = await work({
        manager: runner.manager,
        query: async <Row extends QueryResultRow>(text: string, values: unknown[] = []) =>
          (await this.sendRaw<Row>(client, text, values)).rows,
        execute: async (text, values = []) => (await this.sendRaw(client, text, values)).rowCount ?? 0,
      });
      await runner.commitTransaction();
      return result;
    } catch (error) {
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }

  private get pool(): Pool {
    return (this.dataSource.driver as unknown as { master: Pool }).master;
  }

  private async send<Row extends QueryResultRow>(
    client: Pool | PoolClient,
    text: string,
    values: unknown[],
  ): Promise<QueryResult<Row>> {
    try {
      return await this.sendRaw<Row>(client, text, values);
    } catch (error) {
      throw translateDatabaseError(error);
    }
  }

  private sendRaw<Row extends QueryResultRow>(
    client: Pool | PoolClient,
    text: string,
    values: unknown[],
  ): Promise<QueryResult<Row>> {
    return client.query<Row>({ name: statementName(text), text, values });
  }
}

const names = new Map<string, string>();

function statementName(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = `s_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
  names.set(text, name);
  return name;
}

/** Asserts the single row a statement must answer. */
export function single<Row>(rows: Row[]): Row {
  const [row] = rows;
  if (row === undefined || rows.length > 1)
    throw new DomainError('internal', 'row-count', `expected one row, found ${rows.length}`);
  return row;
}
