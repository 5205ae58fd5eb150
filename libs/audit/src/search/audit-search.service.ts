import { Injectable } from '@nestjs/common';
import {
  Database,
  type Listed,
  type ListField,
  listRows,
  type ListSource,
  type ListWish,
} from '@sallyport/platform';
import { RECORD_COLUMNS } from '../audit-record.js';
import { type AuditEntry, type EntryRow, entryOf } from './audit-entry.js';
import type { AuditPeriod } from './audit-export.service.js';

/** Looks into the audit. Who may, and that it is recorded, is the caller's to see to (S78). */
@Injectable()
export class AuditSearchService {
  constructor(private readonly database: Database) {}

  /** One page; of a period, an index finds it. */
  async list({ since, until }: AuditPeriod, wish: ListWish): Promise<Listed<AuditEntry>> {
    const source = since === null && until === null ? { ...SOURCE, count: ALL } : SOURCE;
    const listed = await listRows<EntryRow>(this.database, source, [since, until], wish);
    return { ...listed, rows: listed.rows.map(entryOf) };
  }
}

/** What a list of events can be ordered and filtered by. */
export const AUDIT_FIELDS = [
  'at',
  'action',
  'outcome',
  'actorName',
  'actorPrincipalId',
  'actorAccountId',
  'tokenAccessor',
  'clientAddress',
  'requestId',
  'objectType',
  'objectId',
] as const;

const FIELDS: Record<(typeof AUDIT_FIELDS)[number], ListField> = {
  at: { order: 'at_time', required: true, filter: 'at' },
  action: { order: 'action', required: true, filter: 'action' },
  outcome: { order: 'outcome', required: true, filter: 'outcome' },
  actorName: { order: 'actor_name', filter: 'actor_name' },
  actorPrincipalId: { order: 'actor_principal_id', filter: 'actor_principal_id::text' },
  actorAccountId: { order: 'actor_account_id', filter: 'actor_account_id::text' },
  tokenAccessor: { order: 'token_accessor', filter: 'token_accessor' },
  clientAddress: { order: 'client_address', filter: 'client_address' },
  requestId: { order: 'request_id', filter: 'request_id' },
  objectType: { order: 'object_type', filter: 'object_type' },
  objectId: { order: 'object_id', filter: 'object_id' },
};

const SOURCE: ListSource = {
  select: `SELECT ${RECORD_COLUMNS}, e.at AS at_time, s.number,
      lower(concat_ws(' ', e.action, e.actor_name, e.client_address, e.object_type, e.object_id)) AS searched
    FROM audit_events e LEFT JOIN audit_seals s ON s.event_id = e.id
    WHERE e.at >= coalesce($1::timestamptz, '-infinity') AND e.at < coalesce($2::timestamptz, 'infinity')`,
  key: 'id',
  fields: FIELDS,
  search: ['searched'],
  fold: (text) => text.toLowerCase(),
};

/** Numbers have no gap, so how many rows there are need not be counted. */
const ALL = `SELECT coalesce(max(number) - min(number) + 1, 0) + (SELECT count(*) FROM audit_unsealed) FROM audit_seals`;
