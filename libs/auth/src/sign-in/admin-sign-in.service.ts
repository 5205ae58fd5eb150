import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import {
  DevicesService,
  GlobalSettingsService,
  IdentityProvidersService,
  PeopleService,
} from '@sallyport/identity';
import { after, Clock, Database, DomainError, type Transaction } from '@sallyport/platform';
import { type AdministrativePrivilege, EffectivePrivilegesService } from '@sallyport/privileges';
import { newAuthToken, TokenRevocationService } from '@sallyport/tokens';
import { FirstFactorService, type ProvenUser } from '../first-factor/first-factor.service.js';
import { wrongPassword } from '../first-factor/refused-passwords.service.js';
import { RequirementService } from '../requirement/requirement.service.js';
import { type AdminSession, mustBeTradable } from './admin-session.js';
import { AdminTokensService } from './admin-tokens.service.js';
import { type Cleared, type Finisher, FinishService, LostRace } from './finish.service.js';
import { SignInRefusalsService } from './sign-in-refusals.service.js';
import { SignInRows } from './sign-in-rows.js';
import { unlessGone } from './unless-gone.js';

/** Where a sign-in begins whose partial token a first factor has earned. */
const PASSWORD_PATH = '/admin/authentication';

/** Seconds a partial token opens the sign-in steps (S36). */
export const PARTIAL_LIFE = 600;

export interface AdminCredentials {
  providerName: string;
  /** Absent, like the password, for a provider that takes none: nobody signs in there. */
  username?: string | undefined;
  password?: string | undefined;
  deviceId: string;
  actor: Actor;
}

/** A partial token as it is handed out. */
export interface PartialToken {
  username: string;
  secret: string;
  pending: boolean;
  expiresAt: Date;
}

/** A final token as it is handed out, or shown again (`secret` null: the caller's own). */
export interface Authorization {
  username: string;
  secret: string | null;
  expiresAt: Date;
  privileges: AdministrativePrivilege[];
  /** What the installation tells everybody who is in (§2.6). */
  messageOfTheDay?: string;
}

