import { Injectable } from '@nestjs/common';
import { canonicalName, type UserName } from '@sallyport/identity';
import { type Authenticator, AuthenticatorsService } from '@sallyport/mfa-methods';
import { Database, type Listed, type ListWish, type Transaction } from '@sallyport/platform';
import { type AdministrativePrivilege, VaultAuthorityService, type Writer } from '@sallyport/privileges';
import type { HeldToken, TokenOwner } from '@sallyport/tokens';
import { forbidden, notFound, ProviderScopeService } from '../scope/provider-scope.service.js';
import { HeldSessionsService } from '../self-service/held-sessions.service.js';
import { FactorResetService } from '../sign-in/factor-reset.service.js';

type Supporter = Writer & { privileges: AdministrativePrivilege[] };

/** What administrators see and end of the accounts in their scope (S39, S45, S49, S63). The scope is judged before any look-up (§1.3 g). */
@Injectable()
export class UserSupportService {
  constructor(
    private readonly database: Database,
    private readonly scope: ProviderScopeService,
    private readonly authenticators: AuthenticatorsService,
    private readonly sessions: HeldSessionsService,
    private readonly resets: FactorResetService,
    private readonly authorities: VaultAuthorityService,
  ) {}

  /** @throws DomainError `not-found`, also for a user the caller may not view. */
  async listAuthenticators(
    user: UserName,
    wish: ListWish,
    privileges: AdministrativePrivilege[],
  ): Promise<Listed<Authenticator>> {
    const { principalId } = await this.mustFind(user, 'View', 'OtpSeed', privileges);
    return this.authenticators.list(principalId, wish);
  }

  /** An authenticator the caller may take away, whoever may do more. @throws DomainError `forbidden`, `not-found`. */
  async mustHold(
    user: UserName,
    id: string,
    privileges: AdministrativePrivilege[],
  ): Promise<{ principalId: string; authenticator: Authenticator }> {
    const { principalId } = await this.mustFind(user, 'Delete', 'OtpSeed', privileges);
    const authenticator = await this.authenticators.find(principalId, id);
    if (authenticator === null) throw notFound();
    return { principalId, authenticator };
  }

  /**
   * Takes an authenticator away with its failures; the enrolment window opens anew, all tokens of the person end, and the reason is
   * remembered and told (S63). No seed is shown.
   * @throws DomainError `forbidden`, also where the user holds more than the caller (S49), and for oneself: one's own factors take a fresh
   *   proof (S61); `not-found`.
   */
  async reset(
    user: UserName,
    id: string,
    reason: string,
    { privileges, actor, subject }: Supporter,
  ): Promise<void> {
    const { principalId, authenticator } = await this.mustHold(user, id, privileges);
    if (principalId === actor.principalId) throw forbidden();
    const mayAct = async (tx: Transaction) => {
      await this.authorities.begin(tx);
      await this.authorities.mustReachFromAdmin(tx, subject, principalId);
    };
    const done = await this.resets.reset(authenticator.methodId, principalId, actor, mayAct, reason);
    if (!done) throw notFound();
  }

  /** The live full tokens this login of the user has earned. @throws DomainError `not-found`. */
  async listSessions(
    user: UserName,
    wish: ListWish,
    privileges: AdministrativePrivilege[],
  ): Promise<Listed<HeldToken>> {
    return this.sessions.list(await this.mustFind(user, 'View', 'SessionInfo', privileges), wish);
  }

  /** @throws DomainError `forbidden`; `not-found` where the user has no live session of this accessor. */
  async endSession(user: UserName, accessor: string, { privileges, actor }: Supporter): Promise<void> {
    const owner = await this.mustFind(user, 'Revoke', 'RegisteredDevice', privileges);
    await this.sessions.endOf(owner, accessor, actor);
  }

  private async mustFind(
    { username, providerName }: UserName,
    type: string,
    target: string,
    privileges: AdministrativePrivilege[],
  ): Promise<TokenOwner & { accountId: string }> {
    const provider = await this.scope.mustReach(providerName, type, target, privileges);
    const [row] = await this.database.query<{ id: string; principal_id: string }>(
      'SELECT id, principal_id FROM accounts WHERE identity_provider_id = $1::uuid AND name_canonical = $2',
      [provider.id || null, canonicalName(username)],
    );
    if (row === undefined) throw notFound();
    return { accountId: row.id, principalId: row.principal_id };
  }
}
