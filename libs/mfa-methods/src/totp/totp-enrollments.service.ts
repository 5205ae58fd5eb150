import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, AuditService, type ChangingAction, type ObjectChange } from '@sallyport/audit';
import { FactorHistory, type FactorEvent, PeopleService, RESET_BY_ADMINISTRATOR } from '@sallyport/identity';
import {
  Clock,
  Database,
  DomainError,
  Keyring,
  readEntity,
  type SealPlace,
  type Transaction,
} from '@sallyport/platform';
import { EnrolmentWindowService } from '../enrolment-window/enrolment-window.service.js';
import { whileThere } from '../gone.js';
import { MfaMethod } from '../mfa-method.entity.js';
import { FactorThrottleService } from '../throttle/factor-throttle.service.js';
import { FAILURE_CAP } from '../throttle/factor-waits.js';
import { toBase32 } from './key-uri.js';
import type { TotpParameters } from './totp-code.js';
import { seedLength, type TotpConfig, totpConfigOf } from './totp-config.js';
import { TotpEnrollment } from './totp-enrollment.entity.js';

/** Where a seed lives, bound into its seal: its method and its person (contract vault.md §5.7). */
export function seedPlace(methodId: string, principalId: string): SealPlace {
  return { table: 'totp_enrollments', column: 'sealed_seed', row: `${methodId}/${principalId}` };
}

/** Random bytes for a new authenticator (S14). */
export function newSeed(config: TotpConfig): Buffer {
  return randomBytes(seedLength(config));
}

/** A seed as it is shown, in base32, with what was frozen into it. */
export interface BegunSeed {
  secret: string;
  parameters: TotpParameters;
}

/** `alreadySeeded`: there is one that is never shown again, or none may be made. */
export type BegunEnrollment = BegunSeed | { alreadySeeded: true };

/** What somebody who makes a factor of their own has proven beside the password (S60). */
export interface OwnProof {
  provenMethodIds: readonly string[];
}

/** What became of an authenticator, and why. */
export type Because = Pick<FactorEvent, 'kind' | 'reason'>;

