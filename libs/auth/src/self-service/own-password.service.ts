import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import { IdentityProvidersService, LocalUsersService, NewCredential } from '@sallyport/identity';
import { Database, DomainError } from '@sallyport/platform';
import { OtherTokensService } from '@sallyport/tokens';
import { FirstFactorService } from '../first-factor/first-factor.service.js';
import type { AdminSession } from '../sign-in/admin-session.js';
import { FinishService, LostRace } from '../sign-in/finish.service.js';
import { SignInRows } from '../sign-in/sign-in-rows.js';
import { FreshProofService } from './fresh-proof.service.js';

/** Changes one's own password (S13). */
@Injectable()
export class OwnPasswordService {
  constructor(
    private readonly database: Database,
    private readonly providers: IdentityProvidersService,
    private readonly users: LocalUsersService,
    private readonly credential: NewCredential,
    private readonly firstFactor: FirstFactorService,
    private readonly finishing: FinishService,
    private readonly fresh: FreshProofService,
    private readonly tokens: OtherTokensService,
    private readonly rows: SignInRows,
  ) {}

  /**
   * Every other token and partial token of the person ends in the transaction that changes the password; this one lives.
   * @throws DomainError `invalid` on `newPassword` (no try is booked, S11); `factor-owed` where a factor is bound and none was proven in
   *   the last five minutes; `rejected`, `throttled` for the present password, as at a sign-in (S10); `unavailable` (hash queue).
   */
  async change(
    session: AdminSession,
    { currentPassword, newPassword }: { currentPassword: string; newPassword: string },
    actor: Actor,
  ): Promise<void> {
    const { principalId, providerName, username, token } = session;
    const provider = await this.providers.findByExactName(providerName);
    if (provider === null || token === null) throw new LostRace();
    const problem = await this.credential.passwordProblem(newPassword, username, provider);
    if (problem !== null) throw DomainError.invalid('newPassword', problem);
    await this.fresh.mustIncludeFactor(session);
    const attempt = { provider, providerName, open: true, hidesDisabledPerson: true, username };
    const proven = await this.firstFactor.prove({ ...attempt, password: currentPassword, actor });
    const passwordHash = await this.credential.hash(newPassword, username, provider);
    await this.database.transaction(async (tx) => {
      const { credentialVersion } = proven;
      if (!(await this.finishing.judge(tx, { ...session, credentialVersion })).ok) throw new LostRace();
      await this.fresh.mustIncludeFactor(session, tx);
      const user = await this.users.find(session.localUserId, tx);
      if (user === null) throw new LostRace();
      await this.users.changePassword(tx, user, passwordHash, actor);
      await this.tokens.keep(tx, principalId, token.id);
      await this.rows.dropPartialTokens(tx, principalId);
    });
  }
}
