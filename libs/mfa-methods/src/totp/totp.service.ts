import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { Clock, Database, DomainError, Keyring, single, type Transaction } from '@sallyport/platform';
import type { BegunFactor, FactorAttempt, FactorBeginning, FactorType, FactorVerdict } from '../factor.js';
import { EnrolmentWindowService } from '../enrolment-window/enrolment-window.service.js';
import type { MfaMethod } from '../mfa-method.entity.js';
import { DEFAULT_METHOD_ID } from '../mfa-methods.service.js';
import { FactorRefusalsService } from '../throttle/factor-refusals.service.js';
import { type CountedFactor, FactorThrottleService } from '../throttle/factor-throttle.service.js';
import { FAILURE_CAP, freeTriesOf } from '../throttle/factor-waits.js';
import { isWellFormed, matchingSteps } from './totp-code.js';
import { totpConfigOf } from './totp-config.js';
import type { TotpEnrollment } from './totp-enrollment.entity.js';
import { seedPlace, TotpEnrollmentsService } from './totp-enrollments.service.js';

/** What of an enrolment decides about a code. */
type Seed = Pick<
  TotpEnrollment,
  | 'id'
  | 'methodId'
  | 'principalId'
  | 'sealedSeed'
  | 'seedVersion'
  | 'algorithm'
  | 'digits'
  | 'period'
  | 'skew'
  | 'provisionalFor'
  | 'boundAt'
  | 'disabledAt'
  | 'lastUsedStep'
>;

/** Where the seed lies of whoever has none. */
const NOBODY = seedPlace('00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000000');

/** Verifies one-time codes of time-based authenticators (RFC 6238; contract vault.md §5.7). */
@Injectable()
export class TotpService implements FactorType {
  readonly type = 'totp';
  private readonly nobodysSeed: Buffer;

  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly enrollments: TotpEnrollmentsService,
    private readonly throttle: FactorThrottleService,
    private readonly window: EnrolmentWindowService,
    private readonly refusals: FactorRefusalsService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {
    this.nobodysSeed = keyring.decoy(20, NOBODY);
  }

  /** Any method of whoever has a seed, the built-in one also of whoever may be given one (S60). */
  async canBeAskedOf({ id }: MfaMethod, principalId: string): Promise<boolean> {
    const enrollment = await this.enrollments.find(id, principalId);
    if (enrollment !== null && enrollment.boundAt !== null) return true;
    return id === DEFAULT_METHOD_ID && this.window.mayBind(principalId, []);
  }

  /** A seed for the built-in method where the person has none; a bound one is never shown (contract appgate.md §2.4). */
  async begin({
    method,
    principalId,
    signInId,
    actor,
    provenMethodIds = [],
  }: FactorBeginning): Promise<BegunFactor> {
    if (method.id !== DEFAULT_METHOD_ID) return { kind: 'already-seeded' };
    const begun = await this.enrollments.beginFor(method, principalId, signInId, actor, { provenMethodIds });
    return 'secret' in begun ? { kind: 'secret', secret: begun.secret } : { kind: 'already-seeded' };
  }

  /**
   * Looks at one code. A malformed one is refused before anything is booked (S16); during a wait nothing is computed (S19);
   * not enrolled, disabled, wrong and replayed cost the same work (S23).
   * @throws DomainError `unavailable` without the database.
   */
  async verify(attempt: FactorAttempt): Promise<FactorVerdict> {
    const { method, principalId, credential, signInId } = attempt;
    if (credential === null || credential === '') return { refused: { reason: 'missing' } };
    const config = totpConfigOf(method);
    const enrollment = await this.usable(method.id, principalId, signInId);
    if (!isWellFormed(credential, enrollment?.digits ?? config.digits))
      return this.refuseUncounted(attempt, enrollment, 'malformed');
    const counted = {
      principalId,
      methodId: method.id,
      freeTries: freeTriesOf(config.maxValidationAttempts),
      period: enrollment?.period ?? config.period,
    };
    if (enrollment?.disabledAt) {
      await this.matches(null, credential, config);
      return this.refuseUncounted(attempt, enrollment, 'disabled');
    }
    const booking = await this.throttle.book(counted);
    if (!booking.booked) return this.refuseBooking(attempt, enrollment, booking, counted.freeTries);
    const steps = await this.matches(enrollment, credential, config).catch((error: unknown) =>
      this.giveUp(attempt, error),
    );
    if (enrollment === null || steps.length === 0) return this.refuseWrong(attempt, enrollment, counted);
    const step = steps.find((candidate) => candidate > Number(enrollment.lastUsedStep ?? -1));
    if (step === undefined) {
      await this.throttle.release(principalId, method.id);
      return this.refuseUncounted(attempt, enrollment, 'replayed');
    }
    return {
      proven: {
        method,
        spend: (tx) => this.spend(tx, method, enrollment, step, attempt.actor),
        release: () => this.throttle.release(principalId, method.id),
        ...(enrollment.boundAt === null && { bindsFor: principalId }),
      },
    };
  }

  /** The seed this sign-in may use: a bound one, or the provisional one it made itself (S59). */
  private async usable(methodId: string, principalId: string, signInId: string): Promise<Seed | null> {
    const found = single(
      await this.database.gathered.query<Seed | { id: null }>(ENROLLMENT, [methodId, principalId]),
    );
    if (found.id === null) return null;
    return found.boundAt !== null || found.provisionalFor === signInId ? found : null;
  }

