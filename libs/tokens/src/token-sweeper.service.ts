import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { after, Clock, Database, Metrics, type Transaction } from '@sallyport/platform';

const EVERY_MS = 60_000;
const SWEEP_LOCK = 0x5a14;
/** Rows a transaction removes at most, so that nobody waits for it. */
const BATCH = 1_000;
/** Batches in a row; what is left waits for the next minute. */
const MOST_BATCHES = 50;
/** Seconds an ended token stays, so that what is known of it can still be looked up by whoever reads the database. */
const KEPT = 86_400;

// A live child never hangs from a row that goes: it ends no later than its parent, and dies with it (S41).
const ENDED = [
  `DELETE FROM tokens WHERE id IN
     (SELECT id FROM tokens WHERE expires_at < $1 ORDER BY expires_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`,
  `DELETE FROM tokens WHERE id IN
     (SELECT id FROM tokens WHERE revoked_at < $1 ORDER BY revoked_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`,
];

/**
 * Removes tokens a day after their end, in small batches, by one replica at a time: each batch takes the lock for itself, so another
 * replica goes on where one dies (S40). To whoever asks for such a token it is as unknown as before (S42).
 */
@Injectable()
export class TokenSweeperService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('TokenSweeper');
  private timer: NodeJS.Timeout | null = null;
  private stopping = false;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.sweepQuietly(), EVERY_MS);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    this.stopping = true;
    if (this.timer !== null) clearInterval(this.timer);
  }

  /** @returns how many rows went; 0 where another replica is at it. */
  async sweep(): Promise<number> {
    let swept = 0;
    for (const statement of ENDED)
      for (let batch = 0; batch < MOST_BATCHES && !this.stopping; batch += 1) {
        const removed = await this.database.transaction((tx) => this.sweepBatch(tx, statement));
        swept += removed;
        if (removed < BATCH) break;
      }
    return swept;
  }

  private async sweepBatch(tx: Transaction, statement: string): Promise<number> {
    const [lock] = await tx.query<{ mine: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS mine', [
      SWEEP_LOCK,
    ]);
    return lock?.mine === true ? tx.execute(statement, [after(this.clock.now(), -KEPT)]) : 0;
  }

  private async sweepQuietly(): Promise<void> {
    try {
      await this.sweep();
      this.metrics.backgroundSuccess.set({ work: 'sweep_tokens' }, this.clock.now().getTime() / 1000);
    } catch (error) {
      this.metrics.backgroundFailures.inc({ work: 'sweep_tokens' });
      this.logger.warn(`sweeping tokens failed, the next minute tries again: ${(error as Error).message}`);
    }
  }
}
