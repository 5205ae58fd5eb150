import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import {
  causeOf,
  Clock,
  Config,
  Database,
  type DatabaseStanding,
  databaseStanding,
  DomainError,
  type Doubt,
  doubtsAbout,
  Metrics,
  Rounds,
  withCause,
} from '@sallyport/platform';

const EVERY_MS = 30_000;

/** Watches whether this replica may decide: on a primary that forgets nothing (S94), whose clock agrees with ours (S93). */
@Injectable()
export class DatabaseWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('DatabaseWatch');
  private readonly rounds = new Rounds(EVERY_MS, () => this.tell());
  /** Why it was not to be had at the last look; null: it was. */
  private gone: string | null = null;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly config: Config,
    private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    void this.tell();
    this.rounds.begin();
  }

  onApplicationShutdown(): Promise<void> {
    return this.rounds.end();
  }

  /** What speaks against deciding now, without what the operator accepts. @throws DomainError `unavailable` without a database. */
  async look(): Promise<Doubt[]> {
    const accepted = new Set<string>(this.config.acceptedOff);
    const standing = await this.readStanding();
    const doubts = doubtsAbout(standing);
    return doubts.filter(({ about }) => !accepted.has(about));
  }

  private async readStanding(): Promise<DatabaseStanding> {
    try {
      const standing = await databaseStanding(this.database, this.clock);
      this.metrics.clockDrift.set(standing.aheadBy / 1000);
      return standing;
    } catch (error) {
      this.metrics.clockDrift.remove();
      this.metrics.scrapeFailures.inc({ reading: 'clock' });
      throw error;
    }
  }

  /** Tells the log, also where nobody asks for readiness: what is wrong each time, that the database is gone or back once. */
  async tell(): Promise<void> {
    try {
      const doubts = await this.look();
      if (this.gone !== null) this.logger.log('the database is back');
      this.gone = null;
      for (const { message, remedy } of doubts) this.logger.error(`not ready: ${message}. ${remedy}`);
    } catch (error) {
      this.tellFailure(error as Error);
    }
  }

  private tellFailure(error: Error): void {
    if (!(error instanceof DomainError) || error.kind !== 'unavailable')
      return this.logger.warn(`the database was not looked at: ${withCause(error)}`);
    const cause = causeOf(error) ?? error.code;
    if (cause !== this.gone) this.logger.error(`the database is gone: ${cause}`);
    this.gone = cause;
  }
}
