import { Injectable } from '@nestjs/common';
import { type Actor, AuditService, type ChangingAction, type ObjectChange } from '@sallyport/audit';
import { FactorHistory } from '@sallyport/identity';
import {
  after,
  Clock,
  Database,
  DomainError,
  Keyring,
  type SealPlace,
  type Transaction,
} from '@sallyport/platform';
import type { FactorVerdict } from '../factor.js';
import type { MfaMethod } from '../mfa-method.entity.js';
import { FactorRefusalsService } from '../throttle/factor-refusals.service.js';
import { type CountedFactor, FactorThrottleService } from '../throttle/factor-throttle.service.js';
import { FAILURE_CAP, freeTriesOf } from '../throttle/factor-waits.js';
import { toBase32 } from './key-uri.js';
import { isWellFormed, matchingSteps, type TotpParameters } from './totp-code.js';
import { totpConfigOf } from './totp-config.js';
import { type BegunSeed, newSeed, seedPlace, TotpEnrollmentsService } from './totp-enrollments.service.js';

/** Seconds from the proof to the first code of the new seed (contract vault.md §5.6). */
const RESET_LIFE = 300;

/** Whose authenticator is replaced, by which token. */
export interface ResetSubject {
  method: MfaMethod;
  principalId: string;
  /** Only the token that asked is shown the new seed, and only it confirms (S59). */
  tokenId: string;
  actor: Actor;
}

/** A seed to come, with its frozen parameters. */
export interface ResetRow extends TotpParameters {
  sealed_seed: Buffer;
}

interface WaitingReset extends ResetRow {
  seed_version: string;
}

/** Replaces one's own authenticator: the new seed waits beside the old one, which works until the new one has been proven (§5.6). */
@Injectable()
export class TotpResetsService {
  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly enrollments: TotpEnrollmentsService,
    private readonly throttle: FactorThrottleService,
    private readonly refusals: FactorRefusalsService,
    private readonly history: FactorHistory,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** A sealed seed for `begin`; made before its transaction. */
  async prepare({ method, principalId }: ResetSubject): Promise<Buffer> {
    return this.keyring.seal(newSeed(totpConfigOf(method)), resetPlace(method.id, principalId));
  }

  /** The seed to come, in the transaction that spends the proof; the same again for the same token while it waits. */
  async begin(tx: Transaction, subject: ResetSubject, sealed: Buffer): Promise<ResetRow> {
    const { method, principalId, tokenId, actor } = subject;
    const now = this.clock.now();
    const end = after(now, RESET_LIFE);
    const [same] = await tx.query<ResetRow>(
      `UPDATE totp_resets SET expires_at = $4 WHERE method_id = $1 AND principal_id = $2 AND token_id = $3 AND expires_at > $5
       RETURNING ${COLUMNS}`,
      [method.id, principalId, tokenId, end, now],
    );
    const { algorithm, digits, period, skew } = totpConfigOf(method);
    const fresh: ResetRow = { sealed_seed: sealed, algorithm, digits, period, skew };
    if (same === undefined)
      await tx.execute(BEGIN, [
        method.id,
        principalId,
        tokenId,
        sealed,
        algorithm,
        digits,
        period,
        skew,
        end,
      ]);
    await this.record(tx, subject, 'enrollment.reset-begun', actor);
    return same ?? fresh;
  }

  /** What the owner is shown. */
  async open({ method, principalId }: ResetSubject, row: ResetRow): Promise<BegunSeed> {
    const seed = await this.keyring.unseal(row.sealed_seed, resetPlace(method.id, principalId));
    const { algorithm, digits, period, skew } = row;
    return { secret: toBase32(seed), parameters: { algorithm, digits, period, skew } };
  }

