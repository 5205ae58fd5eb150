import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { Database, DomainError } from '@sallyport/platform';
import { type Enforcement } from '../requirement/requirement.service.js';
import { type Unsatisfied } from '../second-factor/second-factor.service.js';

/** Sign-ins that come to nothing, written down (S73). */
@Injectable()
export class SignInRefusalsService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditService,
  ) {}

  /**
   * What is owed and cannot be proven at `/v1`, such as a RADIUS provider of `/admin`, lets nobody in there (contract vault.md §1.9).
   * @throws DomainError `forbidden` code `factor-not-offered`.
   */
  async mustBeAskable(owed: Enforcement[], actor: Actor): Promise<void> {
    const closed = owed.find(
      ({ methods }) => methods.length > 0 && !methods.some(({ offeredAt }) => offeredAt.includes('vault')),
    );
    if (closed === undefined) return;
    await this.audit.record(this.database, actor, {
      action: 'sign-in.refused',
      outcome: 'denied',
      object: { type: 'account', id: actor.accountId ?? '' },
      detail: { enforcement: closed.name, reason: 'factor-not-offered' },
    });
    throw new DomainError('forbidden', 'factor-not-offered', 'permission denied');
  }

  /** What was evaluated is written down where that is done; the rest here. */
  async unsatisfied(actor: Actor, { enforcement, refusals }: Unsatisfied): Promise<void> {
    const evaluated = refusals.some(({ refusal }) => !['missing', 'unreadable'].includes(refusal.reason));
    if (!evaluated) await this.step(actor, 'no credential', { enforcement: enforcement.name });
  }

  /** A step that comes to nothing is an event (S73); repeats are folded (S79). */
  async step(actor: Actor, reason: string, detail: object = {}): Promise<void> {
    const event = {
      action: 'sign-in.refused',
      outcome: 'denied',
      object: { type: 'account', id: actor.accountId ?? '' },
      detail: { reason, ...detail },
    } as const;
    const key = JSON.stringify([actor.accountId ?? actor.clientAddress, event.detail]);
    await this.audit.recordFolded(this.database, actor, event, key);
  }
}
