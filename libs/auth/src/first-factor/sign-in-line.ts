import { availableParallelism } from 'node:os';
import { Injectable } from '@nestjs/common';
import { HashQueue } from '@sallyport/identity';
import { Metrics } from '@sallyport/platform';

/** Passwords looked at together: enough that the hash queue never runs dry while others read the database. */
const AT_ONCE = Math.max(8, 2 * availableParallelism());
/** Milliseconds: with the few hashes of those in front still within the 2 s of S12. */
const LONGEST_WAIT = 1_900;

/**
 * The line before the password step, database and all: however many sign-ins come at once, only a few ask for connections at a time, so that
 * token checks find one (S12). Whoever would wait too long is told so, and not counted.
 */
@Injectable()
export class SignInLine {
  private readonly line: HashQueue;

  constructor(metrics: Metrics) {
    const options = { concurrency: AT_ONCE, longestWait: LONGEST_WAIT, name: 'sign_in' } as const;
    this.line = new HashQueue(options, metrics);
  }

  /** @throws DomainError unavailable (`retryAfter` 1 s), before the step runs; whatever the step throws */
  run<T>(step: () => Promise<T>): Promise<T> {
    return this.line.run(step);
  }
}