  /**
   * Looks at a code of the seed to come, by the rules and the counter of the method (S10, S16, S19).
   * @returns what, spent, puts the new seed in the old one's place.
   * @throws DomainError `invalid` code `no-reset` where none is in progress for this token.
   */
  async verify(subject: ResetSubject, passcode: string): Promise<FactorVerdict> {
    const { method, principalId, tokenId } = subject;
    const [row] = await this.database.query<WaitingReset>(
      `SELECT ${COLUMNS}, seed_version FROM totp_resets WHERE method_id = $1 AND principal_id = $2 AND token_id = $3 AND expires_at > $4`,
      [method.id, principalId, tokenId, this.clock.now()],
    );
    if (row === undefined) throw noReset();
    if (passcode === '') return { refused: { reason: 'missing' } };
    if (!isWellFormed(passcode, row.digits)) return this.refuseUncounted(subject, 'malformed');
    const freeTries = freeTriesOf(totpConfigOf(method).maxValidationAttempts);
    const counted = { principalId, methodId: method.id, freeTries, period: row.period };
    const booking = await this.throttle.book(counted);
    if (!booking.booked) {
      const { waitSeconds, retryAfter, capped } = booking;
      if (capped) return this.refuseUncounted(subject, 'disabled');
      await this.refusals.throttled(subject);
      return { refused: { reason: 'throttled', freeTries, waitSeconds, retryAfter } };
    }
    const release = () => this.throttle.release(principalId, method.id);
    try {
      const seed = await this.keyring.unseal(row.sealed_seed, resetPlace(method.id, principalId));
      const [step] = matchingSteps(seed, passcode, this.clock.now(), row);
      if (step === undefined) return await this.refuseWrong(subject, counted);
      const sealed = await this.keyring.seal(seed, seedPlace(method.id, principalId));
      return {
        proven: { method, spend: (tx) => this.replace(tx, subject, row, sealed, step), release },
      };
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** The new seed in the old one's place: of two who confirm at once one finds the reset still there (S17). */
  private async replace(
    tx: Transaction,
    subject: ResetSubject,
    row: WaitingReset,
    sealed: Buffer,
    step: number,
  ): Promise<boolean> {
    const { method, principalId, tokenId, actor } = subject;
    const now = this.clock.now();
    const taken = await tx.execute(
      'DELETE FROM totp_resets WHERE method_id = $1 AND principal_id = $2 AND token_id = $3 AND seed_version = $4 AND expires_at > $5',
      [method.id, principalId, tokenId, row.seed_version, now],
    );
    if (taken !== 1) return false;
    const { algorithm, digits, period, skew } = row;
    const replaced = await tx.execute(REPLACE, [
      method.id,
      principalId,
      sealed,
      algorithm,
      digits,
      period,
      skew,
      step,
      now,
    ]);
    if (replaced !== 1) return false;
    await this.throttle.succeed(tx, principalId, method.id);
    await this.record(tx, subject, 'enrollment.replaced', actor);
    await this.history.record(tx, actor, {
      kind: 'change',
      principalId,
      factor: { type: method.type, methodId: method.id, methodName: method.name },
      reason: 'replaced by its owner',
    });
    return true;
  }

  private async refuseUncounted(
    subject: ResetSubject,
    reason: 'malformed' | 'disabled',
  ): Promise<FactorVerdict> {
    await this.refusals.uncounted(subject, reason);
    return WRONG;
  }

  private async refuseWrong(subject: ResetSubject, counted: CountedFactor): Promise<FactorVerdict> {
    const { method, principalId, actor } = subject;
    await this.database.transaction(async (tx) => {
      const failures = await this.throttle.fail(tx, counted);
      await this.refusals.counted(tx, subject, failures);
      if (failures >= FAILURE_CAP) await this.enrollments.stop(tx, method.id, principalId, actor);
    });
    return WRONG;
  }

  private async record(
    tx: Transaction,
    { method, principalId }: ResetSubject,
    action: 'enrollment.reset-begun' | 'enrollment.replaced',
    actor: Actor,
  ): Promise<void> {
    await this.audit.record(tx, actor, {
      action,
      outcome: 'success',
      object: { type: 'principal', id: principalId },
      detail: { methodId: method.id },
      ...CHANGES[action],
    });
  }
}

const CHANGES = {
  'enrollment.reset-begun': { before: { waitingSeed: null }, after: { waitingSeed: true } },
  'enrollment.replaced': {
    before: { seed: 'old', waitingSeed: true },
    after: { seed: 'new', waitingSeed: null },
  },
} as const satisfies Partial<Record<ChangingAction, ObjectChange>>;

function resetPlace(methodId: string, principalId: string): SealPlace {
  return { table: 'totp_resets', column: 'sealed_seed', row: `${methodId}/${principalId}` };
}

function noReset(): DomainError {
  return new DomainError('invalid', 'no-reset', 'no reset in progress');
}

const WRONG: FactorVerdict = { refused: { reason: 'wrong' } };

const COLUMNS = 'sealed_seed, algorithm, digits, period, skew';

const BEGIN = `
  INSERT INTO totp_resets (method_id, principal_id, token_id, sealed_seed, algorithm, digits, period, skew, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
  ON CONFLICT (method_id, principal_id) DO UPDATE SET token_id = excluded.token_id, sealed_seed = excluded.sealed_seed,
    algorithm = excluded.algorithm, digits = excluded.digits, period = excluded.period, skew = excluded.skew,
    expires_at = excluded.expires_at`;

// An authenticator that failures have stopped meanwhile is not brought back this way (S20).
const REPLACE = `
  UPDATE totp_enrollments SET sealed_seed = $3, algorithm = $4, digits = $5, period = $6, skew = $7, last_used_step = $8,
    last_used_at = $9, verified_at = $9, bound_at = $9, created_at = $9
  WHERE method_id = $1 AND principal_id = $2 AND bound_at IS NOT NULL AND disabled_at IS NULL`;
