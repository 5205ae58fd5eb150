import { Injectable } from '@nestjs/common';
import { Clock } from '../clock.js';
import { Metrics } from '../metrics/metrics.js';

/** Works nobody waits for, as an operator sees them: when each was last done, and how often it failed. */
@Injectable()
export class BackgroundWork {
  constructor(
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  /**
   * @param name what it is called where it is counted.
   * @returns what it failed by; null where it was done.
   */
  async attempt(name: string, work: () => Promise<unknown>): Promise<Error | null> {
    try {
      await work();
      this.metrics.backgroundSuccess.set({ work: name }, this.clock.now().getTime() / 1000);
      return null;
    } catch (error) {
      this.failed(name);
      return error as Error;
    }
  }

  /** It failed in a way of its own. */
  failed(name: string): void {
    this.metrics.backgroundFailures.inc({ work: name });
  }
}
