import { Worker } from 'node:worker_threads';
import { DomainError } from '@sallyport/platform';
import { GUEST_HARNESS } from './guest-harness.js';

export interface SandboxLimits {
  /** Of the thread's CPU time. */
  milliseconds: number;
  /** To which the engine's whole memory may grow; a multiple of 64 KiB. */
  memoryBytes: number;
  stackBytes: number;
  /** The error text of an evaluation that took too long. */
  overrun: string;
}

export interface SandboxJob {
  /** What the harness parses: `{returns, expression, claims, scripts, watched}`. */
  request: string;
  /** The instant the expression sees, in milliseconds since 1970. */
  now: number;
}

export interface SandboxAnswer {
  value?: unknown;
  error?: string;
  /** Whether anything was read that was watched. */
  looked?: boolean;
  output: string;
  executionMs: number;
}

/**
 * appgate.md §5.4, S52. The time is the thread's own CPU time: a machine that is busy elsewhere takes nobody's privileges away.
 * 128 KiB of stack is about 700 calls deep, and never enough to exhaust the thread's own. */
export const SANDBOX_LIMITS: SandboxLimits = {
  milliseconds: 100,
  memoryBytes: 32 * 1024 * 1024,
  stackBytes: 128 * 1024,
  overrun: 'The expression took longer than 100 ms.',
};

const TICK_MS = 50;
/** From so many ticks on, that is after 150 to 200 ms, a running job is asked for its CPU time; one beyond the limit is ended. */
const TICKS_OF_A_JOB = 4;
/** A job that still runs after 2 s is ended whatever it says. */
const TICKS_OF_ANY_JOB = 40;
/** A thread that has not begun its job after 10 s will not. */
const TICKS_OF_A_START = 200;
const RUNNING = 1;

/**
 * One thread that evaluates one job after the other. The thread ends a job at its limit by itself; where the engine does
 * not let it (see sandbox-worker.ts) the thread is ended and the next job gets a new one.
 */
export class SandboxThread {
  private worker: Worker | undefined;
  private last: Promise<unknown> = Promise.resolve();
  /** What the thread tells while it works: whether a job runs, and its CPU time in milliseconds when that job began. */
  private readonly state = new Int32Array(new SharedArrayBuffer(8));

  /**
   * @returns the answer; an overrun or a crash caused by the job is an answer with `error`
   * @throws DomainError unavailable, when no thread can be started
   */
  evaluate(job: SandboxJob): Promise<SandboxAnswer> {
    const answer = this.last.then(() => this.evaluateAlone(job));
    this.last = answer.catch(() => undefined);
    return answer;
  }

  async stop(): Promise<void> {
    await this.last;
    await this.discard();
  }

  private evaluateAlone(job: SandboxJob): Promise<SandboxAnswer> {
    const worker = (this.worker ??= this.start());
    this.state[0] = 0;
    return new Promise((resolve, reject) => {
      let startTicks = 0;
      let jobTicks = 0;
      const watch = setInterval(() => {
        if (!this.isRunning()) return void (++startTicks === TICKS_OF_A_START && end());
        if (++jobTicks >= TICKS_OF_A_JOB)
          void this.isOverdue(worker, jobTicks).then((overdue) => overdue && end());
      }, TICK_MS);
      let settled = false;
      const settle = (): void => {
        settled = true;
        clearInterval(watch);
        worker.off('message', take).off('exit', end).unref();
      };
      const take = (answer: SandboxAnswer): void => {
        settle();
        resolve(answer);
      };
      const end = (): void => {
        if (settled) return;
        settle();
        const answer = this.isRunning() ? overrun(jobTicks) : undefined;
        void this.discard().then(() => (answer ? resolve(answer) : reject(notStarted())));
      };
      worker.on('message', take).on('exit', end).ref();
      worker.postMessage(job);
    });
  }

  private async isOverdue(worker: Worker, ticks: number): Promise<boolean> {
    if (ticks >= TICKS_OF_ANY_JOB) return true;
    const { user, system } = await worker.cpuUsage().catch(() => ({ user: 0, system: 0 }));
    return (
      this.isRunning() && (user + system) / 1000 - Atomics.load(this.state, 1) > SANDBOX_LIMITS.milliseconds
    );
  }

  private isRunning(): boolean {
    return Atomics.load(this.state, 0) === RUNNING;
  }

  private start(): Worker {
    // Compiled the neighbour is JavaScript, in a test it is the TypeScript source.
    const file = import.meta.url.endsWith('.ts') ? './sandbox-worker.ts' : './sandbox-worker.js';
    const workerData = { harness: GUEST_HARNESS, limits: SANDBOX_LIMITS, state: this.state };
    const worker = new Worker(new URL(file, import.meta.url), {
      workerData,
      env: {},
      argv: [],
      execArgv: [],
    });
    // An error ends the thread, and the end is what counts, also between two jobs.
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      if (this.worker === worker) this.worker = undefined;
    });
    return worker;
  }

  private async discard(): Promise<void> {
    const worker = this.worker;
    this.worker = undefined;
    await worker?.terminate();
  }
}

function overrun(ticks: number): SandboxAnswer {
  return { error: SANDBOX_LIMITS.overrun, output: '', executionMs: ticks * TICK_MS };
}

function notStarted(): DomainError {
  return new DomainError('unavailable', 'sandbox-unavailable', 'No sandbox could be started.');
}
