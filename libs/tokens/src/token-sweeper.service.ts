import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import {
  after,
  BackgroundWork,
  Clock,
  Database,
  Rounds,
  takesTurn,
  type Transaction,
  withCause,
} from '@sallyport/platform';

const EVERY_MS = 60_000;
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
  private readonly rounds = new Rounds(EVERY_MS, () => this.sweepQuietly());
  private stopping = false;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly background: BackgroundWork,
  ) {}

  onApplicationBootstrap(): void {
    this.rounds.begin();
  }

  onApplicationShutdown(): Promise<void> {
    this.stopping = true;
    return this.rounds.end();
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
    if (!(await takesTurn(tx, 'tokenSweep'))) return 0;
    return tx.execute(statement, [after(this.clock.now(), -KEPT)]);
  }

  private async sweepQuietly(): Promise<void> {
    const failure = await this.background.attempt('sweep_tokens', () => this.sweep());
    if (failure !== null)
      this.logger.warn(`sweeping tokens failed, the next minute tries again: ${withCause(failure)}`);
  }
}
