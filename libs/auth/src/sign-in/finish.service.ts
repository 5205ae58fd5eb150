import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { DomainError, Metrics, sourceNetwork, type Transaction } from '@sallyport/platform';
import type { CompletedFactor } from '@sallyport/tokens';
import { PasswordThrottleService } from '../first-factor/password-throttle.service.js';
import { RequirementService } from '../requirement/requirement.service.js';

/** Whose sign-in is about to end in a full token. */
export interface Finisher {
  principalId: string;
  accountId: string;
  localUserId: string;
  credentialVersion: number;
  factors: CompletedFactor[];
  /** It came from a token, not from a password: then it tells nothing of where passwords are known. */
  fromToken?: boolean;
}

/** Nothing is in the way. */
export interface Cleared {
  ok: true;
  /** Admin MFA is on, and this account is exempt from it (S53). */
  exempted: boolean;
}

export type Judgement = Cleared | { ok: false; why: 'disabled' | 'outdated' | 'owed' };

/** What every path to a full token does in its last transaction: judge anew, clear the counts, write it down (S07, S37, S53, S72). */
@Injectable()
export class FinishService {
  constructor(
    private readonly requirement: RequirementService,
    private readonly throttle: PasswordThrottleService,
    private readonly audit: AuditService,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Account enabled, password not changed since, and nothing owed that has not been proven: as of now, not as of step one (S37).
   * One user's sign-ins are finished one after the other: `close` writes to the row that is held here.
   */
  async judge(tx: Transaction, finisher: Finisher): Promise<Judgement> {
    const [[row], standing] = await Promise.all([
      tx.query<{ disabled: boolean; outdated: boolean }>(
        `SELECT u.disabled OR p.disabled AS disabled, u.credential_version <> $3 OR a.principal_id <> $2 AS outdated
         FROM local_users u JOIN accounts a ON a.id = u.account_id JOIN principals p ON p.id = a.principal_id
         WHERE u.id = $1 FOR NO KEY UPDATE OF u FOR SHARE OF p`,
        [finisher.localUserId, finisher.principalId, finisher.credentialVersion],
      ),
      this.requirement.stands(finisher.accountId, finisher.factors, tx),
    ]);
    if (row === undefined) return { ok: false, why: 'outdated' };
    if (row.disabled) return { ok: false, why: 'disabled' };
    if (row.outdated) return { ok: false, why: 'outdated' };
    return standing.met ? { ok: true, exempted: standing.exempted } : { ok: false, why: 'owed' };
  }

  /** A full sign-in: its network is known, and the failed passwords it felt are forgotten (S07, S08); the event is written. */
  async close(
    tx: Transaction,
    finisher: Finisher,
    { exempted }: Pick<Cleared, 'exempted'>,
    actor: Actor,
  ): Promise<void> {
    const { accountId, factors } = finisher;
    tx.onCommit(() => this.metrics.countSignIn(factors.at(-1)?.type ?? 'password'));
    const object = { type: 'account', id: accountId };
    if (exempted)
      await this.audit.record(tx, actor, { action: 'sign-in.exempted', outcome: 'success', object });
    await this.audit.record(tx, actor, {
      action: 'sign-in.finished',
      outcome: 'success',
      object,
      detail: { factors },
    });
    if (finisher.fromToken !== true)
      await this.throttle.signedIn(tx, accountId, sourceNetwork(actor.clientAddress ?? ''));
  }
}

/** Undoes a transaction whose last conditional statement was lost to somebody faster. */
export class LostRace extends DomainError {
  constructor() {
    super('unauthenticated', 'lost-race', 'The sign-in was finished or ended meanwhile.');
  }
}
