import { Injectable } from '@nestjs/common';
import { Database, type Sql } from '@sallyport/platform';
import type { FactorAttempt, FactorRefusal } from '../factor.js';
import { FactorRefusalsService } from '../throttle/factor-refusals.service.js';
import { FactorThrottleService } from '../throttle/factor-throttle.service.js';
import { fits } from './access-request.js';
import type { RadiusAnswer } from './radius-answer.js';
import { RadiusClientService, type RadiusOutcome } from './radius-client.service.js';
import type { RadiusConfig } from './radius-config.js';
import { RadiusSecretsService } from './radius-secrets.service.js';

const FREE_TRIES = 5;
/** Seconds of the first wait (S19). */
const FIRST_WAIT = 30;

/** Who tries what. */
export type Tried = Pick<FactorAttempt, 'method' | 'principalId' | 'actor'>;

export interface JudgedQuestion {
  host: string;
  username: string;
  /** Null where the method lacks the secret that would be sent. */
  credential: string | null;
  state: Buffer | null;
}

/** Has a RADIUS server judge credentials, and counts what it refuses (S06, S19-S22). */
@Injectable()
export class RadiusJudgeService {
  constructor(
    private readonly database: Database,
    private readonly secrets: RadiusSecretsService,
    private readonly client: RadiusClientService,
    private readonly throttle: FactorThrottleService,
    private readonly refusals: FactorRefusalsService,
  ) {}

  /**
   * Books a try, asks, and waits for at most the method's timeout without holding a database connection.
   * @param told hears what came of it, silence too; it is not called where nothing was asked.
   * @returns the answer, the try being booked still: `refuse`, `release` or a spent factor settles it. Or why there is none; then the
   *   try is settled.
   */
  async judge(
    tried: Tried,
    config: RadiusConfig,
    { host, credential, ...question }: JudgedQuestion,
    told?: (outcome: RadiusOutcome) => void,
  ): Promise<RadiusAnswer | FactorRefusal> {
    const { shared } = await this.secrets.open(tried.method.id);
    if (shared === null || credential === null || !fits({ ...question, credential }))
      return this.refuseUncounted(tried, 'malformed');
    const booking = await this.throttle.book(counted(tried, config));
    if (!booking.booked) {
      // At the cap it is refused like a wrong code, until it is reset (S20).
      if (booking.capped) return this.refuseUncounted(tried, 'disabled');
      return this.throttled(tried, FREE_TRIES, booking.waitSeconds, booking.retryAfter);
    }
    const { port, timeout, authenticationProtocol: protocol } = config;
    const outcome = await this.client.ask(
      { host, port, timeout, secret: shared },
      { ...question, credential, protocol },
    );
    told?.(outcome);
    if (outcome.kind !== 'silent' && outcome.kind !== 'unreached') return outcome;
    await this.release(tried);
    await this.refusals.unanswered(tried, outcome.kind);
    return { reason: 'silent' };
  }

  /** The booked try was wrong: it counts. */
  async refuse(tried: Tried, config: RadiusConfig): Promise<FactorRefusal> {
    await this.database.transaction(async (tx) => {
      const failures = await this.throttle.fail(tx, counted(tried, config));
      await this.refusals.counted(tx, tried, failures);
    });
    return { reason: 'wrong' };
  }

  private async refuseUncounted(tried: Tried, reason: 'malformed' | 'disabled'): Promise<FactorRefusal> {
    await this.refusals.uncounted(tried, reason);
    return { reason: 'wrong' };
  }

  /** The booked try counts neither way. */
  async release({ method, principalId }: Tried): Promise<void> {
    await this.throttle.release(principalId, method.id);
  }

  /** The booked try was right, and is spent: the count starts anew. */
  async succeed(tx: Sql, { method, principalId }: Tried): Promise<void> {
    await this.throttle.succeed(tx, principalId, method.id);
  }

  /** Refuses to ask at all for so many seconds, and writes it down. */
  async throttled(
    tried: Tried,
    freeTries: number,
    waitSeconds: number,
    retryAfter: number,
  ): Promise<FactorRefusal> {
    await this.refusals.throttled(tried);
    return { reason: 'throttled', freeTries, waitSeconds, retryAfter };
  }
}

function counted({ method, principalId }: Tried, { timeout }: RadiusConfig) {
  return { principalId, methodId: method.id, freeTries: FREE_TRIES, period: FIRST_WAIT, takes: timeout };
}
