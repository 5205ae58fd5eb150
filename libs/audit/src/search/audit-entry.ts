import type { AuditRecord } from '../audit-record.js';

/** An event as whoever may read the audit sees it. */
export interface AuditEntry {
  id: string;
  /** Its place in the chain; null until it is sealed. */
  number: number | null;
  at: Date;
  action: string;
  outcome: string;
  actorPrincipalId: string | null;
  actorAccountId: string | null;
  actorName: string | null;
  tokenAccessor: string | null;
  clientAddress: string | null;
  requestId: string | null;
  objectType: string | null;
  objectId: string | null;
  detail: Record<string, unknown>;
}

export interface EntryRow extends AuditRecord {
  number: string | null;
}

export function entryOf(row: EntryRow): AuditEntry {
  return {
    id: row.id,
    number: row.number === null ? null : Number(row.number),
    at: new Date(row.at),
    action: row.action,
    outcome: row.outcome,
    actorPrincipalId: row.actor_principal_id,
    actorAccountId: row.actor_account_id,
    actorName: row.actor_name,
    tokenAccessor: row.token_accessor,
    clientAddress: row.client_address,
    requestId: row.request_id,
    objectType: row.object_type,
    objectId: row.object_id,
    detail: row.detail,
  };
}
