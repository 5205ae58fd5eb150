import { storableText } from '@sallyport/platform';

/** Characters of one text in an event: as many as any field of a request is kept with. */
const LONGEST = 10_000;
const FORMAT = 1;

/** An event as it stands in its row. */
export interface AuditRecord {
  id: string;
  /** UTC with six decimals: what Postgres keeps, so that nothing of it can be changed unseen. */
  at: string;
  action: string;
  outcome: string;
  actor_principal_id: string | null;
  actor_account_id: string | null;
  actor_name: string | null;
  token_accessor: string | null;
  client_address: string | null;
  request_id: string | null;
  object_type: string | null;
  object_id: string | null;
  detail: Record<string, unknown>;
  /** The key its hash was made with; null where it has none. */
  key_id: number | null;
}

export interface SignedRecord extends AuditRecord {
  keyed_hash: Buffer | null;
}

/** A SELECT list over `audit_events e` that answers `SignedRecord`s. */
export const RECORD_COLUMNS = `e.id, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, e.action, e.outcome,
  e.actor_principal_id, e.actor_account_id, e.actor_name, e.token_accessor, e.client_address, e.request_id, e.object_type, e.object_id,
  e.detail, e.key_id, e.keyed_hash`;

/** An instant as `AuditRecord.at` spells it. */
export function recordTime(instant: Date): string {
  return instant.toISOString().replace('Z', '000Z');
}

/** What a row's hashes are made of: one spelling for one content, whatever order its parts have. */
export function canonicalBytes(record: AuditRecord): Buffer {
  const { id, at, action, outcome, actor_principal_id, actor_account_id, actor_name } = record;
  const { token_accessor, client_address, request_id, object_type, object_id, detail, key_id } = record;
  return Buffer.from(
    JSON.stringify([
      FORMAT,
      id,
      at,
      action,
      outcome,
      actor_principal_id,
      actor_account_id,
      actor_name,
      token_accessor,
      client_address,
      request_id,
      object_type,
      object_id,
      sorted(detail),
      key_id,
    ]),
  );
}

/** Whatever a caller sent can be written down (S77): as Postgres can keep it, and in part where it is very long. */
export function keptText(text: string): string {
  return storableText(text.slice(0, LONGEST));
}

/** The same for all texts of a detail, at any depth. */
export function keptDetail(detail: Record<string, unknown> = {}): Record<string, unknown> {
  return kept(JSON.parse(JSON.stringify(detail))) as Record<string, unknown>;
}

function kept(value: unknown): unknown {
  if (typeof value === 'string') return keptText(value);
  return mapped(value, kept, keptText);
}

function sorted(value: unknown): unknown {
  return mapped(value, sorted, (key) => key);
}

function mapped(value: unknown, each: (value: unknown) => unknown, name: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map(each);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, part]) => [name(key), each(part)] as const);
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
