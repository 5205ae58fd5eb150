import { Injectable } from '@nestjs/common';
import { GlobalSettingsService } from '@sallyport/identity';
import { after, Clock, Database, isWithin, type Sql } from '@sallyport/platform';
import { type Checked, type Token, TokensService } from '@sallyport/tokens';
import { type Enforcement, RequirementService, stillOwed } from '../requirement/requirement.service.js';
import { type AdminSession, NO_DEVICE } from './admin-session.js';
import { PendingSignIns } from './pending-sign-ins.service.js';
import { type FoundSignIn } from './sign-in-rows.js';

interface PersonRow {
  username: string;
  provider_name: string;
  credential_version: number;
  principal_id: string;
}

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
   * @returns null where it is unknown, expired, ended or bound to other addresses, or belongs to nobody who may sign in at `/admin`.
   */
  async find(secret: string, clientAddress: string): Promise<AdminSession | null> {
    // Most requests come with a token; the two never share a secret.
    const checked = await this.tokens.check(secret);
    if (checked !== null) return this.ofToken(checked, clientAddress);
    const { found, owed } = await this.pending.find(secret, 'appgate');
    return found === null || found.disabled || found.outdated || !found.adminProvider
      ? null
      : sessionOf(found, owed);
  }

  private async ofToken(checked: Checked, clientAddress: string): Promise<AdminSession | null> {
    if (checked.state === 'disabled') return null;
    return isWithin(clientAddress, checked.token.boundCidrs) ? this.ofLiveToken(checked.token) : null;
  }

  /** What a token that is live stands for here; null where it belongs to nobody who may sign in at `/admin`. */
  async ofLiveToken(token: Token): Promise<AdminSession | null> {
    const { localUserId, accountId, principalId } = token;
    if (localUserId === null || accountId === null || principalId === null) return null;
    const [person, { owed }] = await this.database.pipeline((sql) =>
      Promise.all([this.personOf(localUserId, sql), this.requirement.of(accountId, sql)]),
    );
    if (person === null || person.principal_id !== principalId) return null;
    return {
      kind: token.origin === 'appgate' ? 'final' : 'foreign',
      scopeId: token.id,
      principalId,
      accountId,
      localUserId,
      credentialVersion: person.credential_version,
      username: person.username,
      providerName: person.provider_name,
      deviceId: token.deviceId ?? NO_DEVICE,
      factors: token.factors,
      missing: stillOwed(owed, token.factors),
      expiresAt: await this.endOf(token),
      connectTime: token.issuedAt,
      clientAddress: token.clientAddress,
      signIn: null,
      token,
    };
  }

  /** A token of `/admin` has the end of its session; one of `/v1` begins a session here, which ends no later than it (§2.1). */
  private async endOf({ origin, expiresAt }: Token): Promise<Date> {
    if (origin === 'appgate' && expiresAt !== null) return expiresAt;
    const sessionEnd = after(this.clock.now(), await this.settings.sessionLife());
    return expiresAt !== null && expiresAt < sessionEnd ? expiresAt : sessionEnd;
  }

  /** A user of a provider that may sign in at `/admin`. */
  private async personOf(localUserId: string, sql: Sql): Promise<PersonRow | null> {
    const [row] = await sql.query<PersonRow>(
      `SELECT u.name AS username, p.name AS provider_name, u.credential_version, a.principal_id
       FROM local_users u JOIN identity_providers p ON p.id = u.identity_provider_id JOIN accounts a ON a.id = u.account_id
       WHERE u.id = $1 AND p.admin_provider AND NOT u.disabled`,
      [localUserId],
    );
    return row ?? null;
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
  };
}
