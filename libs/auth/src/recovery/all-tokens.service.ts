import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { Database, type Transaction } from '@sallyport/platform';

/** Ends what everybody holds, by one row whatever the number of tokens (S40). */
@Injectable()
export class AllTokensService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditService,
  ) {}

  /** Every token of both dialects, the root token among them, and every sign-in that is not finished. */
  async revokeAll(actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      await this.end(tx);
      await this.audit.record(tx, actor, {
        action: 'token.all-revoked',
        outcome: 'success',
        object: { type: 'installation', id: 'tokens' },
      });
    });
  }

  /** The same inside a transaction that records more. */
  async end(tx: Transaction): Promise<void> {
    await tx.execute(
      `UPDATE installation SET token_epoch = token_epoch + 1, admin_epoch = admin_epoch + 1, sign_in_epoch = sign_in_epoch + 1`,
    );
    // Sign-ins end with their rows: whoever is finishing one finds it gone.
    await tx.execute('DELETE FROM sign_ins');
    await tx.execute('DELETE FROM factor_challenges');
    await tx.execute('DELETE FROM totp_resets');
  }
}
