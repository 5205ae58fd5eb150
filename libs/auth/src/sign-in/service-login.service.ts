import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { type AuthMount, canonicalName, type IdentityProvider, PeopleService } from '@sallyport/identity';
import { type MfaMethod } from '@sallyport/mfa-methods';
import { Database, DomainError } from '@sallyport/platform';
import { type CompletedFactor, type Token } from '@sallyport/tokens';
import { SelfEnrollmentService } from '../enrolment/self-enrollment.service.js';
import { FirstFactorService, type ProvenUser } from '../first-factor/first-factor.service.js';
import { wrongPassword } from '../first-factor/refused-passwords.service.js';
import { type Enforcement, RequirementService } from '../requirement/requirement.service.js';
import {
  type CredentialFor,
  releaseAll,
  SecondFactorService,
} from '../second-factor/second-factor.service.js';
import { LostRace } from './finish.service.js';
import { ServiceFinishService } from './service-finish.service.js';
import { ServiceTokensService } from './service-tokens.service.js';
import { SignInRefusalsService } from './sign-in-refusals.service.js';
import { SignInRows } from './sign-in-rows.js';
import { unlessGone } from './unless-gone.js';

/** Seconds a login waits for its second factor: exactly, never extended (contract vault.md §3.3, S36). */
const REQUEST_LIFE = 300;

export interface ServiceLogin {
  mount: AuthMount;
  /** Of its users. */
  provider: IdentityProvider;
  username: string;
  password: string;
  /** Null: no second factor came along (two phases). */
  credentialFor: CredentialFor | null;
  /** Aborted when whoever waits has gone. */
  signal?: AbortSignal | undefined;
  actor: Actor;
}

/** A method as phase 1 names it; `selfEnrollment`: this person may enrol by the pending request. */
export interface OwedMethod {
  method: MfaMethod;
  selfEnrollment: boolean;
}

export type LoginOutcome =
  /** `unusedCredentials`: second factors came although none is owed. */
  | { kind: 'issued'; secret: string; token: Token; unusedCredentials: boolean }
  | { kind: 'factor-owed'; requestId: string; enforcements: { name: string; methods: OwedMethod[] }[] };

/** Logins that end in a service token, in one phase or two (contract vault.md §3, §4). */
@Injectable()
export class ServiceLoginService {
  constructor(
    private readonly database: Database,
    private readonly people: PeopleService,
    private readonly firstFactor: FirstFactorService,
    private readonly requirement: RequirementService,
    private readonly secondFactor: SecondFactorService,
    private readonly rows: SignInRows,
    private readonly finishing: ServiceFinishService,
    private readonly refusals: SignInRefusalsService,
    private readonly serviceTokens: ServiceTokensService,
    private readonly selfEnrollment: SelfEnrollmentService,
    private readonly audit: AuditService,
  ) {}

  /**
   * Password first, then everything that is owed: at once where codes came along, else by a pending request.
   * What ends a login meanwhile is told as a wrong password, or where codes came along as a wrong one.
   * @throws DomainError `rejected`, `throttled`, `unavailable` as `FirstFactorService.prove`; `forbidden` codes `entity-disabled`,
   *   `source-address`, `factor-not-offered`, `mfa-unsatisfied` (single phase; tells no more); `invalid` code `root-policy`.
   */
  async logIn(login: ServiceLogin): Promise<LoginOutcome> {
    const { mount, provider, username, password, actor } = login;
    const tried = { provider, providerName: mount.path, open: true, username, password, actor };
    const user = await this.firstFactor.prove(tried);
    const ended = login.credentialFor === null ? wrongPassword : unsatisfied;
    return unlessGone(this.database, user, ended, () => this.goOn(user, login, ended));
  }

