import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { DevicesService, PeopleService } from '@sallyport/identity';
import {
  type BegunFactor as Begun,
  DEFAULT_METHOD_ID,
  EnrolmentWindowService,
  type FactorRefusal,
  FactorRefusalsService,
  FactorsService,
  type MfaMethod,
  PUSH_SERVICES,
} from '@sallyport/mfa-methods';
import { Database, DomainError, type Transaction } from '@sallyport/platform';
import { type CompletedFactor, newAuthToken, TokenRevocationService } from '@sallyport/tokens';
import { type Enforcement, isSatisfied } from '../requirement/requirement.service.js';
import { releaseAll, SecondFactorService } from '../second-factor/second-factor.service.js';
import { type AdminSession, mustBeTradable } from './admin-session.js';
import { PARTIAL_LIFE, type PartialToken, signInEnded } from './admin-sign-in.service.js';
import { LostRace } from './finish.service.js';
import { SignInRows } from './sign-in-rows.js';
import { unlessGone } from './unless-gone.js';

/** What `initialize` answers, and of which method. */
export type BegunFactor = { method: MfaMethod } & Exclude<Begun, { kind: 'refused' }>;

/** The factor steps of `/admin`: initialize and otp (contract appgate.md §2.4, §2.5, §2.10). */
@Injectable()
export class AdminFactorService {
  constructor(
    private readonly database: Database,
    private readonly people: PeopleService,
    private readonly devices: DevicesService,
    private readonly factors: FactorsService,
    private readonly refusals: FactorRefusalsService,
    private readonly window: EnrolmentWindowService,
    private readonly secondFactor: SecondFactorService,
    private readonly rows: SignInRows,
    private readonly revocation: TokenRevocationService,
    private readonly audit: AuditService,
  ) {}

  /**
   * Prepares the next owed factor. The same session gets the same provisional secret again; a bound one is never shown.
   * @param userPassword for methods that pass it on; null where none came.
   * @throws DomainError `factor-not-pending`; `forbidden` code `restricted-use`; of methods judged outside `invalid` (no password), `factor-rejected`, `throttled`;
   *   `unauthenticated` where the user is gone by now.
   */
  async begin(session: AdminSession, actor: Actor, userPassword: string | null = null): Promise<BegunFactor> {
    return unlessGone(this.database, session, signInEnded, () => this.prepare(session, actor, userPassword));
  }

  private async prepare(
    session: AdminSession,
    actor: Actor,
    userPassword: string | null,
  ): Promise<BegunFactor> {
    const { method } = await this.next(session);
    const { principalId, username, scopeId: signInId } = session;
    const provenMethodIds = session.factors.map(({ methodId }) => methodId);
    const begun = await this.factors.begin({
      method,
      principalId,
      username,
      signInId,
      userPassword,
      provenMethodIds,
      actor,
    });
    if (begun.kind === 'refused') throw refusalOf(begun.refusal);
    return { method, ...begun };
  }

  /**
   * Proves the next owed factor; the token of the request dies and a fresh one is handed out, pending while more is owed.
   * A token of `/v1` is neither ended nor lengthened: what it earns is a sign-in of its own that dies with it.
   * @param state of the challenge, where the client sent it back; it must be the one that was issued (§2.5).
   * @throws DomainError `factor-not-pending`; `forbidden` code `restricted-use`; `factor-rejected` (wrong, replayed, not enrolled, disabled: all alike, S23; code
   *   `mfa-provider-silent` where nobody answered); `throttled`; `unauthenticated` where the user is gone by now.
   */
  async prove(
    session: AdminSession,
    code: string,
    actor: Actor,
    state: string | null = null,
  ): Promise<PartialToken> {
    return unlessGone(this.database, session, signInEnded, () => this.proveNext(session, code, actor, state));
  }

  private async proveNext(
    session: AdminSession,
    code: string,
    actor: Actor,
    state: string | null,
  ): Promise<PartialToken> {
    const { enforcement, method } = await this.next(session);
    if (PUSH_SERVICES.includes(method.type)) throw await this.refuseUnasked(session, method, actor);
    const narrowed = { ...enforcement, methods: [method] };
    const prover = { principalId: session.principalId, signInId: session.scopeId, actor };
    const result = await this.secondFactor.prove([narrowed], () => ({ code, state }), prover);
    if ('unsatisfied' in result) throw refusalOf(result.unsatisfied.refusals[0]?.refusal);
    const secret = newAuthToken();
    try {
      const factors = await this.database.transaction(async (tx) => {
        const completed = this.secondFactor.completed(result.proven);
        const all = [...session.factors, ...completed];
        const [lost, , moved] = await Promise.all([
          this.secondFactor.spend(tx, result.proven, session.factors),
          this.devices.see(tx, session.accountId, session.deviceId),
          this.moveOn(tx, session, secret, all),
          this.people.show(tx, session.principalId, actor),
        ]);
        if (lost !== null) throw wrongCode();
        if (!moved) throw new LostRace();
        await this.audit.record(tx, actor, {
          action: 'sign-in.factor-accepted',
          outcome: 'success',
          object: { type: 'account', id: session.accountId },
          detail: { factors: completed },
        });
        return all;
      });
      const pending = session.missing.some((other) => !isSatisfied(other, factors));
      return { username: session.username, secret, pending, expiresAt: session.expiresAt };
    } catch (error) {
      await releaseAll(result.proven);
      throw error;
    }
  }

