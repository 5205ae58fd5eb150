import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { PeopleService } from '@sallyport/identity';
import { DEFAULT_METHOD_ID, type MfaMethod, TotpEnrollmentsService } from '@sallyport/mfa-methods';
import { Database, DomainError, type Transaction } from '@sallyport/platform';
import { type CompletedFactor, newAuthToken, TokensService } from '@sallyport/tokens';
import { type Enforcement, RequirementService } from '../requirement/requirement.service.js';
import { releaseAll, SecondFactorService } from '../second-factor/second-factor.service.js';
import { type AdminSession } from './admin-session.js';
import { PARTIAL_LIFE, type PartialToken } from './admin-sign-in.service.js';
import { LostRace } from './finish.service.js';
import { SignInRows } from './sign-in-rows.js';

/** What `initialize` answers: a new secret (base32), or that there is one. */
export type BegunFactor = { method: MfaMethod } & (
  { kind: 'secret'; secret: string } | { kind: 'already-seeded' }
);

/** The factor steps of `/admin`: initialize and otp (contract appgate.md §2.4, §2.5, §2.10). */
@Injectable()
export class AdminFactorService {
  constructor(
    private readonly database: Database,
    private readonly people: PeopleService,
    private readonly enrollments: TotpEnrollmentsService,
    private readonly secondFactor: SecondFactorService,
    private readonly requirement: RequirementService,
    private readonly rows: SignInRows,
    private readonly tokens: TokensService,
    private readonly audit: AuditService,
  ) {}

  /**
   * Prepares the next owed factor. The same session gets the same provisional secret again; a bound one is never shown.
   * @throws DomainError `factor-not-pending`.
   */
  async begin(session: AdminSession, actor: Actor): Promise<BegunFactor> {
    const { method } = await this.next(session);
    if (method.id !== DEFAULT_METHOD_ID) return { method, kind: 'already-seeded' };
    const begun = await this.enrollments.beginFor(method, session.principalId, session.scopeId, actor);
    return 'secret' in begun
      ? { method, kind: 'secret', secret: begun.secret }
      : { method, kind: 'already-seeded' };
  }

  /**
   * Proves the next owed factor; the token of the request dies and a fresh one is handed out, pending while more is owed.
   * A token of `/v1` is neither ended nor lengthened: what it earns is a sign-in of its own that dies with it.
   * @throws DomainError `factor-not-pending`; `factor-rejected` (wrong, replayed, not enrolled, disabled: all alike, S23); `throttled`.
   */
  async prove(session: AdminSession, code: string, actor: Actor): Promise<PartialToken> {
    const { enforcement, method } = await this.next(session);
    const narrowed = { ...enforcement, methods: [method] };
    const prover = { principalId: session.principalId, signInId: session.scopeId, actor };
    const result = await this.secondFactor.prove([narrowed], () => ({ code }), prover);
    if ('unsatisfied' in result) throw refusalOf(result.unsatisfied.refusals[0]?.refusal);
    const secret = newAuthToken();
    try {
      const factors = await this.database.transaction(async (tx) => {
        const spent = await this.secondFactor.spend(tx, result.proven);
        if ('lost' in spent) throw wrongCode();
        const completed = [...session.factors, ...spent.completed];
        await this.moveOn(tx, session, secret, completed);
        await this.people.show(tx, session.principalId);
        await this.audit.record(tx, actor, {
          action: 'sign-in.factor-accepted',
          outcome: 'success',
          object: { type: 'account', id: session.accountId },
          detail: { factors: spent.completed },
        });
        return completed;
      });
      const pending = (await this.requirement.missing(session.accountId, factors)).length > 0;
      return { username: session.username, secret, pending, expiresAt: session.expiresAt };
    } catch (error) {
      await releaseAll(result.proven);
      throw error;
    }
  }

  private async moveOn(
    tx: Transaction,
    session: AdminSession,
    secret: string,
    factors: CompletedFactor[],
  ): Promise<void> {
    if (session.signIn !== null) {
      if (!(await this.rows.advance(tx, session.signIn, secret, factors, PARTIAL_LIFE))) throw new LostRace();
      return;
    }
    // A final token that owes something again gives way like a partial one; a token of `/v1` stays (§2.1, §2.5).
    if (session.kind === 'final' && !(await this.tokens.giveUp(tx, session.token!.id))) throw new LostRace();
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
  }

  /**
   * The enforcement that is asked for now, the built-in method first; of its methods the first that can be asked for here:
   * the built-in one, or a TOTP method the user has a seed for (§2.10).
   */
  private async next(session: AdminSession): Promise<{ enforcement: Enforcement; method: MfaMethod }> {
    const enforcement =
      session.missing.find(({ methodIds }) => methodIds.includes(DEFAULT_METHOD_ID)) ?? session.missing[0];
    if (enforcement === undefined)
      throw new DomainError(
        'factor-not-pending',
        'factor-not-pending',
        'Multi-factor authentication is not pending for this token.',
      );
    const enrolled = await this.enrollments.listOf([session.principalId]);
    const canBeAsked = (method: MfaMethod) =>
      method.id === DEFAULT_METHOD_ID ||
      enrolled.some(({ methodId, boundAt }) => methodId === method.id && boundAt !== null);
    const method = enforcement.methods.find(canBeAsked) ?? enforcement.methods[0];
    if (method === undefined) throw wrongCode();
    return { enforcement, method };
  }
}

function refusalOf(refusal: { reason: string; retryAfter?: number } | undefined): DomainError {
  if (refusal?.reason === 'throttled')
    return new DomainError('throttled', 'factor-throttled', 'Too many failed attempts. Try again later.', {
      retryAfter: refusal.retryAfter,
    });
  return wrongCode();
}

function wrongCode(): DomainError {
  return new DomainError(
    'factor-rejected',
    'wrong-code',
    'Invalid one-time password. Please make sure the time on your device is correct.',
  );
}
