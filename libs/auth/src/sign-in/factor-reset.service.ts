import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { FactorHistory, PeopleService, RESET_BY_ADMINISTRATOR } from '@sallyport/identity';
import { EnrolmentWindowService, FAILURE_CAP, TotpEnrollmentsService } from '@sallyport/mfa-methods';
import { Database, type Transaction } from '@sallyport/platform';
import { SignInRows } from './sign-in-rows.js';

/** Factors of a principal that failures have stopped and that have no seed here: nothing could be taken away to start anew (S20). */
export function stoppedElsewhere(principal: string): string {
  return `SELECT 1 FROM factor_throttles t JOIN mfa_methods m ON m.id = t.method_id
    WHERE t.principal_id = ${principal} AND m.type <> 'totp' AND t.failures >= ${FAILURE_CAP}`;
}

/** An administrator takes somebody's authenticator away (S63). */
@Injectable()
export class FactorResetService {
  constructor(
    private readonly database: Database,
    private readonly enrollments: TotpEnrollmentsService,
    private readonly people: PeopleService,
    private readonly window: EnrolmentWindowService,
    private readonly history: FactorHistory,
    private readonly rows: SignInRows,
    private readonly audit: AuditService,
  ) {}

  /**
   * Removes the seed with its replay state and failures, and lets factors without a seed here start anew; every token of the person ends, partial ones of `/admin` too, pending
   * requests of `/v1` do not (contract vault.md §5.4).
   * @param mayAct asked first inside the transaction; throws where the caller may not act on the person (S49).
   * @param reason as it is remembered; absent for clients that send none.
   * @returns false where there was neither; then nothing changes.
   */
  async reset(
    methodId: string,
    principalId: string,
    actor: Actor,
    mayAct?: (tx: Transaction) => Promise<void>,
    reason = RESET_BY_ADMINISTRATOR,
  ): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      await mayAct?.(tx);
      const removed = await this.enrollments.remove(tx, methodId, principalId, actor, {
        kind: 'reset',
        reason,
      });
      const restarted = await this.restart(tx, principalId, actor, reason);
      if (!removed && !restarted) return this.reopenClosed(tx, principalId, actor);
      await this.window.reopen(tx, principalId, actor);
      await this.rows.dropPartialTokens(tx, principalId);
      return true;
    });
  }

  /** Whoever has no factor and is past the enrolment window gets another: nothing else is reset (S60). */
  private async reopenClosed(tx: Transaction, principalId: string, actor: Actor): Promise<boolean> {
    const bound = await this.window.boundMethods(principalId, tx);
    if (bound.length === 0 && !(await this.window.isOpen(principalId, tx)))
      await this.window.reopen(tx, principalId, actor);
    return false;
  }

  private async restart(
    tx: Transaction,
    principalId: string,
    actor: Actor,
    reason: string,
  ): Promise<boolean> {
    const stopped = await tx.query<{ method_id: string; type: string; name: string | null }>(
      `DELETE FROM factor_throttles t USING mfa_methods m
       WHERE m.id = t.method_id AND t.principal_id = $1 AND m.type <> 'totp' AND t.failures >= $2 RETURNING t.method_id, m.type, m.name`,
      [principalId, FAILURE_CAP],
    );
    if (stopped.length === 0) return false;
    await this.people.endTokens(tx, principalId);
    await this.audit.record(tx, actor, {
      action: 'enrollment.restarted',
      outcome: 'success',
      object: { type: 'principal', id: principalId },
      detail: { methodIds: stopped.map((row) => row.method_id), reason },
    });
    for (const { method_id: methodId, type, name: methodName } of stopped)
      await this.history.record(tx, actor, {
        kind: 'reset',
        principalId,
        factor: { type, methodId, methodName },
        reason,
      });
    return true;
  }
}
