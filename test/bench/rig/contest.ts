import { at, median } from '../measure.ts';
import type { Round } from './load.ts';
import { type Reading, readFamily, readProcess } from './reading.ts';

/** One that takes part. */
export interface Contestant {
  name: string;
  /** Processes that are it; PostgreSQL is counted apart. */
  pids: () => number[];
  /** Makes the rows a round uses up. */
  prepare?: (round: number) => Promise<void>;
  run: (round: number) => Promise<Round>;
  /** @throws Error where the database does not hold what was acknowledged. */
  prove?: (round: number, done: number) => Promise<void>;
}

/** How one side did. */
export interface Score {
  name: string;
  /** Requests a second, a value a round. */
  rates: number[];
  p50: number;
  p95: number;
  p99: number;
  /** Processor milliseconds a request, of the side and of PostgreSQL for it. */
  ownCpu: number;
  postgresCpu: number;
  /** Bytes at the end of the last round. */
  memory: number;
  done: number;
}

interface Turn {
  round: Round;
  ownCpu: number;
  postgresCpu: number;
  memory: number;
}

/**
 * The sides take turns in short rounds, each round in another order: what disturbs the machine disturbs them all.
 * @param warmUp rounds that are not counted: in them V8 finds out what is hot, on every side.
 */
export async function contest(
  contestants: readonly Contestant[],
  { rounds, warmUp, postgresPid }: { rounds: number; warmUp: number; postgresPid: number },
): Promise<Score[]> {
  const turns = contestants.map((): Turn[] => []);
  for (let round = 0; round < warmUp + rounds; round += 1) {
    const order = contestants.map((_, index) => (index + round) % contestants.length);
    for (const index of order) turns[index]!.push(await turnOf(contestants[index]!, round, postgresPid));
  }
  return contestants.map(({ name }, index) => scoreOf(name, turns[index]!.slice(warmUp)));
}

/** The ratios of rounds that lay beside each other, the least first. */
export function ratiosOf(one: Score, other: Score): number[] {
  return one.rates.map((rate, round) => rate / other.rates[round]!).toSorted((left, right) => left - right);
}

/** The middle one of them. */
export function ratioOf(one: Score, other: Score): number {
  return median(ratiosOf(one, other));
}

export function rateOf({ rates }: Score): number {
  return median(rates.toSorted((left, right) => left - right));
}

async function turnOf(side: Contestant, number: number, postgresPid: number): Promise<Turn> {
  await side.prepare?.(number);
  const before = readings(side, postgresPid);
  const round = await side.run(number);
  const after = readings(side, postgresPid);
  const done = round.latencies.length;
  const wrong = Object.entries(round.statuses).filter(([status]) => status !== '200');
  if (wrong.length > 0)
    throw new Error(`${side.name} made errors: ${JSON.stringify(Object.fromEntries(wrong))}`);
  await side.prove?.(number, done);
  return {
    round,
    ownCpu: ((after.own.cpu - before.own.cpu) * 1_000) / done,
    postgresCpu: ((after.postgres.cpu - before.postgres.cpu) * 1_000) / done,
    memory: after.own.memory,
  };
}

function readings(side: Contestant, postgresPid: number): { own: Reading; postgres: Reading } {
  const own = side.pids().map(readProcess);
  return {
    own: {
      cpu: own.reduce((sum, { cpu }) => sum + cpu, 0),
      memory: own.reduce((sum, { memory }) => sum + memory, 0),
    },
    postgres: readFamily(postgresPid),
  };
}

function scoreOf(name: string, turns: Turn[]): Score {
  const middle = (value: (turn: Turn) => number): number =>
    median(turns.map(value).toSorted((left, right) => left - right));
  const latencies = turns.map(({ round }) => round.latencies.toSorted((left, right) => left - right));
  const share = (part: number): number =>
    median(latencies.map((sorted) => at(sorted, part)).toSorted((left, right) => left - right));
  return {
    name,
    rates: turns.map(({ round }) => round.latencies.length / round.seconds),
    p50: share(0.5),
    p95: share(0.95),
    p99: share(0.99),
    ownCpu: middle((turn) => turn.ownCpu),
    postgresCpu: middle((turn) => turn.postgresCpu),
    memory: turns.at(-1)?.memory ?? 0,
    done: latencies.reduce((sum, { length }) => sum + length, 0),
  };
}
