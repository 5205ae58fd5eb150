import { createHash } from 'node:crypto';
import { Injectable, Optional } from '@nestjs/common';
import type { Pool, PoolClient, QueryResult, QueryResultRow } from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { DomainError } from '../domain-error.js';
import { isUnanswered, poolOf, travelTogether } from './connection-pool.js';
import { isPooled, keepsStatements } from './data-source.js';
import {
  hasStalePlan,
  isAftermath,
  isForestalled,
  isRepeatable,
  translateDatabaseError,
} from './database-errors.js';
import type { EntityReader } from './entity-rows.js';
import { Gatherings } from './gathering.js';
import { type Answer, sendPrepared } from './prepared-query.js';
import { SentStatements } from './sent-statements.js';
import type { Reads, Sql } from './sql.js';
import { StatementWatch } from './statement-watch.js';

/**
 * One open transaction: raw statements and TypeORM's manager on the same connection. Statements sent without waiting for one another run in
 * their order and travel together; one that fails undoes them all.
 */
export interface Transaction extends Sql {
  readonly manager: EntityManager;
  /** Runs when the work is done: what it sends before it first waits travels with COMMIT, and undoes everything where it fails. */
  beforeCommit(act: () => Promise<void>): void;
  /** Runs when the transaction was committed, and never where it was not. It must not fail. */
  onCommit(act: () => void): void;
}

export function isTransaction(sql: Sql): sql is Transaction {
  return 'beforeCommit' in sql;
}

/**
 * The way to Postgres. Raw statements are named, so that each connection prepares them once, unless a pooler forgets them.
 * A lost or exhausted database is a DomainError `unavailable` (S91, S92); deadlocks and serialisation failures
 * are retried three times inside, a violated unique constraint of a transaction once.
 */
@Injectable()
export class Database implements Sql {
  private readonly prepares: boolean;
  private readonly ownSessions: boolean;
  private readonly gatherings = new Gatherings((send) => this.pipeline(send));
  /** `gather` for one question; an entity's own conditions cast their parameters, too. */
  readonly gathered: EntityReader;

  /** @param watch measures what is sent; absent where nobody wants to know. */
  constructor(
    private readonly dataSource: DataSource,
    @Optional() private readonly watch?: StatementWatch,
  ) {
    this.prepares = keepsStatements(dataSource);
    this.ownSessions = !isPooled(dataSource);
    this.gathered = {
      manager: dataSource.manager,
      query: (text, values) => this.gather((reads) => reads.query(text, values)),
    };
  }

  get manager(): EntityManager {
    return this.dataSource.manager;
  }

  async query<Row extends QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.send(this.pool, text, values)).rows as Row[];
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

  /**
   * Runs the work on one connection, where statements need not wait for one another's answers: those sent together travel together.
   * Each of them is a transaction of its own.
   */
  async pipeline<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    const client = await this.pool.connect().catch((error: unknown) => {
      throw translateDatabaseError(error);
    });
    const sent = new SentStatements();
    // What is lost with the connection is told by the statements on it.
    const ignore = (): void => undefined;
    client.on('error', ignore);
    try {
      return await work(sent.through((text, values) => this.send(client, text, values)));
    } finally {
      await sent.all();
      client.off('error', ignore);
      client.release();
    }
  }

  /**
   * Asks what many ask, each with values of their own: those who ask at one moment are answered by one statement for each text, and what
   * the work asks runs in its order, each statement as of its own moment.
   * @param work asks before it first waits. Each text casts every parameter where it first stands (`$1::uuid`), locks nothing, and is one
   *   of few.
   * @throws DomainError `unavailable`.
   */
  async gather<T>(work: (reads: Reads) => Promise<T>): Promise<T> {
    const asker = this.gatherings.join();
    return work({
      query: <Row extends QueryResultRow>(text: string, values: unknown[] = []) => {
        const ask = () => asker.ask<Row>(text, values) ?? this.query<Row>(text, values);
        return this.watch === undefined ? ask() : this.watch.follow(text, ask);
      },
    });
  }

  private async transactOnce<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    const client = (await runner.connect()) as PoolClient;
    const sent = new SentStatements();
    const last: (() => Promise<void>)[] = [];
    const committed: (() => void)[] = [];
    try {
      // The manager begins none of its own within it.
      (runner as { isTransactionActive: boolean }).isTransactionActive = true;
      const begun = sent.add(this.sendPlain(client, 'START TRANSACTION'));
      const result = await work({
        ...sent.through((text, values) => this.sendRaw(client, text, values)),
        manager: runner.manager,
        beforeCommit: (act) => void last.push(act),
        onCommit: (act) => void committed.push(act),
      });
      await begun;
      await this.commit(client, last, sent);
      for (const act of committed) act();
      return result;
    } catch (error) {
      await sent.all();
      // A connection that does not answer would not answer this either; it is closed when it is given back.
      if (client.getTransactionStatus() !== 'I' && !isUnanswered(client))
        await this.sendPlain(client, 'ROLLBACK').catch(() => undefined);
      throw isAftermath(error) ? (sent.failure ?? error) : error;
    } finally {
      await runner.release();
    }
  }

  /** PostgreSQL answers COMMIT after a failed statement as if all were well, and rolls back. */
  private async commit(
    client: PoolClient,
    last: (() => Promise<void>)[],
    sent: SentStatements,
  ): Promise<void> {
    const acts = last.map((act) => act());
    const [{ command }] = await Promise.all([sent.add(this.sendPlain(client, 'COMMIT')), ...acts]);
    if (command === 'COMMIT') return;
    await sent.all();
    throw (
      sent.failure ??
      new DomainError('internal', 'transaction-failed', 'a statement of the transaction had failed')
    );
  }

  /** Where a pooler gives the next statement to another session, which has prepared nothing, none has a name. */
  private nameOf(text: string): string | undefined {
    return this.prepares ? statementName(text) : undefined;
  }

  private get pool(): Pool {
    return poolOf(this.dataSource);
  }

  private async send(client: Pool | PoolClient, text: string, values: unknown[]): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.sendRaw(client, text, values);
      } catch (error) {
        if (attempt <= 3 && isRepeatable(error)) continue;
        throw translateDatabaseError(error);
      }
    }
  }

  private async sendRaw(client: Pool | PoolClient, text: string, values: unknown[]): Promise<Answer> {
    try {
      const send = () => sendPrepared(client, this.nameOf(text), text, values, this.ownSessions);
      return await this.measured(client, text, send);
    } catch (error) {
      if (hasStalePlan(error)) nameAnew(text);
      throw error;
    }
  }

  private sendPlain(client: PoolClient, text: string): Promise<QueryResult> {
    return this.measured(client, text, () => client.query(text));
  }

  private measured<T>(client: Pool | PoolClient, text: string, send: () => Promise<T>): Promise<T> {
    if ('release' in client) travelTogether(client);
    return this.watch === undefined ? send() : this.watch.measure(text, send);
  }
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
