import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock, DomainError, isRepeatable, type Sql, storableText } from '@sallyport/platform';
import type { Actor } from './actor.js';
import type { AuditEvent } from './audit-event.js';

/** Characters of one text in an event: as many as any field of a request is kept with. */
const LONGEST = 10_000;

/** Writes audit events in the transaction of the act they tell of (S72). */
@Injectable()
export class AuditService {
  constructor(private readonly clock: Clock) {}

  /**
   * @param sql the transaction of the act; where nothing else is written, the database itself.
   * @throws DomainError `unavailable` where the event cannot be kept: then the act must not happen either.
   */
  async record(sql: Sql, actor: Actor, event: AuditEvent): Promise<void> {
    try {
      await this.insert(sql, actor, event);
    } catch (error) {
      // A deadlock is for the transaction to do again; anything else is told in one way (S72).
      if (isRepeatable(error) || error instanceof DomainError) throw error;
      throw new DomainError(
        'unavailable',
        'audit-unavailable',
        'The service is not available.',
        { retryAfter: 1 },
        { cause: error },
      );
    }
  }

  private async insert(sql: Sql, actor: Actor, event: AuditEvent): Promise<void> {
    await sql.execute(
      `INSERT INTO audit_events (id, at, action, outcome, actor_principal_id, actor_account_id, actor_name, token_accessor,
         client_address, request_id, object_type, object_id, detail)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
      [
        randomUUID(),
        this.clock.now(),
        event.action,
        event.outcome,
        actor.principalId,
        actor.accountId,
        actor.name && storableText(actor.name),
        actor.tokenAccessor,
        actor.clientAddress,
        actor.requestId,
        event.object?.type ?? null,
        event.object ? storableText(event.object.id) : null,
        JSON.stringify(event.detail ?? {}, kept),
      ],
    );
  }
}

/** Whatever a caller sent can be written down (S77). */
function kept(_: string, value: unknown): unknown {
  return typeof value === 'string' ? storableText(value.slice(0, LONGEST)) : value;
}