/** The chain of `/admin`: password, partial token, authorization, logout (contract appgate.md §2). The factor steps are `AdminFactorService`. */
@Injectable()
export class AdminSignInService {
  constructor(
    private readonly database: Database,
    private readonly providers: IdentityProvidersService,
    private readonly people: PeopleService,
    private readonly firstFactor: FirstFactorService,
    private readonly requirement: RequirementService,
    private readonly privileges: EffectivePrivilegesService,
    private readonly rows: SignInRows,
    private readonly settings: GlobalSettingsService,
    private readonly devices: DevicesService,
    private readonly revocation: TokenRevocationService,
    private readonly issuing: AdminTokensService,
    private readonly finishing: FinishService,
    private readonly refusals: SignInRefusalsService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * First factor; hands out a partial token (§2.3).
   * @throws DomainError as `FirstFactorService.prove`.
   */
  async authenticate(credentials: AdminCredentials): Promise<PartialToken> {
    return this.begin(await this.provePassword(credentials), credentials);
  }

  /**
   * A partial token for whoever has proven a first factor (S57: a code that set a new password is one too).
   * @throws DomainError `rejected` where the user is gone by now.
   */
  async begin(
    user: ProvenUser,
    credentials: Pick<AdminCredentials, 'deviceId' | 'actor'>,
  ): Promise<PartialToken> {
    return unlessGone(this.database, user, wrongPassword, () => this.open(user, credentials));
  }

  private async open(
    user: ProvenUser,
    credentials: Pick<AdminCredentials, 'deviceId' | 'actor'>,
  ): Promise<PartialToken> {
    const actor = actorOf(user, credentials.actor);
    const secret = newAuthToken();
    const expiresAt = after(this.clock.now(), await this.settings.sessionLife());
    const missing = await this.requirement.missing(user.accountId, []);
    await this.database.transaction(async (tx) => {
      if (!user.principalShown) await this.people.show(tx, user.principalId, actor);
      await this.devices.see(tx, user.accountId, credentials.deviceId);
      await this.rows.add(tx, {
        handle: secret,
        origin: 'appgate',
        principalId: user.principalId,
        accountId: user.accountId,
        localUserId: user.localUserId,
        credentialVersion: user.credentialVersion,
        mountId: null,
        parentTokenId: null,
        deviceId: credentials.deviceId,
        factors: [],
        path: PASSWORD_PATH,
        clientAddress: actor.clientAddress ?? '',
        life: PARTIAL_LIFE,
        sessionExpiresAt: expiresAt,
      });
      await this.audit.record(tx, actor, {
        action: 'sign-in.password-accepted',
        outcome: 'success',
        object: { type: 'account', id: user.accountId },
        detail: { owed: missing.map(({ name }) => name) },
      });
    });
    return { username: user.username, secret, pending: missing.length > 0, expiresAt };
  }

  /**
   * Password and final token in one step, for users who owe nothing (§2.7).
   * @throws DomainError `factor-owed`; `forbidden` code `no-administration-rights`; as `FirstFactorService.prove`.
   */
  async logIn(credentials: AdminCredentials): Promise<Authorization> {
    const user = await this.provePassword(credentials);
    return unlessGone(this.database, user, wrongPassword, () => this.finishAtOnce(user, credentials));
  }

  private async finishAtOnce(user: ProvenUser, credentials: AdminCredentials): Promise<Authorization> {
    const actor = actorOf(user, credentials.actor);
    if ((await this.requirement.missing(user.accountId, [])).length > 0)
      throw await this.refused(factorOwed(user.username), actor);
    const subject = {
      localUserId: user.localUserId,
      deviceId: credentials.deviceId,
      clientAddress: actor.clientAddress,
      connectTime: this.clock.now(),
    };
    const privileges = await this.privileges.of(subject);
    if (privileges.length === 0) throw await this.refused(noRights(), actor);
    const { secret, token } = await this.database.transaction(async (tx) => {
      if (!user.principalShown) await this.people.show(tx, user.principalId, actor);
      const cleared = await this.judge(tx, { ...user, factors: [] }, user.username, wrongPassword);
      await this.finishing.close(tx, { ...user, factors: [] }, cleared, actor);
      return this.issuing.issue(
        tx,
        { ...user, factors: [] },
        {
          deviceId: credentials.deviceId,
          sessionId: randomUUID(),
          parent: null,
          endsBy: null,
          passwordProvenAt: this.clock.now(),
        },
        actor,
      );
    });
    return {
      username: user.username,
      secret,
      expiresAt: token.expiresAt!,
      privileges,
      messageOfTheDay: await this.message(),
    };
  }

  /**
   * Trades a token that owes nothing for a final one; a final token is answered as it is (§2.6). For 60 s a repeat with the same partial token
   * answers a new final token and ends the earlier one (S36).
   * @throws DomainError `factor-owed`; `forbidden` codes `no-administration-rights`, `restricted-use`; `unauthenticated` where the sign-in ended
   *   meanwhile.
   */
  async authorize(session: AdminSession, actor: Actor): Promise<Authorization> {
    return unlessGone(this.database, session, signInEnded, () => this.trade(session, actor));
  }

  private async trade(session: AdminSession, actor: Actor): Promise<Authorization> {
    const { username } = session;
    mustBeTradable(session);
    if (session.missing.length > 0) throw factorOwed(username);
    const privileges = await this.mustHoldPrivileges(session);
    if (session.kind === 'final')
      return {
        username,
        secret: null,
        expiresAt: session.token!.expiresAt!,
        privileges,
        messageOfTheDay: await this.message(),
      };
    const { secret, token } = await this.database.transaction(async (tx) => {
      const cleared = await this.judge(tx, session, username, signInEnded);
      const parent = session.token?.id ?? session.signIn?.parentTokenId ?? null;
      const sessionId = session.signIn?.id ?? randomUUID();
      const issued = await this.issuing.issue(
        tx,
        session,
        {
          deviceId: session.deviceId,
          sessionId,
          parent,
          endsBy: session.expiresAt,
          passwordProvenAt: passwordProvenAt(session),
        },
        actor,
      );
      if (session.signIn !== null) {
        const finished = await this.rows.finish(tx, session.signIn, issued.token.id);
        if (finished === undefined) throw new LostRace();
        if (finished.earlierTokenId !== null) await this.revocation.revokeIn(tx, finished.earlierTokenId);
      }
      await this.finishing.close(tx, { ...session, fromToken: parent !== null }, cleared, actor);
      return issued;
    });
    return {
      username,
      secret,
      expiresAt: token.expiresAt!,
      privileges,
      messageOfTheDay: await this.message(),
    };
  }

  /** Ends every token of the session, and the `/v1` token it came from (§2.1, §2.8). */
  async logOut(session: AdminSession, actor: Actor): Promise<void> {
    const parentId =
      session.kind === 'foreign'
        ? session.token!.id
        : (session.token?.parentId ?? session.signIn?.parentTokenId ?? null);
    const sessionId = session.signIn?.id ?? session.token!.sessionId;
    await this.database.transaction(async (tx) => {
      // First: this waits for an authorization in progress, whose token is then found.
      await this.rows.drop(tx, sessionId, parentId);
      await this.revocation.revokeSession(tx, sessionId);
      if (parentId !== null) await this.revocation.revokeIn(tx, parentId);
      await this.audit.record(tx, actor, {
        action: 'sign-in.logged-out',
        outcome: 'success',
        object: { type: 'account', id: session.accountId },
      });
    });
  }

  private async message(): Promise<string | undefined> {
    return (await this.settings.get()).messageOfTheDay;
  }

  /** A disabled person answers like a wrong password (§2.3). */
  private async provePassword({
    providerName,
    username = '',
    password = '',
    actor,
  }: AdminCredentials): Promise<ProvenUser> {
    return this.firstFactor.prove(async () => {
      const provider = await this.providers.findByExactName(providerName);
      const open = provider?.type === 'LocalDatabase' && provider.adminProvider;
      return { provider, providerName, open, hidesDisabledPerson: true, username, password, actor };
    });
  }

  private async mustHoldPrivileges(
    subject: Parameters<EffectivePrivilegesService['of']>[0],
  ): Promise<AdministrativePrivilege[]> {
    const privileges = await this.privileges.of(subject);
    if (privileges.length === 0) throw noRights();
    return privileges;
  }

  /** A right password that got nowhere leaves nothing else. */
  private async refused(error: DomainError, actor: Actor): Promise<DomainError> {
    await this.refusals.step(actor, error.code);
    return error;
  }

  /** @param ended what is said to whoever may not finish any more. */
  private async judge(
    tx: Transaction,
    finisher: Finisher,
    username: string,
    ended: () => DomainError,
  ): Promise<Cleared> {
    const judged = await this.finishing.judge(tx, finisher);
    if (judged.ok) return judged;
    throw judged.why === 'owed' ? factorOwed(username) : ended();
  }
}

export function signInEnded(): DomainError {
  return new DomainError(
    'unauthenticated',
    'sign-in-ended',
    'The token is missing, invalid or expired. Sign in again.',
  );
}

function noRights(): DomainError {
  return new DomainError('forbidden', 'no-administration-rights', 'No administration rights.');
}

export function factorOwed(username: string): DomainError {
  return new DomainError(
    'factor-owed',
    'factor-owed',
    'Administrative authorization requires two-factor authentication.',
    { username },
  );
}

function actorOf(user: ProvenUser, actor: Actor): Actor {
  return { ...actor, principalId: user.principalId, accountId: user.accountId, name: user.username };
}

/** A sign-in that began with a password knows when; one that a token began does not (S61). */
function passwordProvenAt({ signIn }: AdminSession): Date | null {
  return signIn?.path === PASSWORD_PATH ? signIn.createdAt : null;
}
