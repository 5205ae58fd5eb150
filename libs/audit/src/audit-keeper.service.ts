import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { BackgroundWork, Rounds, withCause } from '@sallyport/platform';
import { AuditFoldsService } from './audit-folds.service.js';
import { AuditResumption } from './chain/audit-resumption.service.js';
import { AuditRetentionService } from './chain/audit-retention.service.js';
import { AuditSealerService } from './chain/audit-sealer.service.js';
import { AuditShipperService } from './sinks/audit-shipper.service.js';

const ROUND_MS = 1_000;
/** Rounds between two of the rarer works. */
const SHIP_EVERY = 5;
const RETAIN_EVERY = 3_600;
/** An alarm is given once in so many rounds. */
const ALARM_EVERY = 60;
/** Seconds a row may wait for its seal before somebody should look (S75). */
const LAG_ALARM_SECONDS = 60;

/** Does the audit's work in the background, beside every request: what fails here stops none, and is done again in the next round. */
@Injectable()
export class AuditKeeperService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Audit');
  private readonly rounds = new Rounds(ROUND_MS, () => this.work());
  private begun = 0;
  private isBehind = false;
  private readonly alarms = new Map<string, number>();

  constructor(
    private readonly sealer: AuditSealerService,
    private readonly folds: AuditFoldsService,
    private readonly shipper: AuditShipperService,
    private readonly retention: AuditRetentionService,
    private readonly resumption: AuditResumption,
    private readonly background: BackgroundWork,
  ) {}

  onApplicationBootstrap(): void {
    this.rounds.begin();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.rounds.end();
    await this.shipper.release().catch(() => undefined);
  }

  private async work(): Promise<void> {
    const round = this.begun++;
    await this.quietly('fold_refusals', 'folding refusals', () => this.folds.unfold());
    if (round % SHIP_EVERY === 0)
      await this.quietly('look_for_gap', 'looking for a gap in the audit', async () => {
        this.isBehind = (await this.resumption.gap()) !== null;
      });
    // Numbers that were given away already wait for the operator's word (S95).
    if (this.isBehind)
      return this.alarm(
        'gap',
        'the database is behind what the audit has exported: run "sallyport after-restore"',
      );
    await this.quietly('seal_audit', 'sealing the audit', () => this.sealer.seal());
    if (round % SHIP_EVERY === 0) {
      await this.quietly('ship_audit', 'sending the audit to its sinks', async () =>
        this.tellOf(await this.shipper.ship()),
      );
      await this.quietly('look_at_audit', 'looking at the audit', () => this.watchLag());
    }
    if (round % RETAIN_EVERY === 0)
      await this.quietly('retain_audit', 'removing old audit rows', () => this.retention.retain());
  }

  private async watchLag(): Promise<void> {
    const lag = await this.sealer.lagSeconds();
    if (lag > LAG_ALARM_SECONDS)
      this.alarm('lag', `audit rows have been waiting ${Math.round(lag)} s for their seal (S75)`);
  }

  private tellOf(sinks: string[]): void {
    if (sinks.length === 0) return;
    this.background.failed('ship_audit');
    this.alarm('sinks', `the audit's sink did not take its rows: ${sinks.join(', ')}`);
  }

  /** @param name what it is called where it is counted. */
  private async quietly(name: string, what: string, work: () => Promise<unknown>): Promise<void> {
    const failure = await this.background.attempt(name, work);
    if (failure !== null)
      this.alarm(what, `${what} failed, the next round tries again: ${withCause(failure)}`);
  }

  private alarm(kind: string, text: string): void {
    const last = this.alarms.get(kind);
    if (last !== undefined && this.begun - last < ALARM_EVERY) return;
    this.alarms.set(kind, this.begun);
    this.logger.error(text);
  }
}
