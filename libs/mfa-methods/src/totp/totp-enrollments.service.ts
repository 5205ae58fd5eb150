import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, type AuditAction, AuditService } from '@sallyport/audit';
import { PeopleService } from '@sallyport/identity';
import { Clock, Database, Keyring, type SealPlace, type Transaction } from '@sallyport/platform';
import type { MfaMethod } from '../mfa-method.entity.js';
import { FactorThrottleService } from '../throttle/factor-throttle.service.js';
import { FAILURE_CAP } from '../throttle/factor-waits.js';
import { toBase32 } from './key-uri.js';
import { seedLength, totpConfigOf } from './totp-config.js';
import { TotpEnrollment } from './totp-enrollment.entity.js';

/** Where a seed lives, bound into its seal: its method and its person (contract vault.md §5.7). */
export function seedPlace(methodId: string, principalId: string): SealPlace {
  return { table: 'totp_enrollments', column: 'sealed_seed', row: `${methodId}/${principalId}` };
}

/** A seed as it is shown once, in base32; `alreadySeeded` where there is one that is never shown again. */
export type BegunEnrollment = { secret: string } | { alreadySeeded: true };

/** Makes, binds and removes the seeds of time-based authenticators (contract vault.md §1.6, §5.4). */
@Injectable()
export class TotpEnrollmentsService {
  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly people: PeopleService,
    private readonly throttle: FactorThrottleService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  async find(methodId: string, principalId: string, tx?: Transaction): Promise<TotpEnrollment | null> {
    return (tx ?? this.database).manager.getRepository(TotpEnrollment).findOneBy({ methodId, principalId });
  }

  /** Every enrollment of these principals, for administrators; never a seed. */
  async listOf(principalIds: string[]): Promise<TotpEnrollment[]> {
    if (principalIds.length === 0) return [];
    return this.database.manager
      .getRepository(TotpEnrollment)
      .createQueryBuilder('enrollment')
      .where('enrollment.principalId IN (:...principalIds)', { principalIds })
      .getMany();
  }

  /** Evaluated failures in a row of a person with a method; waits do not clear them (S20). */
  async failuresOf(methodId: string, principalId: string): Promise<number> {
    return this.throttle.failuresOf(this.database, principalId, methodId);
  }

  /**
   * A provisional seed for one sign-in: the same again when that sign-in asks again, a new one for another sign-in, which replaces
   * the first (S59). A bound seed, or one that failures have stopped, is never shown and never replaced.
   */
  async beginFor(
    method: MfaMethod,
    principalId: string,
    signInId: string,
    actor: Actor,
  ): Promise<BegunEnrollment> {
    const sealed = await this.newSealedSeed(method, principalId);
    const enrollment = await this.database.transaction(async (tx) => {
      if ((await this.throttle.failuresOf(tx, principalId, method.id)) >= FAILURE_CAP) return null;
      const made = await tx.execute(BEGIN, [...this.newRow(method, principalId, sealed), signInId]);
      const found = await this.find(method.id, principalId, tx);
      if (found === null || found.boundAt !== null || found.provisionalFor !== signInId) return null;
      if (made === 1) await this.record(tx, actor, 'enrollment.begun', method.id, principalId);
      return found;
    });
    if (enrollment === null) return { alreadySeeded: true };
    return {
      secret: toBase32(await this.keyring.unseal(enrollment.sealedSeed, seedPlace(method.id, principalId))),
    };
  }

  /**
   * A bound seed, made for oneself with a full token or for somebody by an administrator; a provisional one gives way,
   * and the failures of before are forgotten (S20). The person becomes visible as an entity.
   */
  async bindNew(method: MfaMethod, principalId: string, actor: Actor): Promise<BegunEnrollment> {
    const seed = randomBytes(seedLength(totpConfigOf(method)));
    const sealed = await this.keyring.seal(seed, seedPlace(method.id, principalId));
    return this.database.transaction(async (tx) => {
      const made = await tx.execute(BIND_NEW, this.newRow(method, principalId, sealed));
      if (made !== 1) return { alreadySeeded: true };
      await this.throttle.forget(tx, principalId, method.id);
      await this.people.show(tx, principalId, actor);
      await this.record(tx, actor, 'enrollment.bound', method.id, principalId);
      return { secret: toBase32(seed) };
    });
  }

  /**
   * Removes a seed, its replay state and its failure count, and ends the person's tokens (S39, S63).
   * @returns false where there was none; then nothing changes.
   */
  async remove(tx: Transaction, methodId: string, principalId: string, actor: Actor): Promise<boolean> {
    const removed = await tx.execute(
      'DELETE FROM totp_enrollments WHERE method_id = $1 AND principal_id = $2',
      [methodId, principalId],
    );
    if (removed !== 1) return false;
    await this.throttle.forget(tx, principalId, methodId);
    await this.people.endTokens(tx, principalId);
    await this.record(tx, actor, 'enrollment.removed', methodId, principalId);
    return true;
  }

  private async newSealedSeed(method: MfaMethod, principalId: string): Promise<Buffer> {
    return this.keyring.seal(
      randomBytes(seedLength(totpConfigOf(method))),
      seedPlace(method.id, principalId),
    );
  }

  private newRow(method: MfaMethod, principalId: string, sealed: Buffer): unknown[] {
    const { algorithm, digits, period, skew } = totpConfigOf(method);
    return [randomUUID(), method.id, principalId, sealed, algorithm, digits, period, skew, this.clock.now()];
  }

  private async record(
    tx: Transaction,
    actor: Actor,
    action: AuditAction,
    methodId: string,
    principalId: string,
  ): Promise<void> {
    await this.audit.record(tx, actor, {
      action,
      outcome: 'success',
      object: { type: 'principal', id: principalId },
      detail: { methodId, ...(action === 'enrollment.removed' && { reason: 'reset by an administrator' }) },
    });
  }
}

const COLUMNS = 'id, method_id, principal_id, sealed_seed, algorithm, digits, period, skew, created_at';
const REPLACE = `sealed_seed = excluded.sealed_seed, algorithm = excluded.algorithm, digits = excluded.digits, period = excluded.period,
  skew = excluded.skew, created_at = excluded.created_at, last_used_step = NULL, last_used_at = NULL, verified_at = NULL`;

const BEGIN = `
  INSERT INTO totp_enrollments AS e (${COLUMNS}, provisional_for) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
  ON CONFLICT (method_id, principal_id) DO UPDATE SET ${REPLACE}, provisional_for = excluded.provisional_for
  WHERE e.bound_at IS NULL AND e.disabled_at IS NULL AND e.provisional_for <> excluded.provisional_for`;

const BIND_NEW = `
  INSERT INTO totp_enrollments AS e (${COLUMNS}, bound_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
  ON CONFLICT (method_id, principal_id) DO UPDATE SET ${REPLACE}, provisional_for = NULL, bound_at = excluded.bound_at
  WHERE e.bound_at IS NULL AND e.disabled_at IS NULL`;
