import type { QueryResultRow } from 'pg';
import { DomainError } from '../domain-error.js';
import { outsideActs } from '../tracing/current-act.js';
import { forEverybody } from './connection-pool.js';
import type { Reads } from './sql.js';

/** One who asks what a text asks, with values of their own. */
interface Question {
  values: unknown[];
  answer: (rows: QueryResultRow[]) => void;
  refuse: (error: unknown) => void;
}

/** How many questions one statement asks: few sizes, for each is prepared on every connection. What is left over stays empty. */
const SIZES = [1, 4, 16];
const MOST = SIZES.at(-1)!;

/** What those ask who came at one moment; the questions of one text become one statement. */
class Gathering {
  private readonly questions = new Map<string, Question[]>();
  private joined = 0;
  private gone = false;

  get isOpen(): boolean {
    return !this.gone && this.joined < MOST;
  }

  join(): void {
    this.joined += 1;
  }

  /**
   * @returns null where it is too late to ask.
   * @throws DomainError `internal` code `untyped-parameter`.
   */
  ask<Row extends QueryResultRow>(text: string, values: unknown[]): Promise<Row[]> | null {
    if (this.gone) return null;
    mustBeTyped(text);
    return new Promise((resolve, reject) => {
      const question = { values, answer: resolve as Question['answer'], refuse: reject };
      const known = this.questions.get(text);
      if (known === undefined) this.questions.set(text, [question]);
      else known.push(question);
    });
  }

  /** Asks all of it, the texts in the order of their first questions. @param sql answers in the order in which it is asked. */
  async send(sql: Reads): Promise<void> {
    this.gone = true;
    const sent: Promise<void>[] = [];
    for (const [text, questions] of this.questions)
      for (let from = 0; from < questions.length; from += MOST)
        sent.push(answerAll(sql, text, questions.slice(from, from + MOST)));
    await Promise.all(sent);
  }

  refuse(error: unknown): void {
    this.gone = true;
    for (const questions of this.questions.values()) for (const { refuse } of questions) refuse(error);
  }
}

/**
 * Lets those travel together who ask at one moment: until the event loop goes on, and on until there is a connection for them. Nothing is
 * kept: each is answered as of a moment after they asked (S47).
 */
export class Gatherings {
  private latest: Gathering | null = null;

  /** @param pipeline gives a connection on which statements need not wait for one another's answers. */
  constructor(private readonly pipeline: (send: (sql: Reads) => Promise<void>) => Promise<void>) {}

  join(): Gathering {
    const gathering = this.latest?.isOpen ? this.latest : this.begin();
    gathering.join();
    return gathering;
  }

  private begin(): Gathering {
    const begun = new Gathering();
    this.latest = begun;
    setImmediate(() => void outsideActs(() => forEverybody(() => this.depart(begun))));
    return begun;
  }

  private async depart(gathering: Gathering): Promise<void> {
    try {
      await this.pipeline((sql) => gathering.send(sql));
    } catch (error) {
      gathering.refuse(error);
    }
  }
}

async function answerAll(sql: Reads, text: string, questions: Question[]): Promise<void> {
  const size = SIZES.find((each) => each >= questions.length)!;
  if (size === 1) return answerOne(sql, text, questions[0]!);
  const { parameters, ofSize } = shapeOf(text);
  const values: unknown[] = [questions.length];
  for (const question of questions) values.push(...question.values);
  while (values.length <= size * parameters) values.push(null);
  try {
    const answers: QueryResultRow[][] = questions.map(() => []);
    for (const row of await sql.query<{ asked: number }>(ofSize.get(size)!, values))
      answers[row.asked]!.push(row);
    questions.forEach(({ answer }, place) => answer(answers[place]!));
  } catch (error) {
    if (error instanceof DomainError && error.kind === 'unavailable')
      for (const { refuse } of questions) refuse(error);
    // What is wrong with the values of one is no fault of the others.
    else for (const question of questions) await answerOne(sql, text, question);
  }
}

function answerOne(sql: Reads, text: string, { values, answer, refuse }: Question): Promise<void> {
  return sql.query(text, values).then(answer, refuse);
}

/** One text for several questions. */
interface Shape {
  /** How many each question has. */
  parameters: number;
  ofSize: Map<number, string>;
}

const shapes = new Map<string, Shape>();

function shapeOf(text: string): Shape {
  const known = shapes.get(text);
  if (known !== undefined) return known;
  const types = typesOf(text);
  const ofSize = new Map(SIZES.slice(1).map((size) => [size, textOf(text, types, size)]));
  const shape = { parameters: types.length, ofSize };
  shapes.set(text, shape);
  return shape;
}

/** Also where it is asked alone: others may come. */
function mustBeTyped(text: string): void {
  shapeOf(text);
}

function typesOf(text: string): string[] {
  const types: string[] = [];
  for (const [, number, type] of text.matchAll(/\$(\d+)(?:::(\w+(?:\[\])?))?/g))
    types[Number(number) - 1] ??= type ?? '';
  const untyped = types.indexOf('') + 1;
  if (untyped === 0) return types;
  throw new DomainError('internal', 'untyped-parameter', `$${untyped} of a gathered statement has no type`);
}

/** OFFSET 0: the planner looks at the text by itself, and finds the plan it has alone. */
function textOf(text: string, types: string[], size: number): string {
  const names = types.map((_, place) => `v${place + 1}`);
  const sets = Array.from({ length: size }, (_, asked) => {
    const parameters = types.map((type, place) => `$${2 + asked * types.length + place}::${type}`);
    return `(${[asked, ...parameters].join(', ')})`;
  });
  return `
    SELECT question.asked, answer.*
    FROM (VALUES ${sets.join(', ')}) AS question (${['asked', ...names].join(', ')})
    CROSS JOIN LATERAL (${text.replaceAll(/\$(\d+)/g, 'question.v$1')} OFFSET 0) AS answer
    WHERE question.asked < $1::integer`;
}
