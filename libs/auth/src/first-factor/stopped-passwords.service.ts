import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { FactorHistory } from '@sallyport/identity';
import { Clock, Config, type Sql } from '@sallyport/platform';

export interface StoppedUser {
  id: string;
  account_id: string;
  principal_id: string;
}

/**
 * The setting `password_failure_cap` (S08, NIST SP 800-63B-4 §3.2.2; off as shipped): after so many failures from networks not known to
 * the account its password opens from known ones only. Neither time nor a sign-in ends that; an administrator or a new password does.
 */
@Injectable()
export class StoppedPasswordsService {
  constructor(
    private readonly config: Config,
    private readonly history: FactorHistory,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** @param sharedFailures so many failures the unknown networks have together, with the one this transaction counts. */
  async stopAfter(sql: Sql, sharedFailures: number, user: StoppedUser, actor: Actor): Promise<void> {
    const cap = this.config.passwordFailureCap;
    if (cap === null || sharedFailures < cap) return;
    const stopped = await sql.execute(
      'UPDATE local_users SET password_stopped_at = $2 WHERE id = $1 AND password_stopped_at IS NULL',
      [user.id, this.clock.now()],
    );
    if (stopped !== 1) return;
    await this.audit.record(sql, actor, {
      action: 'account.password-stopped',
      outcome: 'success',
      object: { type: 'account', id: user.account_id },
      detail: { failures: sharedFailures },
    });
    await this.history.record(sql, actor, {
      kind: 'disable',
      principalId: user.principal_id,
      factor: { type: 'password' },
      reason: `${cap} wrong passwords from networks not known to the account`,
    });
  }
}
