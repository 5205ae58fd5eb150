import { performance } from 'node:perf_hooks';

/** How long a decision may be used again, in milliseconds: an expression that looks at the time sees one so much older. */
export const LIFETIME = 10_000;
/** A failure may have been the machine's: an expression that ran out of time while others had the processor. */
export const LIFETIME_OF_FAILURE = 1_000;
const MOST_DECISIONS = 20_000;

interface Kept<Decision> {
  decision: Decision;
  /** The server's clock, which an expression may read. */
  instant: number;
  /** Real time, which no clock turns back. */
  age: number;
  lifetime: number;
}

/**
 * Decisions by everything they follow from: the key is made of the texts and claims themselves, read in the same request, so a
 * change of either never meets an old decision (S47).
 */
export class DecisionCache<Decision> {
  private readonly kept = new Map<string, Kept<Decision>>();

  /** @param now the server's clock. */
  find(key: string, now: Date): Decision | undefined {
    const known = this.kept.get(key);
    if (known === undefined) return undefined;
    const { instant, age, lifetime } = known;
    const fresh = Math.abs(now.getTime() - instant) < lifetime && performance.now() - age < lifetime;
    return fresh ? known.decision : undefined;
  }

  keep(key: string, decision: Decision, now: Date, lifetime = LIFETIME): void {
    this.kept.delete(key);
    this.kept.set(key, { decision, instant: now.getTime(), age: performance.now(), lifetime });
    if (this.kept.size <= MOST_DECISIONS) return;
    const [oldest] = this.kept.keys();
    if (oldest !== undefined) this.kept.delete(oldest);
  }

  forget(): void {
    this.kept.clear();
  }
}
