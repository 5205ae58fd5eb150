import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import { TotpEnrollmentsService } from '@sallyport/mfa-methods';
import { Database } from '@sallyport/platform';
import { SignInRows } from './sign-in-rows.js';

/** An administrator takes somebody's authenticator away (S63). */
@Injectable()
export class FactorResetService {
  constructor(
    private readonly database: Database,
    private readonly enrollments: TotpEnrollmentsService,
    private readonly rows: SignInRows,
  ) {}

  /**
   * Removes the seed with its replay state and failures; every token of the person ends, partial ones of `/admin` too, pending
   * requests of `/v1` do not (contract vault.md §5.4).
   * @returns false where there was no seed; then nothing changes.
   */
  async reset(methodId: string, principalId: string, actor: Actor): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      if (!(await this.enrollments.remove(tx, methodId, principalId, actor))) return false;
      await this.rows.dropPartialTokens(tx, principalId);
      return true;
    });
  }
}