  /** @returns false where what was shown has ended meanwhile. */
  private async moveOn(
    tx: Transaction,
    session: AdminSession,
    secret: string,
    factors: CompletedFactor[],
  ): Promise<boolean> {
    if (session.signIn !== null) return this.rows.advance(tx, session.signIn, secret, factors, PARTIAL_LIFE);
    const parentTokenId = session.kind === 'final' ? session.token!.parentId : session.token!.id;
    await this.rows.add(tx, {
      handle: secret,
      origin: 'appgate',
      principalId: session.principalId,
      accountId: session.accountId,
      localUserId: session.localUserId,
      credentialVersion: session.credentialVersion,
      mountId: null,
      parentTokenId,
      deviceId: session.deviceId,
      factors,
      path: '/admin/authentication/otp',
      clientAddress: session.clientAddress,
      life: PARTIAL_LIFE,
      sessionExpiresAt: session.expiresAt,
    });
    // A final token that owes something again gives way like a partial one; a token of `/v1` stays (§2.1, §2.5). Last: if it was ended
    // before this it is refused, and if everybody's were after, the sign-in above carries the old stamp (S40).
    return session.kind !== 'final' || this.revocation.giveUp(tx, session.token!.id);
  }

  /**
   * The enforcement that is asked for now, the built-in method first (§2.10), but a factor the person has before one that is only then
   * made (S60); of its methods the first that can be asked for here.
   */
  private async next(session: AdminSession): Promise<{ enforcement: Enforcement; method: MfaMethod }> {
    mustBeTradable(session);
    const enforcement = await this.firstOf(session);
    if (enforcement === undefined)
      throw new DomainError(
        'factor-not-pending',
        'factor-not-pending',
        'Multi-factor authentication is not pending for this token.',
      );
    const [only, ...others] = enforcement.methods;
    const method =
      others.length === 0 ? only : ((await this.firstAskable(enforcement, session.principalId)) ?? only);
    if (method === undefined) throw wrongCode();
    return { enforcement, method };
  }

  /** A push service is not asked from here: every code is wrong (§2.10), and nobody's telephone rings. */
  private async refuseUnasked(
    { principalId }: AdminSession,
    method: MfaMethod,
    actor: Actor,
  ): Promise<DomainError> {
    await this.refusals.uncounted({ method, principalId, actor }, 'unsupported-type');
    return wrongCode();
  }

  private async firstOf({ missing, principalId }: AdminSession): Promise<Enforcement | undefined> {
    const builtIn = missing.find(({ methodIds }) => methodIds.includes(DEFAULT_METHOD_ID));
    if (builtIn === undefined || missing.length === 1) return builtIn ?? missing[0];
    const bound = new Set((await this.window.boundMethods(principalId)).map(({ methodId }) => methodId));
    const isBound = ({ methodIds }: Enforcement): boolean => methodIds.some((id) => bound.has(id));
    return isBound(builtIn) ? builtIn : (missing.find(isBound) ?? builtIn);
  }

  private async firstAskable({ methods }: Enforcement, principalId: string): Promise<MfaMethod | null> {
    for (const method of methods) if (await this.factors.canBeAskedOf(method, principalId)) return method;
    return null;
  }
}

/** What a caller of `/admin` is told of a second factor that was not right. */
export function refusalOf(refusal: FactorRefusal | { reason: 'unreadable' } | undefined): DomainError {
  if (refusal?.reason === 'silent')
    return new DomainError('factor-rejected', 'mfa-provider-silent', 'The MFA provider did not respond.');
  if (refusal?.reason !== 'throttled') return wrongCode();
  const { retryAfter } = refusal;
  return new DomainError('throttled', 'factor-throttled', 'Too many failed attempts. Try again later.', {
    retryAfter,
  });
}

function wrongCode(): DomainError {
  return new DomainError(
    'factor-rejected',
    'wrong-code',
    'Invalid one-time password. Please make sure the time on your device is correct.',
  );
}
