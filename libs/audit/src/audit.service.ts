import { createHash, randomUUID } from 'node:crypto';
import { Injectable, Optional } from '@nestjs/common';
import {
  Clock,
  DomainError,
  isRepeatable,
  isTransaction,
  Metrics,
  type Sql,
  type Transaction,
} from '@sallyport/platform';
import type { Actor } from './actor.js';
import { keptChange } from './audit-change.js';
import type { AuditEvent, AuditRefusal } from './audit-event.js';
import { type AuditRecord, canonicalBytes, keptDetail, keptText, recordTime } from './audit-record.js';
import { AuditKeysService } from './chain/audit-keys.service.js';

/** Writes audit events in the transaction of the act they tell of (S72), each with a hash under a key Postgres does not reveal (S74). */
@Injectable()
export class AuditService {
  private readonly held = new WeakMap<Transaction, unknown[][]>();

  constructor(
    private readonly clock: Clock,
    private readonly keys: AuditKeysService,
    @Optional() private readonly metrics?: Metrics,
  ) {}

  /**
   * @param sql the transaction of the act, whose events are written when it is done; where nothing else is written, the database itself.
   * @throws DomainError `unavailable`, here or when the transaction ends, where the event cannot be kept: then the act does not happen either.
   */
  async record(sql: Sql, actor: Actor, event: AuditEvent): Promise<void> {
    await orUnavailable(async () => {
      const row = await this.rowOf(actor, event);
      if (isTransaction(sql)) this.hold(sql, row);
      else await insert(sql, [row]);
    });
  }

  /**
   * Writes a refusal that may come in floods: the first of a key at once, those that follow as one event a minute with `folded`, their
   * number (S79). One statement, so that none is lost.
   * @param key what is counted as one; refusals of other keys are not held up.
   * @throws DomainError `unavailable`, as `record` does.
   */
  async recordFolded(sql: Sql, actor: Actor, event: AuditRefusal, key: string): Promise<void> {
    await orUnavailable(async () => {
      const hash = createHash('sha256')
        .update(JSON.stringify([event.action, key]))
        .digest();
      const kept = JSON.stringify({ actor, event: { ...event, detail: detailOf(event) } }, (_, value) =>
        typeof value === 'string' ? keptText(value) : (value as unknown),
      );
      const written = await sql.execute(INSERT_FIRST, [...(await this.rowOf(actor, event)), hash, kept]);
      this.metrics?.refusals.inc({ action: event.action, folded: written === 0 ? 'yes' : 'no' });
    });
  }

  /** All events of a transaction are one statement, which travels with its COMMIT. */
  private hold(tx: Transaction, row: unknown[]): void {
    const known = this.held.get(tx);
    if (known !== undefined) {
      known.push(row);
      return;
    }
    const rows = [row];
    this.held.set(tx, rows);
    tx.beforeCommit(() => orUnavailable(() => insert(tx, rows)));
  }

  private async rowOf(actor: Actor, event: AuditEvent): Promise<unknown[]> {
    const key = await this.keys.current();
    const now = this.clock.now();
    const record: AuditRecord = {
      id: randomUUID(),
      at: recordTime(now),
      action: event.action,
      outcome: event.outcome,
      actor_principal_id: actor.principalId,
      actor_account_id: actor.accountId,
      actor_name: actor.name && keptText(actor.name),
      token_accessor: actor.tokenAccessor,
      client_address: actor.clientAddress && keptText(actor.clientAddress),
      request_id: actor.requestId,
      object_type: event.object?.type ?? null,
      object_id: event.object ? keptText(event.object.id) : null,
      detail: detailOf(event),
      key_id: key.id,
    };
    return [
      record.id,
      now,
      record.action,
      record.outcome,
      record.actor_principal_id,
      record.actor_account_id,
      record.actor_name,
      record.token_accessor,
      record.client_address,
      record.request_id,
      record.object_type,
      record.object_id,
      JSON.stringify(record.detail),
      record.key_id,
      key.hash('row', canonicalBytes(record)),
    ];
  }
}

const COLUMNS = `id, at, action, outcome, actor_principal_id, actor_account_id, actor_name, token_accessor, client_address, request_id,
  object_type, object_id, detail, key_id, keyed_hash`;

/** So many rows a statement, for each number of them is a text of its own to prepare. */
const ROWS_AT_ONCE = 50;

async function insert(sql: Sql, rows: unknown[][]): Promise<void> {
  const parts = Array.from({ length: Math.ceil(rows.length / ROWS_AT_ONCE) }, (_, index) =>
    rows.slice(index * ROWS_AT_ONCE, (index + 1) * ROWS_AT_ONCE),
  );
  await Promise.all(
    parts.map((part) =>
      sql.execute(`INSERT INTO audit_events (${COLUMNS}) VALUES ${placeholders(part)}`, part.flat()),
    ),
  );
}

/** `($1, $2, …), ($16, $17, …), …` */
function placeholders(rows: unknown[][]): string {
  let number = 0;
  return rows.map((row) => `(${row.map(() => `$${(number += 1)}`).join(', ')})`).join(', ');
}

const INSERT_FIRST = `
  WITH fold AS (
    INSERT INTO audit_folds AS f (key_hash, since, folded, event) VALUES ($16, $2, 0, $17)
    ON CONFLICT (key_hash) DO UPDATE SET folded = f.folded + 1 RETURNING folded
  )
  INSERT INTO audit_events (${COLUMNS})
  SELECT $1::uuid, $2::timestamptz, $3::text, $4::text, $5::uuid, $6::uuid, $7::text, $8::text, $9::text, $10::text, $11::text, $12::text,
    $13::jsonb, $14::integer, $15::bytea FROM fold WHERE fold.folded = 0`;

function detailOf(event: AuditEvent): Record<string, unknown> {
  return keptDetail({ ...event.detail, ...('before' in event && keptChange(event)) });
}

async function orUnavailable(write: () => Promise<void>): Promise<void> {
  try {
    await write();
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