  private async goOn(
    user: ProvenUser,
    { mount, credentialFor, signal, actor }: ServiceLogin,
    ended: () => DomainError,
  ): Promise<LoginOutcome> {
    const who = actorOf(user, actor);
    if (!user.principalShown)
      await this.database.transaction((tx) => this.people.show(tx, user.principalId, who));
    if (user.principalDisabled) throw new DomainError('forbidden', 'entity-disabled', 'permission denied');
    this.serviceTokens.mustBeBoundTo(user.tokenSettings, actor.clientAddress);
    const { owed } = await this.requirement.of(user.accountId);
    await this.refusals.mustBeAskable(owed, who);
    const base = {
      ...user,
      factors: [],
      path: `auth/${mount.path}/login/${canonicalName(user.username)}`,
      mount,
    };
    if (owed.length === 0) {
      const issued = await this.finish(base, [], who, ended);
      return { kind: 'issued', ...issued, unusedCredentials: credentialFor !== null };
    }
    if (credentialFor !== null) return this.finishAtOnce(base, owed, credentialFor, who, signal);
    return this.suspend(base, owed, who);
  }

  private async finishAtOnce(
    base: LoginBase,
    owed: Enforcement[],
    credentialFor: CredentialFor,
    actor: Actor,
    signal?: AbortSignal,
  ): Promise<LoginOutcome> {
    // No sign-in row exists, so no provisional seed can belong to it.
    const signInId = randomUUID();
    const result = await this.secondFactor.prove(owed, credentialFor, {
      principalId: base.principalId,
      signInId,
      signal,
      actor,
    });
    if ('unsatisfied' in result) {
      await this.refusals.unsatisfied(actor, result.unsatisfied);
      throw unsatisfied();
    }
    try {
      const issued = await this.finish(base, result.proven, actor, unsatisfied);
      return { kind: 'issued', ...issued, unusedCredentials: false };
    } catch (error) {
      await releaseAll(result.proven);
      throw error instanceof LostRace ? unsatisfied() : error;
    }
  }

  private async finish(
    base: LoginBase,
    proven: Parameters<SecondFactorService['spend']>[1],
    actor: Actor,
    ended: () => DomainError,
  ) {
    return this.database.transaction(async (tx) => {
      const finisher = { ...base, factors: this.secondFactor.completed(proven) };
      const [lost, grounds] = await Promise.all([
        this.secondFactor.spend(tx, proven),
        this.finishing.judge(tx, finisher, base.mount.id),
      ]);
      if (lost !== null) throw new LostRace();
      const login = { mountId: base.mount.id, path: base.path, sessionId: randomUUID() };
      return this.finishing.issue(tx, finisher, grounds, login, actor, ended);
    });
  }

  private async suspend(base: LoginBase, owed: Enforcement[], actor: Actor): Promise<LoginOutcome> {
    const requestId = randomUUID();
    await this.database.transaction(async (tx) => {
      await this.rows.add(tx, {
        handle: requestId,
        origin: 'vault',
        principalId: base.principalId,
        accountId: base.accountId,
        localUserId: base.localUserId,
        credentialVersion: base.credentialVersion,
        mountId: base.mount.id,
        parentTokenId: null,
        deviceId: null,
        factors: [],
        path: base.path,
        clientAddress: actor.clientAddress ?? '',
        life: REQUEST_LIFE,
        sessionExpiresAt: null,
      });
      await this.rows.dropOldest(tx, base.principalId);
      await this.audit.record(tx, actor, {
        action: 'sign-in.password-accepted',
        outcome: 'success',
        object: { type: 'account', id: base.accountId },
        detail: { owed: owed.map(({ name }) => name) },
      });
    });
    const open = await this.selfEnrollment.openTo(base.principalId, owed);
    const enforcements = owed.map(({ name, methods }) => ({
      name,
      methods: methods.map((method) => ({ method, selfEnrollment: open.has(method.id) })),
    }));
    return { kind: 'factor-owed', requestId, enforcements };
  }
}

type LoginBase = ProvenUser & { factors: CompletedFactor[]; path: string; mount: AuthMount };

function unsatisfied(): DomainError {
  return new DomainError('forbidden', 'mfa-unsatisfied', 'permission denied');
}

function actorOf(user: ProvenUser, actor: Actor): Actor {
  return { ...actor, principalId: user.principalId, accountId: user.accountId, name: user.username };
}
