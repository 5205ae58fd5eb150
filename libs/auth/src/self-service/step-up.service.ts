import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { IdentityProvidersService } from '@sallyport/identity';
import { AuthenticatorsService, MfaMethodsService, type ProvenFactor } from '@sallyport/mfa-methods';
import { Clock, Database, DomainError, type Transaction } from '@sallyport/platform';
import { EffectivePrivilegesService } from '@sallyport/privileges';
import { type CompletedFactor, type Token, TokenRevocationService } from '@sallyport/tokens';
import { FirstFactorService } from '../first-factor/first-factor.service.js';
import { releaseAll, SecondFactorService } from '../second-factor/second-factor.service.js';
import { refusalOf } from '../sign-in/admin-factor.service.js';
import type { AdminSession } from '../sign-in/admin-session.js';
import type { Authorization } from '../sign-in/admin-sign-in.service.js';
import { AdminTokensService } from '../sign-in/admin-tokens.service.js';
import { FinishService, LostRace } from '../sign-in/finish.service.js';

/** What is proven anew: the password, a code of an authenticator, or both. */
export interface FreshProof {
  password: string | null;
  code: string | null;
  /** Of which authenticator the code is; null: of the only one. */
  authenticatorId: string | null;
}

/** Proves anew who holds a session; the session gets a new token (S38, S61). */
@Injectable()
export class StepUpService {
  constructor(
    private readonly database: Database,
    private readonly providers: IdentityProvidersService,
    private readonly firstFactor: FirstFactorService,
    private readonly authenticators: AuthenticatorsService,
    private readonly methods: MfaMethodsService,
    private readonly secondFactor: SecondFactorService,
    private readonly finishing: FinishService,
    private readonly issuing: AdminTokensService,
    private readonly revocation: TokenRevocationService,
    private readonly privileges: EffectivePrivilegesService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * The token of the call ends, and a new one of the same session takes its place; it ends no later and says what was proven now.
   * Password and code are counted like those of a sign-in (S10).
   * @throws DomainError `invalid` where neither is given or the authenticator is in doubt; `rejected`, `factor-rejected`, `throttled`.
   */
  async renew(session: AdminSession, proof: FreshProof, actor: Actor): Promise<Authorization> {
    const before = mustBeFinal(session);
    if (proof.password === null && proof.code === null) throw DomainError.invalid('code', 'may not be null');
    const methodId = proof.code === null ? null : await this.methodOf(session, proof.authenticatorId);
    const passwordProvenAt =
      proof.password === null
        ? before.passwordProvenAt
        : await this.provePassword(session, proof.password, actor);
    const proven =
      methodId === null || proof.code === null
        ? []
        : await this.proveCode(session, methodId, proof.code, actor);
    const { secret, token } = await this.exchange(session, before, proven, passwordProvenAt, actor);
    const privileges = await this.privileges.of(session);
    return { username: session.username, secret, expiresAt: token.expiresAt!, privileges };
  }

  private async exchange(
    session: AdminSession,
    before: Token,
    proven: ProvenFactor[],
    passwordProvenAt: Date | null,
    actor: Actor,
  ): Promise<{ secret: string; token: Token }> {
    try {
      return await this.database.transaction(async (tx) => {
        if ((await this.secondFactor.spend(tx, proven, session.factors)) !== null) throw refusalOf(undefined);
        const completed = this.secondFactor.completed(proven);
        const factors = merged(session.factors, completed);
        await this.mustStand(tx, session, factors);
        const { sessionId, parentId: parent } = before;
        const issued = await this.issuing.issue(
          tx,
          { ...session, factors },
          { deviceId: session.deviceId, sessionId, parent, endsBy: session.expiresAt, passwordProvenAt },
          actor,
        );
        if (!(await this.revocation.giveUp(tx, before.id))) throw new LostRace();
        await this.audit.record(tx, actor, {
          action: 'sign-in.proof-renewed',
          outcome: 'success',
          object: { type: 'account', id: session.accountId },
          detail: {
            password: passwordProvenAt !== before.passwordProvenAt,
            factors: completed,
            successor: issued.token.accessor,
          },
        });
        return issued;
      });
    } catch (error) {
      await releaseAll(proven);
      throw error;
    }
  }

  private async mustStand(tx: Transaction, session: AdminSession, factors: CompletedFactor[]): Promise<void> {
    if (!(await this.finishing.judge(tx, { ...session, factors })).ok) throw new LostRace();
  }

  private async provePassword(
    { providerName, username }: AdminSession,
    password: string,
    actor: Actor,
  ): Promise<Date> {
    const provider = await this.providers.findByExactName(providerName);
    const attempt = { provider, providerName, open: true, hidesDisabledPerson: true, username, password };
    await this.firstFactor.prove({ ...attempt, actor });
    return this.clock.now();
  }

  private async proveCode(
    { principalId, scopeId: signInId }: AdminSession,
    methodId: string,
    code: string,
    actor: Actor,
  ): Promise<ProvenFactor[]> {
    const method = await this.methods.find(methodId);
    if (method === null) throw refusalOf(undefined);
    const asked = { name: '', methods: [method], methodIds: [method.id] };
    const result = await this.secondFactor.prove([asked], () => ({ code }), { principalId, signInId, actor });
    if ('unsatisfied' in result) throw refusalOf(result.unsatisfied.refusals[0]?.refusal);
    return result.proven;
  }

  /** Only a bound authenticator proves anything here: none is made by the way (S59, S60). */
  private async methodOf({ principalId }: AdminSession, id: string | null): Promise<string> {
    const bound = await this.authenticators.of(principalId);
    const [wanted, ...others] = id === null ? bound : bound.filter((one) => one.id === id);
    if (wanted === undefined) throw DomainError.invalid('authenticatorId', 'does not exist');
    if (others.length > 0) throw DomainError.invalid('authenticatorId', 'may not be null');
    return wanted.methodId;
  }
}

function mustBeFinal({ kind, token }: AdminSession): Token {
  if (kind === 'final' && token !== null) return token;
  throw new DomainError('forbidden', 'no-final-token', 'Only a full session can be proven anew.');
}

/** The newest proof of each method. */
function merged(earlier: CompletedFactor[], now: CompletedFactor[]): CompletedFactor[] {
  return [...earlier.filter((old) => now.every(({ methodId }) => methodId !== old.methodId)), ...now];
}
