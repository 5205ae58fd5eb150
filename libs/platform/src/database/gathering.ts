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

/** The questions of one text, which become one statement, or several where they are many. */
interface Step {
  text: string;
  shape: Shape;
  questions: Question[];
}

/** What those ask who came at one moment. */
class Gathering {
  private readonly steps: Step[] = [];
  private joined = 0;
  /** It is too late to ask. */
  isGone = false;

  get isOpen(): boolean {
    return !this.isGone && this.joined < MOST;
  }

  join(): Asker {
    this.joined += 1;
    return new Asker(this);
  }

  /**
   * @param from the first step that may hold the question.
   * @returns the one that does.
   * @throws DomainError `internal` code `untyped-parameter`.
   */
  add(text: string, question: Question, from: number): number {
    const place = this.steps.findIndex((step, index) => index >= from && step.text === text);
    if (place < 0) return this.steps.push({ text, shape: shapeOf(text), questions: [question] }) - 1;
    this.steps[place]!.questions.push(question);
    return place;
  }

  /** Asks all of it, step by step. @param sql answers in the order in which it is asked. */
  async send(sql: Reads): Promise<void> {
    this.isGone = true;
    const sent: Promise<void>[] = [];
    for (const { text, shape, questions } of this.steps)
      for (let from = 0; from < questions.length; from += MOST)
        sent.push(answerAll(sql, text, shape, questions.slice(from, from + MOST)));
    await Promise.all(sent);
  }

  refuse(error: unknown): void {
    this.isGone = true;
    for (const { questions } of this.steps) for (const { refuse } of questions) refuse(error);
  }
}

/** One of them: what they ask runs in their order, whoever asked the same before. */
class Asker {
  private place = 0;

  constructor(private readonly gathering: Gathering) {}

  /** @returns null where it is too late to ask. */
  ask<Row extends QueryResultRow>(text: string, values: unknown[]): Promise<Row[]> | null {
    if (this.gathering.isGone) return null;
    return new Promise((resolve, reject) => {
      const question = { values, answer: resolve as Question['answer'], refuse: reject };
      this.place = this.gathering.add(text, question, this.place);
    });
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

  join(): Asker {
    return (this.latest?.isOpen ? this.latest : this.begin()).join();
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

async function answerAll(
  sql: Reads,
  text: string,
  { parameters, ofSize }: Shape,
  questions: Question[],
): Promise<void> {
  const size = SIZES.find((each) => each >= questions.length)!;
  if (size === 1) return answerOne(sql, text, questions[0]!);
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

/** Known from the first question on, also of one who asks alone: a text that cannot be shared is refused before anybody else comes. */
function shapeOf(text: string): Shape {
  const known = shapes.get(text);
  if (known !== undefined) return known;
  const types = typesOf(text);
  const ofSize = new Map(SIZES.slice(1).map((size) => [size, textOf(text, types, size)]));
  const shape = { parameters: types.length, ofSize };
  shapes.set(text, shape);
  return shape;
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