/** Makes, binds and removes the seeds of time-based authenticators (contract vault.md §1.6, §5.4). */
@Injectable()
export class TotpEnrollmentsService {
  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly people: PeopleService,
    private readonly throttle: FactorThrottleService,
    private readonly window: EnrolmentWindowService,
    private readonly history: FactorHistory,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  async find(methodId: string, principalId: string, tx?: Transaction): Promise<TotpEnrollment | null> {
    return readEntity(
      tx ?? this.database.gathered,
      TotpEnrollment,
      'o.method_id = $1::uuid AND o.principal_id = $2::uuid',
      [methodId, principalId],
    );
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
   * the first (S59). A bound seed, or one that failures have stopped, is never shown and never replaced; none is made where the
   * enrolment window is closed, or for whoever has factors and has proven none of them (S60).
   * @throws DomainError `invalid` codes `unknown-method`, `unknown-entity`, where one of them went meanwhile.
   */
  async beginFor(
    method: MfaMethod,
    principalId: string,
    signInId: string,
    actor: Actor,
    { provenMethodIds }: OwnProof = NOTHING_PROVEN,
  ): Promise<BegunEnrollment> {
    const sealed = await this.newSealedSeed(method, principalId);
    const enrollment = await this.database.transaction(async (tx) => {
      if ((await this.throttle.failuresOf(tx, principalId, method.id)) >= FAILURE_CAP) return null;
      if (!(await this.window.mayBind(principalId, provenMethodIds, tx))) return null;
      const row = [...this.newRow(method, principalId, sealed), signInId];
      const made = await whileThere(method.id, () => tx.execute(BEGIN, row));
      const found = await this.find(method.id, principalId, tx);
      if (found === null || found.boundAt !== null || found.provisionalFor !== signInId) return null;
      if (made === 1) await this.record(tx, actor, 'enrollment.begun', method.id, principalId);
      return found;
    });
    if (enrollment === null) return { alreadySeeded: true };
    const seed = await this.keyring.unseal(enrollment.sealedSeed, seedPlace(method.id, principalId));
    return { secret: toBase32(seed), parameters: frozenIn(enrollment) };
  }

  /**
   * A bound seed, made for oneself with a full token or for somebody by an administrator; a provisional one gives way,
   * and the failures of before are forgotten (S20). The person becomes visible as an entity.
   * @param own what the person has proven who makes it for oneself; null: an administrator makes it.
   * @param mayAct asked first inside the transaction; throws where the administrator may not act on the person (S49).
   * @throws DomainError `invalid` codes `enrolment-closed` and, where one of them went meanwhile, `unknown-method`, `unknown-entity`; `factor-owed` where none of one's factors was proven (S60).
   */
  async bindNew(
    method: MfaMethod,
    principalId: string,
    actor: Actor,
    own: OwnProof | null = null,
    mayAct?: (tx: Transaction) => Promise<void>,
  ): Promise<BegunEnrollment> {
    const config = totpConfigOf(method);
    const seed = newSeed(config);
    const sealed = await this.keyring.seal(seed, seedPlace(method.id, principalId));
    return this.database.transaction(async (tx) => {
      await mayAct?.(tx);
      const allowed = own === null || (await this.window.enter(tx, principalId, own.provenMethodIds));
      const bound = await this.window.boundMethods(principalId, tx);
      if (bound.some(({ methodId }) => methodId === method.id)) return { alreadySeeded: true };
      if (!allowed) throw bound.length > 0 ? unproven() : closed();
      const row = this.newRow(method, principalId, sealed);
      const made = await whileThere(method.id, () => tx.execute(BIND_NEW, row));
      if (made !== 1) return { alreadySeeded: true };
      await this.throttle.forget(tx, principalId, method.id);
      await this.people.show(tx, principalId, actor);
      await this.bound(tx, method, principalId, actor);
      return { secret: toBase32(seed), parameters: config };
    });
  }

  /** A factor was bound, in whatever way: the window is used up, and it is written down (S60, S64). */
  async bound(tx: Transaction, method: MfaMethod, principalId: string, actor: Actor): Promise<void> {
    await this.window.close(tx, principalId);
    await this.record(tx, actor, 'enrollment.bound', method.id, principalId);
    await this.remember(tx, method, principalId, actor, { kind: 'bind' });
  }

  /** Failures stop an authenticator until it is bound anew (S20). */
  async stop(tx: Transaction, methodId: string, principalId: string, actor: Actor): Promise<void> {
    const stopped = await tx.execute(
      'UPDATE totp_enrollments SET disabled_at = $3 WHERE method_id = $1 AND principal_id = $2 AND disabled_at IS NULL',
      [methodId, principalId, this.clock.now()],
    );
    if (stopped !== 1) return;
    await this.record(tx, actor, 'enrollment.disabled', methodId, principalId);
    await this.remember(tx, await this.methodOf(tx, methodId), principalId, actor, {
      kind: 'disable',
      reason: `${FAILURE_CAP} wrong codes in a row`,
    });
  }

  /**
   * Removes a seed, its replay state and its failure count, and ends the person's tokens (S39, S63).
   * @param because how it is remembered; absent: an administrator did it whose client sends no reason.
   * @returns false where there was none; then nothing changes.
   */
  async remove(
    tx: Transaction,
    methodId: string,
    principalId: string,
    actor: Actor,
    because: Because = RESET,
  ): Promise<boolean> {
    const removed = await tx.execute(
      'DELETE FROM totp_enrollments WHERE method_id = $1 AND principal_id = $2',
      [methodId, principalId],
    );
    if (removed !== 1) return false;
    await tx.execute('DELETE FROM totp_resets WHERE method_id = $1 AND principal_id = $2', [
      methodId,
      principalId,
    ]);
    await this.throttle.forget(tx, principalId, methodId);
    await this.people.endTokens(tx, principalId);
    await this.record(tx, actor, 'enrollment.removed', methodId, principalId, because.reason);
    await this.remember(tx, await this.methodOf(tx, methodId), principalId, actor, because);
    return true;
  }

  private async methodOf(tx: Transaction, id: string): Promise<MfaMethod> {
    return tx.manager.getRepository(MfaMethod).findOneByOrFail({ id });
  }

  private async remember(
    tx: Transaction,
    { type, id: methodId, name: methodName }: MfaMethod,
    principalId: string,
    actor: Actor,
    event: Because,
  ): Promise<void> {
    await this.history.record(tx, actor, { ...event, principalId, factor: { type, methodId, methodName } });
  }

  private async newSealedSeed(method: MfaMethod, principalId: string): Promise<Buffer> {
    return this.keyring.seal(newSeed(totpConfigOf(method)), seedPlace(method.id, principalId));
  }

  private newRow(method: MfaMethod, principalId: string, sealed: Buffer): unknown[] {
    const { algorithm, digits, period, skew } = totpConfigOf(method);
    return [randomUUID(), method.id, principalId, sealed, algorithm, digits, period, skew, this.clock.now()];
  }

  private async record(
    tx: Transaction,
    actor: Actor,
    action: keyof typeof CHANGES,
    methodId: string,
    principalId: string,
    reason?: string,
  ): Promise<void> {
    await this.audit.record(tx, actor, {
      action,
      outcome: 'success',
      object: { type: 'principal', id: principalId },
      detail: { methodId, reason },
      ...CHANGES[action],
    });
  }
}

/** What becomes of an authenticator, for its event (S73): its seed is told of by whether there is one. */
const CHANGES = {
  'enrollment.begun': { before: null, after: { seed: true, state: 'provisional' } },
  'enrollment.bound': { before: null, after: { seed: true, state: 'bound' } },
  'enrollment.disabled': { before: { state: 'bound' }, after: { state: 'disabled' } },
  'enrollment.removed': { before: { seed: true }, after: null },
} as const satisfies Partial<Record<ChangingAction, ObjectChange>>;

const RESET: Because = { kind: 'reset', reason: RESET_BY_ADMINISTRATOR };

const NOTHING_PROVEN: OwnProof = { provenMethodIds: [] };

function frozenIn({ algorithm, digits, period, skew }: TotpEnrollment): TotpParameters {
  return { algorithm, digits, period, skew };
}

function closed(): DomainError {
  return new DomainError('invalid', 'enrolment-closed', 'self-enrollment is closed for this entity');
}

function unproven(): DomainError {
  return new DomainError('factor-owed', 'factor-unproven', 'One of your factors must be proven first.');
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
