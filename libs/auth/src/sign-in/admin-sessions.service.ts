import { Injectable } from '@nestjs/common';
import { GlobalSettingsService } from '@sallyport/identity';
import { after, Clock, Database, isWithin } from '@sallyport/platform';
import { readStanding, type UserStanding } from '@sallyport/privileges';
import { hashSecret, type Token, TokensService, USER_OF_TOKEN } from '@sallyport/tokens';
import { type Enforcement, RequirementService, stillOwed } from '../requirement/requirement.service.js';
import { type AdminSession, NO_DEVICE } from './admin-session.js';
import { PendingSignIns } from './pending-sign-ins.service.js';
import { type FoundSignIn } from './sign-in-rows.js';

/** Finds out what a token presented at `/admin` stands for, of either dialect. */
@Injectable()
export class AdminSessionsService {
  constructor(
    private readonly database: Database,
    private readonly pending: PendingSignIns,
    private readonly tokens: TokensService,
    private readonly requirement: RequirementService,
    private readonly settings: GlobalSettingsService,
    private readonly clock: Clock,
  ) {}

  /**
   * @param clientAddress where the token came from.
   * @param likely what is looked for first; the other one follows where it is not that.
   * @returns null where it is unknown, expired, ended or bound to other addresses, or belongs to nobody who may sign in at `/admin`.
   */
  async find(
    secret: string,
    clientAddress: string,
    likely: 'token' | 'sign-in' = 'token',
  ): Promise<AdminSession | null> {
    if (likely === 'sign-in')
      return (await this.ofSignIn(secret)) ?? (await this.ofTokenSecret(secret, clientAddress));
    return (await this.ofTokenSecret(secret, clientAddress)) ?? (await this.ofSignIn(secret));
  }

  private async ofTokenSecret(secret: string, clientAddress: string): Promise<AdminSession | null> {
    const hash = hashSecret(secret);
    // In this order: a token that is found was there when it was asked what it owes (S37).
    const [{ owed }, standing, checked] = await this.database.gather((reads) =>
      Promise.all([
        this.requirement.ofSecret(hash, reads),
        readStanding(reads, hash, USER_OF_TOKEN),
        this.tokens.check(secret, null, reads),
      ]),
    );
    return checked?.state === 'live' && isWithin(clientAddress, checked.token.boundCidrs)
      ? this.ofToken(checked.token, owed, standing)
      : null;
  }

  private async ofSignIn(secret: string): Promise<AdminSession | null> {
    const { found, owed } = await this.database.gather((reads) =>
      this.pending.find(secret, 'appgate', reads),
    );
    return found === null || found.disabled || found.outdated || !found.adminProvider
      ? null
      : sessionOf(found, owed);
  }

  /** What a token that is live stands for here; null where it belongs to nobody who may sign in at `/admin`. */
  async ofLiveToken(token: Token): Promise<AdminSession | null> {
    const { localUserId, accountId } = token;
    if (localUserId === null || accountId === null) return null;
    const [{ owed }, standing] = await this.database.gather((reads) =>
      Promise.all([this.requirement.of(accountId, reads), readStanding(reads, localUserId)]),
    );
    return this.ofToken(token, owed, standing);
  }

  private async ofToken(
    token: Token,
    owed: Enforcement[],
    standing: UserStanding | null,
  ): Promise<AdminSession | null> {
    const { localUserId, accountId, principalId } = token;
    if (localUserId === null || accountId === null || standing === null) return null;
    const { user, account, provider } = standing;
    if (!user.enabled || !account.adminProvider || account.principalId !== principalId) return null;
    return {
      kind: token.origin === 'appgate' ? 'final' : 'foreign',
      scopeId: token.id,
      principalId,
      accountId,
      localUserId,
      credentialVersion: account.credentialVersion,
      username: user.name,
      providerName: provider.name,
      deviceId: token.deviceId ?? NO_DEVICE,
      factors: token.factors,
      missing: stillOwed(owed, token.factors),
      expiresAt: await this.endOf(token),
      connectTime: token.issuedAt,
      clientAddress: token.clientAddress,
      signIn: null,
      token,
      standing,
    };
  }

  /** A token of `/admin` has the end of its session; one of `/v1` begins a session here, which ends no later than it (§2.1). */
  private async endOf({ origin, expiresAt }: Token): Promise<Date> {
    if (origin === 'appgate' && expiresAt !== null) return expiresAt;
    const sessionEnd = after(this.clock.now(), await this.settings.sessionLife());
    return expiresAt !== null && expiresAt < sessionEnd ? expiresAt : sessionEnd;
  }
}

function sessionOf({ signIn, username, providerName }: FoundSignIn, owed: Enforcement[]): AdminSession {
  return {
    kind: 'partial',
    scopeId: signIn.id,
    principalId: signIn.principalId,
    accountId: signIn.accountId,
    localUserId: signIn.localUserId,
    credentialVersion: signIn.credentialVersion,
    username,
    providerName,
    deviceId: signIn.deviceId ?? NO_DEVICE,
    factors: signIn.factors,
    missing: stillOwed(owed, signIn.factors),
    expiresAt: signIn.sessionExpiresAt ?? signIn.createdAt,
    connectTime: signIn.createdAt,
    clientAddress: signIn.clientAddress,
    signIn,
    token: null,
    standing: null,
  };
}