  /** Opens a seed and computes every step of the window: nobody's where there is none, which no code matches. */
  private async matches(
    enrollment: Seed | null,
    code: string,
    config: ReturnType<typeof totpConfigOf>,
  ): Promise<number[]> {
    const now = this.clock.now();
    const seed = await (enrollment === null
      ? this.keyring.unseal(this.nobodysSeed, NOBODY)
      : this.keyring.unseal(enrollment.sealedSeed, seedPlace(enrollment.methodId, enrollment.principalId)));
    const steps = matchingSteps(seed, code, now, enrollment ?? config);
    return enrollment === null ? [] : steps;
  }

  /** A seed that does not open is an event (S65), and a try that was never evaluated counts neither way. */
  private async giveUp({ method, principalId, actor }: FactorAttempt, error: unknown): Promise<never> {
    await this.throttle.release(principalId, method.id);
    if (error instanceof DomainError && error.code === 'sealed-value-broken')
      await this.audit.record(this.database, actor, {
        action: 'secret.unreadable',
        outcome: 'failure',
        object: { type: 'principal', id: principalId },
        detail: { methodId: method.id, reason: error.code },
      });
    throw error;
  }

  /** Spends a step, whatever it is spent for: one conditional statement decides (S17). A provisional seed is bound by it (S59). */
  private async spend(
    tx: Transaction,
    method: MfaMethod,
    enrollment: Seed,
    step: number,
    actor: Actor,
  ): Promise<boolean> {
    const now = this.clock.now();
    const [changed] = await Promise.all([
      tx.execute(
        `UPDATE totp_enrollments SET last_used_step = $3, last_used_at = $4, verified_at = coalesce(verified_at, $4),
           bound_at = coalesce(bound_at, $4), provisional_for = NULL
         WHERE id = $1 AND seed_version = $2 AND disabled_at IS NULL AND (last_used_step IS NULL OR last_used_step < $3)
           AND provisional_for IS NOT DISTINCT FROM $5`,
        [enrollment.id, enrollment.seedVersion, step, now, enrollment.provisionalFor],
      ),
      this.throttle.succeed(tx, enrollment.principalId, enrollment.methodId),
    ]);
    if (changed !== 1) return false;
    if (enrollment.provisionalFor !== null)
      await this.enrollments.bound(tx, method, enrollment.principalId, actor);
    return true;
  }

  private async refuseWrong(
    attempt: FactorAttempt,
    enrollment: Seed | null,
    counted: CountedFactor,
  ): Promise<FactorVerdict> {
    await this.database.transaction(async (tx) => {
      const failures = await this.throttle.fail(tx, counted);
      await this.refusals.counted(tx, attempt, failures);
      if (failures >= FAILURE_CAP && enrollment !== null) await this.stop(tx, enrollment, attempt.actor);
    });
    return this.refuse(attempt, enrollment);
  }

  private async refuseBooking(
    attempt: FactorAttempt,
    enrollment: Seed | null,
    { waitSeconds, retryAfter, capped }: { waitSeconds: number; retryAfter: number; capped: boolean },
    freeTries: number,
  ): Promise<FactorVerdict> {
    if (capped && enrollment !== null) {
      // The hundredth was a try that was never settled (S06).
      await this.database.transaction((tx) => this.stop(tx, enrollment, attempt.actor));
      return this.refuse(attempt, enrollment);
    }
    await this.refusals.throttled(attempt);
    return { refused: { reason: 'throttled', freeTries, waitSeconds, retryAfter } };
  }

  private async refuseUncounted(
    attempt: FactorAttempt,
    enrollment: Seed | null,
    reason: 'malformed' | 'disabled' | 'replayed',
  ): Promise<FactorVerdict> {
    await this.refusals.uncounted(attempt, reason);
    return this.refuse(attempt, enrollment);
  }

  private async refuse({ principalId }: FactorAttempt, enrollment: Seed | null): Promise<FactorVerdict> {
    // Asked for everybody: the time of the answer does not tell who is enrolled (S23).
    const { any } = single(
      await this.database.gathered.query<{ any: boolean }>(
        'SELECT EXISTS (SELECT FROM totp_enrollments WHERE principal_id = $1::uuid AND bound_at IS NOT NULL) AS any',
        [principalId],
      ),
    );
    if (enrollment !== null) return { refused: { reason: 'wrong' } };
    return { refused: { reason: 'not-enrolled', hasAny: any } };
  }

  private async stop(tx: Transaction, { methodId, principalId }: Seed, actor: Actor): Promise<void> {
    await this.enrollments.stop(tx, methodId, principalId, actor);
  }
}

/** One row for everybody, whose columns are null where there is no seed: as much to read (S23). */
const ENROLLMENT = `
  SELECT id, method_id AS "methodId", principal_id AS "principalId", sealed_seed AS "sealedSeed", seed_version AS "seedVersion", algorithm,
    digits, period, skew, provisional_for AS "provisionalFor", bound_at AS "boundAt", disabled_at AS "disabledAt", last_used_step AS "lastUsedStep"
  FROM (VALUES (1)) AS one LEFT JOIN totp_enrollments ON method_id = $1::uuid AND principal_id = $2::uuid`;
