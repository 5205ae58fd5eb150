import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { Database, type Sql } from '@sallyport/platform';

/** Whose try it was, at what. */
export interface TriedFactor {
  method: { id: string };
  principalId: string;
  actor: Actor;
}

/** Writes down each factor that was not proven, whoever judged it, with the reason (S72, S73). */
@Injectable()
export class FactorRefusalsService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditService,
  ) {}

  /** A wrong try, in the transaction that counts it. */
  async counted(sql: Sql, tried: TriedFactor, failures: number): Promise<void> {
    await this.audit.record(sql, tried.actor, eventOf('sign-in.factor-refused', tried, 'wrong', failures));
  }

  /** What moves no count is written down all the same; repeats are folded (S79). */
  async uncounted(tried: TriedFactor, reason: string): Promise<void> {
    const event = eventOf('sign-in.factor-refused', tried, reason);
    const key = JSON.stringify([tried.principalId, tried.method.id, reason]);
    await this.audit.recordFolded(this.database, tried.actor, event, key);
  }

  /** Somebody outside was asked, and nothing was decided. */
  async unanswered(tried: TriedFactor, reason: string): Promise<void> {
    await this.audit.record(this.database, tried.actor, eventOf('sign-in.factor-unanswered', tried, reason));
  }

  /** Not looked at at all for now; repeats are folded (S79). */
  async throttled(tried: TriedFactor): Promise<void> {
    const event = eventOf('sign-in.factor-throttled', tried, 'throttled');
    await this.audit.recordFolded(
      this.database,
      tried.actor,
      event,
      `${tried.principalId}/${tried.method.id}`,
    );
  }
}

function eventOf<Action extends string>(
  action: Action,
  { method, principalId }: TriedFactor,
  reason: string,
  failures?: number,
) {
  return {
    action,
    outcome: 'failure' as const,
    object: { type: 'principal', id: principalId },
    detail: { methodId: method.id, reason, failures },
  };
}
