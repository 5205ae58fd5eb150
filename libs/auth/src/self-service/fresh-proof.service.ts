import { Injectable } from '@nestjs/common';
import { EnrolmentWindowService } from '@sallyport/mfa-methods';
import { after, Clock, Database, DomainError, type Sql } from '@sallyport/platform';
import type { AdminSession } from '../sign-in/admin-session.js';
import { factorOwed } from '../sign-in/admin-sign-in.service.js';

/** Seconds for which a proof counts as fresh (S61). */
export const PROOF_LIFE = 300;

/** Whose factors count, and which of them were proven when. */
type FactorsOf = Pick<AdminSession, 'principalId' | 'factors'>;

/** What a session has proven of late: asked before anything that decides who can sign in (S13, S61). */
@Injectable()
export class FreshProofService {
  constructor(
    private readonly database: Database,
    private readonly window: EnrolmentWindowService,
    private readonly clock: Clock,
  ) {}

  /**
   * A proof of the last five minutes; where a factor is bound, working or stopped, it includes one.
   * @param sql the transaction of the act: a factor that was bound meanwhile is asked for.
   * @throws DomainError `factor-owed` where a factor is bound and none was proven; `rejected` where the password was not.
   */
  async mustHave(session: AdminSession, sql: Sql = this.database): Promise<void> {
    await this.mustIncludeFactor(session, sql);
    if (this.provenFactors(session).length > 0) return;
    const provenAt = session.token?.passwordProvenAt ?? null;
    if (provenAt === null || provenAt < this.oldest())
      throw new DomainError('rejected', 'proof-too-old', 'The password must be proven again.');
  }

  /** The same, but the password itself is asked for elsewhere. @throws DomainError `factor-owed`. */
  async mustIncludeFactor(
    session: FactorsOf & Pick<AdminSession, 'username'>,
    sql: Sql = this.database,
  ): Promise<void> {
    if (!(await this.includesFactor(session, sql))) throw factorOwed(session.username);
  }

  /** Whether a factor was proven in the last five minutes, or none is bound. */
  async includesFactor({ principalId, factors }: FactorsOf, sql: Sql): Promise<boolean> {
    return (
      this.provenFactors({ factors }).length > 0 ||
      (await this.window.boundMethods(principalId, sql)).length === 0
    );
  }

  /** The methods proven in the last five minutes. */
  provenFactors({ factors }: Pick<FactorsOf, 'factors'>): string[] {
    const oldest = this.oldest();
    return factors.filter(({ time }) => new Date(time) >= oldest).map(({ methodId }) => methodId);
  }

  private oldest(): Date {
    return after(this.clock.now(), -PROOF_LIFE);
  }
}
