import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import { Clock, sourceNetwork, type Sql, storableText } from '@sallyport/platform';
import { NoticesService } from './notices.service.js';

export type FactorEventKind = 'bind' | 'change' | 'reset' | 'recovery' | 'disable';

/** The reason of a reset by a route whose clients send none (S63). */
export const RESET_BY_ADMINISTRATOR = 'reset by an administrator';

/** Something that happened to a person's factor. */
export interface FactorEvent {
  kind: FactorEventKind;
  /** Whose factor it is. */
  principalId: string;
  /** `password`, or the type and id of an MFA method and its name, where it has one. */
  factor: { type: string; methodId?: string; methodName?: string | null };
  reason?: string;
}

/**
 * What became of people's factors, for good: a row that outlives factor, method and person, and a notice to the owner. Both are written
 * in the transaction of the act (S64).
 */
@Injectable()
export class FactorHistory {
  constructor(
    private readonly notices: NoticesService,
    private readonly clock: Clock,
  ) {}

  /** @param actor who did it; anybody but the owner: the row and the notice say *set by another* (S58). */
  async record(tx: Sql, actor: Actor, { principalId, ...event }: FactorEvent): Promise<void> {
    await this.recordOfAll(tx, actor, [principalId], event);
  }

  /** The same act on the factors of several people, such as the end of their method. */
  async recordOfAll(
    tx: Sql,
    actor: Actor,
    principalIds: readonly string[],
    { kind, factor, reason }: Omit<FactorEvent, 'principalId'>,
  ): Promise<void> {
    const by = actor.name && storableText(actor.name);
    const network = actor.clientAddress === null ? null : sourceNetwork(actor.clientAddress);
    await tx.execute(INSERT, [
      principalIds,
      this.clock.now(),
      kind,
      factor.type,
      factor.methodId ?? null,
      factor.methodName ?? null,
      reason ?? null,
      actor.principalId,
      by,
      network,
    ]);
    const others = principalIds.filter((principalId) => principalId !== actor.principalId);
    const detail = { factor, reason, by, network };
    await this.notices.post(tx, others, `factor-${kind}`, { ...detail, setByAnother: true });
    if (others.length < principalIds.length)
      await this.notices.post(tx, [actor.principalId!], `factor-${kind}`, { ...detail, setByAnother: false });
  }
}

const INSERT = `
  INSERT INTO factor_history (id, principal_id, at, kind, factor_type, method_id, method_name, reason, actor_principal_id, actor_name,
    network, set_by_another)
  SELECT gen_random_uuid(), person, $2, $3, $4, $5, $6, $7, $8::uuid, $9, $10, person IS DISTINCT FROM $8::uuid
  FROM unnest($1::uuid[]) person`;
