import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import {
  Clock,
  Config,
  Database,
  databaseStanding,
  type Doubt,
  doubtsAbout,
  Metrics,
  Rounds,
} from '@sallyport/platform';

const EVERY_MS = 30_000;

/** Watches whether this replica may decide: on a primary that forgets nothing (S94), whose clock agrees with ours (S93). */
@Injectable()
export class DatabaseWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('DatabaseWatch');
  private readonly rounds = new Rounds(EVERY_MS, () => this.warn());

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly config: Config,
    private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    void this.warn();
    this.rounds.begin();
  }

  onApplicationShutdown(): Promise<void> {
    return this.rounds.end();
  }

  /** What speaks against deciding now, without what the operator accepts. @throws DomainError `unavailable` without a database. */
  async look(): Promise<Doubt[]> {
    const accepted = new Set<string>(this.config.acceptedOff);
    const standing = await databaseStanding(this.database, this.clock);
    this.metrics.clockDrift.set(standing.aheadBy / 1000);
    const doubts = doubtsAbout(standing);
    return doubts.filter(({ about }) => !accepted.has(about));
  }

  /** Tells the log, also where nobody asks for readiness. */
  private async warn(): Promise<void> {
    try {
      for (const { message, remedy } of await this.look())
        this.logger.error(`not ready: ${message}. ${remedy}`);
    } catch (error) {
      this.logger.warn(`the database was not looked at: ${(error as Error).message}`);
    }
  }
}
