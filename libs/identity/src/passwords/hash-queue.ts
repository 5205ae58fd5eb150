import { availableParallelism } from 'node:os';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { DomainError, Metrics, Tracing } from '@sallyport/platform';

export interface HashQueueOptions {
  /** Jobs at once; unless given one less than the processor's parallelism, so that the event loop keeps a core, but at least two. */
  concurrency?: number;
  /** Milliseconds a job may wait before it starts; 2 000 unless given. */
  longestWait?: number;
  /** What it is called where it is measured; `hash` unless given. */
  name?: 'hash' | 'sign_in';
}

/** Injection token for the options; a server that provides none gets the defaults. */
export const HASH_QUEUE_OPTIONS = 'HASH_QUEUE_OPTIONS';

interface Ticket {
  arrivedAt: number;
  admit: () => void;
  refuse: (reason: DomainError) => void;
}

/** Until a job was measured, in milliseconds; then a moving average. */
const FIRST_ESTIMATE = 50;
const WEIGHT_OF_THE_LATEST = 0.2;

/**
 * The line before Argon2 (S12): so many jobs at once, first come first served. Whoever would wait longer than
 * 2 s is refused at once, and whoever did wait longer, because jobs became slower meanwhile, when its turn comes: nobody waits over
 * 2 s plus one job. Token checks never come here.
 */
@Injectable()
export class HashQueue {
  /** Jobs at once. */
  readonly concurrency: number;
  private readonly longestWait: number;
  private readonly name: 'hash' | 'sign_in';
  private readonly line: Ticket[] = [];
  private running = 0;
  private averageMs = FIRST_ESTIMATE;

  constructor(
    @Optional() @Inject(HASH_QUEUE_OPTIONS) options?: HashQueueOptions,
    @Optional() private readonly metrics?: Metrics,
    @Optional() private readonly tracing?: Tracing,
  ) {
    this.name = options?.name ?? 'hash';
    this.concurrency = options?.concurrency ?? Math.max(2, availableParallelism() - 1);
    this.longestWait = options?.longestWait ?? 2_000;
    metrics?.onScrape(`queue ${this.name}`, [], () =>
      metrics.queueDepth.set({ queue: this.name }, this.depth),
    );
  }

  /** Jobs that wait for their turn. */
  get depth(): number {
    return this.line.length;
  }

  /**
   * Runs a job in its turn and answers what it answers.
   * @throws DomainError unavailable (`retryAfter` 1 s), before the job runs; whatever the job throws
   */
  async run<T>(job: () => Promise<T>): Promise<T> {
    const arrived = performance.now();
    await this.turn();
    const started = performance.now();
    this.metrics?.queueWaits.observe({ queue: this.name }, (started - arrived) / 1000);
    try {
      return await this.traced(job);
    } finally {
      this.averageMs += (performance.now() - started - this.averageMs) * WEIGHT_OF_THE_LATEST;
      this.running--;
      this.admitNext();
    }
  }

  private turn(): Promise<void> {
    if (this.running < this.concurrency) {
      this.running++;
      return Promise.resolve();
    }
    const expectedWait = (this.averageMs * (this.line.length + 1)) / this.concurrency;
    if (expectedWait > this.longestWait) return Promise.reject(this.full());
    return new Promise((admit, refuse) => {
      this.line.push({ arrivedAt: performance.now(), admit, refuse });
    });
  }

  private admitNext(): void {
    for (let next = this.line.shift(); next; next = this.line.shift()) {
      if (performance.now() - next.arrivedAt <= this.longestWait) {
        this.running++;
        return next.admit();
      }
      next.refuse(this.full());
    }
  }

  private traced<T>(job: () => Promise<T>): Promise<T> {
    if (this.tracing === undefined || this.name !== 'hash') return job();
    return this.tracing.run(() => ({ name: 'argon2id', kind: 'internal' }), job);
  }

  private full(): DomainError {
    this.metrics?.queueShed.inc({ queue: this.name });
    return new DomainError('unavailable', 'hash-queue-full', 'The service is not available.', {
      retryAfter: 1,
    });
  }
}
