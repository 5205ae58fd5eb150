import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { after, Clock, Config, Database, type Sql, type Transaction } from '@sallyport/platform';

const DAY = 86_400;

/**
 * Who may bind a factor (S60). Without any, a password is enough, but where a window is set only inside it: so many days from the making
 * of the person's first user, or from its reopening. Whoever has factors, stopped ones included, proves one of them first.
 */
@Injectable()
export class EnrolmentWindowService {
  constructor(
    private readonly database: Database,
    private readonly config: Config,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** Whether a password alone may bind a first factor now. */
  async isOpen(principalId: string, sql: Sql = this.database): Promise<boolean> {
    const days = this.config.enrolmentWindowDays;
    if (days === null) return true;
    const [row] = await sql.query<{ open: boolean | null }>(
      `SELECT greatest(p.enrolment_reopened_at,
         (SELECT min(u.created_at) FROM local_users u JOIN accounts a ON a.id = u.account_id WHERE a.principal_id = p.id)) > $2 AS open
       FROM principals p WHERE p.id = $1`,
      [principalId, after(this.clock.now(), -days * DAY)],
    );
    return row?.open ?? false;
  }

  /** The methods for which the person has a factor, working or stopped. */
  async boundMethods(principalId: string, sql: Sql = this.database): Promise<BoundMethod[]> {
    const rows = await sql.query<{ method_id: string; disabled: boolean }>(
      'SELECT method_id, disabled_at IS NOT NULL AS disabled FROM totp_enrollments WHERE principal_id = $1 AND bound_at IS NOT NULL',
      [principalId],
    );
    return rows.map((row) => ({ methodId: row.method_id, disabled: row.disabled }));
  }

  /** Whether the person, having proven these methods beside the password, may be given another factor. */
  async mayBind(
    principalId: string,
    provenMethodIds: readonly string[],
    sql: Sql = this.database,
  ): Promise<boolean> {
    const bound = await this.boundMethods(principalId, sql);
    if (bound.length === 0) return this.isOpen(principalId, sql);
    return bound.some(({ methodId }) => provenMethodIds.includes(methodId));
  }

  /** Takes the right to bind, in the transaction that binds: of two who would bind a first factor at once the second finds one there. */
  async enter(tx: Transaction, principalId: string, provenMethodIds: readonly string[]): Promise<boolean> {
    await tx.execute('SELECT 1 FROM principals WHERE id = $1 FOR NO KEY UPDATE', [principalId]);
    return this.mayBind(principalId, provenMethodIds, tx);
  }

  /** A factor was bound: a reopened window is used up. */
  async close(tx: Sql, principalId: string): Promise<void> {
    await tx.execute(
      'UPDATE principals SET enrolment_reopened_at = NULL WHERE id = $1 AND enrolment_reopened_at IS NOT NULL',
      [principalId],
    );
  }

  /** Opens the window of a person anew, once, for as many days as the setting says; for administrators and the operator's console. */
  async reopen(tx: Transaction, principalId: string, actor: Actor): Promise<void> {
    await tx.execute('UPDATE principals SET enrolment_reopened_at = $2 WHERE id = $1', [
      principalId,
      this.clock.now(),
    ]);
    await this.audit.record(tx, actor, {
      action: 'enrollment.window-reopened',
      outcome: 'success',
      object: { type: 'principal', id: principalId },
    });
  }
}

export interface BoundMethod {
  methodId: string;
  /** Stopped by the failure counter (S20). */
  disabled: boolean;
}
