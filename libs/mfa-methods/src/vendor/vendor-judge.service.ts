import { Injectable } from '@nestjs/common';
import { Database } from '@sallyport/platform';
import { MOST_UNANSWERED, PushesService } from '../challenges/pushes.service.js';
import type { FactorAttempt, FactorRefusal, FactorVerdict } from '../factor.js';
import { FactorRefusalsService } from '../throttle/factor-refusals.service.js';
import { FactorThrottleService } from '../throttle/factor-throttle.service.js';
import { PushPatience } from './push-patience.js';

const FREE_TRIES = 5;
/** Seconds of the first wait (S19). */
const FIRST_WAIT = 30;

/** What a push service made of one try. */
export type VendorVerdict =
  | { kind: 'approved' }
  /** The person, or the service in the person's stead, said no to what was tried: a failure. */
  | { kind: 'denied'; refusal: FactorRefusal }
  /** It went out and nobody answered: neither failure nor success, but one of the few open pushes (S25). */
  | { kind: 'unanswered'; refusal: FactorRefusal }
  /** Nobody was asked, for this person cannot be: counts as nothing. */
  | { kind: 'not-asked'; refusal: FactorRefusal };

/** Has push services judge, and counts what they refuse (S06, S19-S22, S25). */
@Injectable()
export class VendorJudgeService {
  constructor(
    private readonly database: Database,
    private readonly throttle: FactorThrottleService,
    private readonly pushes: PushesService,
    private readonly patience: PushPatience,
    private readonly refusals: FactorRefusalsService,
  ) {}

  /**
   * Books a try, and a push where one will be sent, before anything is asked; settles both by what came of it.
   * @param ask speaks with the service. It runs without a transaction or a database connection.
   * @param push whether a person's telephone will ring.
   */
  async judge(
    attempt: FactorAttempt,
    push: boolean,
    ask: () => Promise<VendorVerdict>,
  ): Promise<FactorVerdict> {
    const booking = await this.throttle.book(this.counted(attempt));
    if (!booking.booked) {
      // At the cap it is refused like a wrong code, until it is reset (S20).
      if (booking.capped) {
        await this.refusals.uncounted(attempt, 'disabled');
        return { refused: { reason: 'wrong' } };
      }
      return this.throttled(attempt, FREE_TRIES, booking.waitSeconds, booking.retryAfter);
    }
    try {
      const opened = push ? await this.pushes.open(attempt.principalId) : null;
      if (opened !== null && 'retryAfter' in opened) {
        await this.release(attempt);
        return await this.throttled(attempt, MOST_UNANSWERED, opened.retryAfter, opened.retryAfter);
      }
      const verdict = await ask();
      if (opened !== null && verdict.kind !== 'unanswered') await this.pushes.close(opened.id);
      return await this.settle(attempt, verdict);
    } catch (error) {
      await this.release(attempt);
      throw error;
    }
  }

  /** Somebody the service cannot be asked about. */
  async refuseUnknown(attempt: FactorAttempt): Promise<FactorVerdict> {
    await this.refusals.uncounted(attempt, 'not-enrolled');
    return { refused: { reason: 'not-enrolled', hasAny: true } };
  }

  private async settle(attempt: FactorAttempt, verdict: VendorVerdict): Promise<FactorVerdict> {
    if (verdict.kind === 'approved') return this.proven(attempt);
    if (verdict.kind === 'denied') {
      await this.database.transaction(async (tx) => {
        const failures = await this.throttle.fail(tx, this.counted(attempt));
        await this.refusals.counted(tx, attempt, failures);
      });
      return { refused: verdict.refusal };
    }
    await this.release(attempt);
    const { reason } = verdict.refusal;
    if (verdict.kind === 'unanswered' || reason === 'silent') await this.refusals.unanswered(attempt, reason);
    else await this.refusals.uncounted(attempt, reason);
    return { refused: verdict.refusal };
  }

  /** What was approved was approved for this request alone: nobody else has seen it. */
  private proven(attempt: FactorAttempt): FactorVerdict {
    const { method, principalId } = attempt;
    return {
      proven: {
        method,
        spend: async (tx) => {
          await this.throttle.succeed(tx, principalId, method.id);
          return true;
        },
        release: () => this.release(attempt),
      },
    };
  }

  private async throttled(
    attempt: FactorAttempt,
    freeTries: number,
    waitSeconds: number,
    retryAfter: number,
  ): Promise<FactorVerdict> {
    await this.refusals.throttled(attempt);
    return { refused: { reason: 'throttled', freeTries, waitSeconds, retryAfter } };
  }

  private async release({ method, principalId }: FactorAttempt): Promise<void> {
    await this.throttle.release(principalId, method.id);
  }

  private counted({ method, principalId }: FactorAttempt) {
    const takes = Math.ceil(this.patience.waitMs / 1000);
    return { principalId, methodId: method.id, freeTries: FREE_TRIES, period: FIRST_WAIT, takes };
  }
}
