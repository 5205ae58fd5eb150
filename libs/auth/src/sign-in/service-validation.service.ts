import { Injectable } from '@nestjs/common';
import { type Actor } from '@sallyport/audit';
import { type MfaMethod } from '@sallyport/mfa-methods';
import { Database, DomainError } from '@sallyport/platform';
import { type Token } from '@sallyport/tokens';
import { type Enforcement } from '../requirement/requirement.service.js';
import {
  type CredentialFor,
  releaseAll,
  SecondFactorService,
  type Unsatisfied,
} from '../second-factor/second-factor.service.js';
import { LostRace } from './finish.service.js';
import { invalidRequest, ServiceFinishService } from './service-finish.service.js';
import { PendingSignIns } from './pending-sign-ins.service.js';
import { SignInRefusalsService } from './sign-in-refusals.service.js';
import { type FoundSignIn, type SignIn, SignInRows } from './sign-in-rows.js';
import { unlessGone } from './unless-gone.js';

export type ValidateOutcome =
  | { kind: 'issued'; secret: string; token: Token }
  | { kind: 'unsatisfied'; principalId: string; unsatisfied: Unsatisfied };

/** The second of two phases: what is owed against a pending request (contract vault.md §3.4). */
@Injectable()
export class ServiceValidationService {
  constructor(
    private readonly database: Database,
    private readonly pending: PendingSignIns,
    private readonly secondFactor: SecondFactorService,
    private readonly rows: SignInRows,
    private readonly finishing: ServiceFinishService,
    private readonly refusals: SignInRefusalsService,
  ) {}

  /**
   * Phase 2. A wrong code leaves the request usable; success ends it (contract vault.md §3.4).
   * @param signal aborted when whoever waits has gone.
   * @throws DomainError `invalid` codes `invalid-request-id`, `no-enforcement`; `forbidden` code `disabled`.
   */
  async validate(
    requestId: string,
    credentialFor: CredentialFor,
    actor: Actor,
    signal?: AbortSignal,
  ): Promise<ValidateOutcome> {
    const { found, owed } = await this.database.gather((reads) =>
      this.pending.find(requestId, 'vault', reads),
    );
    if (found === null) {
      await this.refusals.step(actor, 'unknown request');
      throw invalidRequest();
    }
    return unlessGone(this.database, found.signIn, invalidRequest, () =>
      this.goOn(requestId, found, owed, credentialFor, actor, signal),
    );
  }

  private async goOn(
    requestId: string,
    found: FoundSignIn,
    owed: Enforcement[],
    credentialFor: CredentialFor,
    actor: Actor,
    signal?: AbortSignal,
  ): Promise<ValidateOutcome> {
    const { signIn } = found;
    const who = { ...actor, principalId: signIn.principalId, accountId: signIn.accountId };
    if (found.disabled || found.outdated)
      await this.refusals.step(who, found.disabled ? 'disabled' : 'changed since');
    if (found.disabled) throw new DomainError('forbidden', 'disabled', 'permission denied');
    if (found.outdated) throw invalidRequest();
    if (owed.length === 0) {
      await this.refusals.step(who, 'nothing owed');
      throw new DomainError('invalid', 'no-enforcement', 'found nil or empty MFAEnforcement configuration');
    }
    await this.refusals.mustBeAskable(owed, who);
    const result = await this.secondFactor.prove(owed, credentialFor, {
      principalId: signIn.principalId,
      signInId: signIn.id,
      signal,
      actor: who,
    });
    if ('unsatisfied' in result) {
      await this.refusals.unsatisfied(who, result.unsatisfied);
      // Of two at once with one right code the slower sees it spent by the faster: it is told that the request is over.
      if ((await this.rows.find(requestId, 'vault')) === null) throw invalidRequest();
      return { kind: 'unsatisfied', principalId: signIn.principalId, unsatisfied: result.unsatisfied };
    }
    return this.spendAndIssue(signIn, owed, result.proven, who);
  }

  private async spendAndIssue(
    signIn: SignIn,
    owed: Enforcement[],
    proven: Parameters<SecondFactorService['spend']>[1],
    actor: Actor,
  ): Promise<ValidateOutcome> {
    let lost: MfaMethod | null = null;
    try {
      const issued = await this.database.transaction(async (tx) => {
        const finisher = { ...signIn, factors: this.secondFactor.completed(proven) };
        const [taken, faster, grounds] = await Promise.all([
          this.rows.take(tx, signIn),
          this.secondFactor.spend(tx, proven),
          this.finishing.judge(tx, finisher, signIn.mountId),
        ]);
        lost = faster;
        if (!taken) throw invalidRequest();
        if (faster !== null) throw new LostRace();
        const { mountId, path, id: sessionId } = signIn;
        return this.finishing.issue(
          tx,
          finisher,
          grounds,
          { mountId, path, sessionId },
          actor,
          invalidRequest,
        );
      });
      return { kind: 'issued', ...issued };
    } catch (error) {
      await releaseAll(proven);
      const method = lost as MfaMethod | null;
      if (!(error instanceof LostRace) || method === null) throw error;
      const enforcement = owed.find(({ methodIds }) => methodIds.includes(method.id))!;
      return {
        kind: 'unsatisfied',
        principalId: signIn.principalId,
        unsatisfied: { enforcement, refusals: [{ method, refusal: { reason: 'wrong' } }] },
      };
    }
  }
}
