import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { median } from '../measure.ts';
import { tell } from '../results.ts';
import type { Crew } from '../works/replicas.ts';
import { middleOf, type Growth } from '../works/growth.ts';
import type { MemoryUse } from '../works/memory.ts';
import { chartOf, type ChartGroup } from './chart.ts';
import { rateOf, ratioOf, ratiosOf, type Score } from './contest.ts';
import type { BenchPostgres } from './postgres.ts';

type Line = Record<string, string | number>;

const CHART = new URL('../../../docs/benchmarks.svg', import.meta.url);
const MIB = 2 ** 20;

/** Gathers what a run has measured, prints it, and with BENCH_RECORD=1 writes it down. */
export class Report {
  private readonly goals: Line[] = [];
  private readonly chart: ChartGroup[] = [];
  private readonly postgres: BenchPostgres;

  constructor(postgres: BenchPostgres) {
    this.postgres = postgres;
  }

  /** One work, its sides in the order in which they are compared; the first is the limit. */
  async compared(title: string, scores: readonly Score[], remark: string): Promise<void> {
    const [limit] = scores as [Score, ...Score[]];
    const lines = scores.map((score) => ({
      side: score.name,
      'requests/s': rateOf(score).toFixed(0),
      'of the first': share(ratioOf(score, limit)),
      'p50 ms': score.p50.toFixed(2),
      'p95 ms': score.p95.toFixed(2),
      'p99 ms': score.p99.toFixed(2),
      errors: 0,
      'own CPU, ms a request': score.ownCpu.toFixed(3),
      'CPU of PostgreSQL': score.postgresCpu.toFixed(3),
      'memory, MiB': (score.memory / MIB).toFixed(0),
    }));
    this.chart.push({ title, bars: scores.map((score) => ({ name: score.name, rate: rateOf(score) })) });
    await this.tell(`Compared: ${title}`, lines, remark);
  }

  goal(what: string, wanted: string, measured: string, met: boolean): void {
    this.goals.push({ what, goal: wanted, measured, met: met ? 'yes' : 'no' });
  }

  /** A goal as a ratio of two sides, round by round. */
  ratioGoal(what: string, one: Score, other: Score, least: number): void {
    const ratio = ratioOf(one, other);
    const spell = least >= 2 ? (value: number) => `${value.toFixed(1)} times` : share;
    const measured = withSpread(ratiosOf(one, other), spell);
    this.goal(`${what} against ${other.name}`, `at least ${spell(least)}`, measured, ratio >= least);
  }

  async grown({ checks, tokens, pages, users, ended, endedIn }: Growth): Promise<void> {
    const costs = ratiosOf(checks[0]!, checks[1]!);
    const { p50, p95, p99 } = middleOf(pages);
    await this.tell(
      'A database that has grown large',
      [
        ...checks.map((score, index) => ({
          what: `look-ups a second with ${tokens[index]} tokens`,
          p50: rateOf(score).toFixed(0),
          p95: '',
          p99: '',
        })),
        {
          what: `a page of 50 of ${users} users, ms`,
          p50: p50.toFixed(1),
          p95: p95.toFixed(1),
          p99: p99.toFixed(1),
        },
        { what: `ending ${ended} live tokens, ms`, p50: endedIn.toFixed(0), p95: '', p99: '' },
      ],
      '',
    );
    this.goal(
      `a token check with ${tokens[1]} tokens against one with ${tokens[0]}`,
      'at most 1.2 times the cost',
      withSpread(costs, (cost) => cost.toFixed(2)),
      median(costs) <= 1.2,
    );
    this.goal(`a page of ${users} users, p95`, 'under 50 ms', `${p95.toFixed(1)} ms`, p95 < 50);
    this.goal(`ending ${ended} tokens`, 'under 1 s', `${endedIn.toFixed(0)} ms`, endedIn < 1_000);
  }

  async started(taken: number[]): Promise<void> {
    const middle = median(taken);
    const line = {
      'ms, median': middle.toFixed(0),
      least: taken[0]!.toFixed(0),
      most: taken.at(-1)!.toFixed(0),
      times: taken.length,
    };
    await this.tell(
      'A cold start on an existing database',
      [line],
      'From the start of the process to the moment it serves requests.',
    );
    this.goal(
      'a cold start on an existing database',
      'under 1.5 s',
      `${middle.toFixed(0)} ms`,
      middle < 1_500,
    );
  }

  async held({ minutes, requests, atStart, inTheMiddle, atTheEnd, most }: MemoryUse): Promise<void> {
    const line = {
      minutes,
      requests,
      'before, MiB': (atStart / MIB).toFixed(0),
      'second third': (inTheMiddle / MIB).toFixed(0),
      'last third': (atTheEnd / MIB).toFixed(0),
      most: (most / MIB).toFixed(0),
    };
    await this.tell(
      'Memory under load',
      [line],
      'Resident memory of a server whose tokens are checked all the time, at both dialects.',
    );
    const flat = atTheEnd <= inTheMiddle * 1.05;
    this.goal(
      `memory after ${minutes} minutes of load`,
      'under 200 MB and flat',
      `${(atTheEnd / 1e6).toFixed(0)} MB, ${flat ? 'flat' : 'growing'}`,
      flat && most < 200e6,
    );
  }

  async crewed(crews: readonly Crew[]): Promise<void> {
    const lines = crews.map((crew) => ({
      replicas: crew.name,
      'look-ups/s': median(crew.rates.toSorted((one, other) => one - other)).toFixed(0),
      'CPUs of the servers': crew.servers.toFixed(2),
      'of PostgreSQL': crew.postgres.toFixed(2),
      'of the client': crew.client.toFixed(2),
      together: (crew.servers + crew.postgres + crew.client).toFixed(2),
      'moments with a wait for a lock': share(crew.locked),
    }));
    await this.tell(
      'Two replicas against one',
      lines,
      `The machine has ${cpus().length} CPUs. What is missing to that is the other programs’ on it.`,
    );
    const two = crews.at(-1)!;
    this.goal(
      'two replicas',
      'the machine’s limit, no lock of ours',
      `${(two.servers + two.postgres + two.client).toFixed(2)} of ${cpus().length} CPUs, ${share(two.locked)} of moments with a lock`,
      two.locked < 0.05,
    );
  }

  /** @param remark what is to be known of the run as a whole. */
  async close(remark: string): Promise<void> {
    const machine = `${cpus()[0]?.model ?? 'unknown CPU'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB.`;
    await this.tell(
      'Against the goals',
      this.goals,
      `${machine} ${remark} A ratio is the middle one of those of rounds that lay beside each other, not the quotient of two medians; in brackets the least and the most. ![What each side answers in a second](benchmarks.svg)`,
    );
    if (process.env['BENCH_RECORD'] === '1') writeFileSync(CHART, chartOf(this.chart));
  }

  private tell(title: string, lines: Line[], remark: string): Promise<void> {
    const { postgres } = this;
    return tell({ rows: (text, values) => postgres.rows('postgres', text, values) }, title, lines, remark);
  }
}

/** The middle one, and how far they lie apart. */
function withSpread(ascending: number[], spell: (value: number) => string): string {
  return `${spell(median(ascending))} (${spell(ascending[0]!)} to ${spell(ascending.at(-1)!)})`;
}

function share(ratio: number): string {
  return `${(ratio * 100).toFixed(0)} %`;
}
