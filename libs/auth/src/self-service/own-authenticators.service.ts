import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import {
  type Authenticator,
  AuthenticatorsService,
  TotpEnrollmentsService,
  type TotpKey,
} from '@sallyport/mfa-methods';
import { Database, DomainError, type Transaction } from '@sallyport/platform';
import { OtherTokensService, type Token } from '@sallyport/tokens';
import { type OwnReset, SelfResetService, type Unproven } from '../enrolment/self-reset.service.js';
import { RequirementService } from '../requirement/requirement.service.js';
import { notFound } from '../scope/provider-scope.service.js';
import { refusalOf } from '../sign-in/admin-factor.service.js';
import type { AdminSession } from '../sign-in/admin-session.js';
import { LostRace } from '../sign-in/finish.service.js';
import { SignInRows } from '../sign-in/sign-in-rows.js';
import { FreshProofService } from './fresh-proof.service.js';

/** What people do with their own authenticators (S61, S62). */
@Injectable()
export class OwnAuthenticatorsService {
  constructor(
    private readonly database: Database,
    private readonly authenticators: AuthenticatorsService,
    private readonly enrollments: TotpEnrollmentsService,
    private readonly resets: SelfResetService,
    private readonly requirement: RequirementService,
    private readonly fresh: FreshProofService,
    private readonly tokens: OtherTokensService,
    private readonly rows: SignInRows,
  ) {}

  /** Asked before the rest of a request is judged (contract appgate.md §1.3 g). @throws DomainError `not-found`. */
  async mustHold({ principalId }: AdminSession, id: string): Promise<Authenticator> {
    const found = await this.authenticators.find(principalId, id);
    if (found === null) throw notFound();
    return found;
  }

  /** @throws DomainError `not-found`; as `FreshProofService.mustHave`. */
  async rename(session: AdminSession, id: string, name: string, actor: Actor): Promise<Authenticator> {
    const { principalId } = session;
    return this.database.transaction(async (tx) => {
      const found = await this.held(tx, session, id);
      await this.fresh.mustHave(session, tx);
      await this.authenticators.rename(tx, principalId, found, name, actor);
      return { ...found, name };
    });
  }

  /**
   * A seed that will take the place of the present one, for a code of that one, which is spent (S61). The old one works until then.
   * @throws DomainError `not-found`; `factor-rejected`, `throttled` for the code.
   */
  async beginReplacement(session: AdminSession, id: string, code: string, actor: Actor): Promise<TotpKey> {
    const begun = await this.resets.begin(await this.resetOf(session, id, actor), () => ({ code }));
    if ('unproven' in begun) throw refused(begun.unproven);
    return begun.key;
  }

  /**
   * The first right code of the new seed puts it in the old one's place; all other tokens of the person end (S39).
   * @throws DomainError `not-found`; `conflict` code `no-replacement` where this token has begun none; `factor-rejected`, `throttled`.
   */
  async confirmReplacement(session: AdminSession, id: string, code: string, actor: Actor): Promise<void> {
    const reset = await this.resetOf(session, id, actor);
    const unproven = await this.resets.confirm(reset, code).catch((error: unknown) => {
      if (error instanceof DomainError && error.code === 'no-reset')
        throw new DomainError('conflict', 'no-replacement', 'No replacement is in progress.');
      throw error;
    });
    if (unproven !== null) throw refused(unproven);
  }

  /**
   * Removes an authenticator; all other tokens and unfinished sign-ins of the person end with it (S39).
   * @throws DomainError `not-found`; as `FreshProofService.mustHave`; `conflict` code `last-factor` where something that is owed could
   *   then be proven by no authenticator of the person (S62).
   */
  async remove(session: AdminSession, id: string, actor: Actor): Promise<void> {
    const { principalId } = session;
    const token = tokenOf(session);
    await this.database.transaction(async (tx) => {
      // Of two who remove at once the second sees what the first has left (S62).
      await tx.execute('SELECT 1 FROM principals WHERE id = $1 FOR NO KEY UPDATE', [principalId]);
      const found = await this.held(tx, session, id);
      await this.fresh.mustHave(session, tx);
      await this.mustLeaveRequired(tx, principalId, found);
      await this.enrollments.remove(tx, found.methodId, principalId, actor, REMOVED);
      await this.tokens.keep(tx, principalId, token.id);
      await this.rows.dropPartialTokens(tx, principalId);
    });
  }

  /** For every login of the person: whatever is owed keeps a working authenticator; a stopped one counts as absent (S62). */
  private async mustLeaveRequired(tx: Transaction, principalId: string, gone: Authenticator): Promise<void> {
    const left = (await this.authenticators.of(principalId, tx)).filter(
      ({ id, disabled }) => id !== gone.id && !disabled,
    );
    const accounts = await tx.query<{ id: string }>('SELECT id FROM accounts WHERE principal_id = $1', [
      principalId,
    ]);
    for (const { id } of accounts) {
      const { owed } = await this.requirement.of(id, tx);
      const lost = owed.some(
        ({ methodIds }) =>
          methodIds.includes(gone.methodId) && !left.some(({ methodId }) => methodIds.includes(methodId)),
      );
      if (lost) throw new DomainError('conflict', 'last-factor', 'A required factor must remain.');
    }
  }

  private async held(tx: Transaction, { principalId }: AdminSession, id: string): Promise<Authenticator> {
    const found = await this.authenticators.find(principalId, id, tx);
    if (found === null) throw notFound();
    return found;
  }

  private async resetOf(session: AdminSession, id: string, actor: Actor): Promise<OwnReset> {
    const { methodId } = await this.mustHold(session, id);
    return { token: tokenOf(session), methodId, actor };
  }
}

const REMOVED = { kind: 'change', reason: 'removed by its owner' } as const;

function tokenOf({ token }: AdminSession): Token {
  if (token === null) throw new LostRace();
  return token;
}

function refused({ unsatisfied }: Unproven): DomainError {
  return refusalOf(unsatisfied.refusals[0]?.refusal);
}
