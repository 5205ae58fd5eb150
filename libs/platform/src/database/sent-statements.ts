import type { QueryResultRow } from 'pg';
import type { Answer } from './prepared-query.js';
import type { Sql } from './sql.js';

type Send = (text: string, values: unknown[]) => Promise<Answer>;

/** What was sent on a connection. It is given back when all of it is answered, also where nobody waits for that any more. */
export class SentStatements {
  private readonly answers: Promise<unknown>[] = [];
  /** Why the first statement failed that did. */
  failure: unknown;

  add<T>(answer: Promise<T>): Promise<T> {
    answer.catch((error: unknown) => (this.failure ??= error));
    this.answers.push(answer);
    return answer;
  }

  through(send: Send): Sql {
    return {
      query: <Row extends QueryResultRow>(text: string, values: unknown[] = []) =>
        this.add(send(text, values).then(({ rows }) => rows as Row[])),
      execute: (text, values = []) => this.add(send(text, values).then(({ rowCount }) => rowCount ?? 0)),
    };
  }

  async all(): Promise<void> {
    await Promise.allSettled(this.answers);
  }
}
