import { Injectable } from '@nestjs/common';
import { type Actor, type AuditGap, AuditResumption, AuditService } from '@sallyport/audit';
import { Clock, Database, DataKeys, type Transaction } from '@sallyport/platform';
import { AllTokensService } from './all-tokens.service.js';

export interface RestoreReport {
  /** Authenticators whose codes up to now are spent. */
  authenticators: number;
  /** Seeds that nobody had confirmed. */
  unconfirmedSeeds: number;
  /** Enrolment windows that had been opened anew. */
  enrolmentWindows: number;
  /** Codes that would set a first password. */
  activationCodes: number;
  /** The data key that seals from now on. */
  dataKeyId: number;
  /** Rows of the audit that its sink knows and the backup does not; null where it cannot be asked, or knows no more. */
  auditGap: AuditGap | null;
}

/** Makes a restored backup harmless: nothing that ended after it was taken lives again (S95). */
@Injectable()
export class RestoreService {
  constructor(
    private readonly database: Database,
    private readonly dataKeys: DataKeys,
    private readonly tokens: AllTokensService,
    private readonly audit: AuditService,
    private readonly resumption: AuditResumption,
    private readonly clock: Clock,
  ) {}

  /**
   * All in one transaction; running it again does no harm.
   * @param mark what the audit remembers beside it: where its chain ended in the backup.
   * @throws DomainError `unavailable` without the database.
   */
  async settle(actor: Actor, mark: Record<string, unknown> = {}): Promise<RestoreReport> {
    return this.database.transaction(async (tx) => {
      // As many rows as there are authenticators, and nobody is waiting yet.
      await tx.execute(
        `SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '60s', true)`,
      );
      await tx.execute('LOCK TABLE data_keys IN SHARE ROW EXCLUSIVE MODE');
      await this.tokens.end(tx);
      const report: RestoreReport = {
        unconfirmedSeeds: await tx.execute('DELETE FROM totp_enrollments WHERE bound_at IS NULL'),
        authenticators: await this.spendCodes(tx),
        enrolmentWindows: await tx.execute(
          'UPDATE principals SET enrolment_reopened_at = NULL WHERE enrolment_reopened_at IS NOT NULL',
        ),
        activationCodes: await tx.execute('DELETE FROM activation_codes'),
        // How often the old one sealed after the backup is not known (S66).
        dataKeyId: await this.dataKeys.replace(tx, null),
        auditGap: await this.resumption.resume(tx, actor),
      };
      await this.audit.record(tx, actor, {
        action: 'installation.restored',
        outcome: 'success',
        object: { type: 'installation', id: 'database' },
        detail: { ...report, ...mark },
      });
      return report;
    });
  }

  /** Every code that could have been accepted until now, the window ahead included, counts as used (S17). */
  private async spendCodes(tx: Transaction): Promise<number> {
    return tx.execute(
      `UPDATE totp_enrollments SET last_used_step =
         greatest(last_used_step, floor(extract(epoch FROM $1::timestamptz) / period)::bigint + skew)`,
      [this.clock.now()],
    );
  }
}
