import type { AuditRecord } from '../audit-record.js';
import type { AuditEntry } from './audit-entry.js';

const COLUMNS = [
  'id',
  'number',
  'at',
  'action',
  'outcome',
  'actorPrincipalId',
  'actorAccountId',
  'actorName',
  'tokenAccessor',
  'clientAddress',
  'requestId',
  'objectType',
  'objectId',
  'detail',
] as const satisfies (keyof AuditEntry)[];

/** Control characters JSON lets stand, line ends of Unicode, and marks that turn text round: a terminal obeys them. */
const UNSEEN = /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** The same, and those JSON escapes; and what an escape begins with. */
const UNSEEN_OR_CONTROL = /[\u0000-\u001f\\]/g;
/** A spreadsheet takes such a cell for a formula (ASVS 1.2.10). */
const FORMULA = /^[=+\-@]/;

/** One event as one line of JSON, without its line end (S77). */
export function auditJsonLine(entry: AuditEntry): string {
  return JSON.stringify(entry).replace(UNSEEN, escaped);
}

/** The first line of a CSV file, with its line end. */
export const AUDIT_CSV_HEADER = `${COLUMNS.join(',')}\r\n`;

/**
 * One event as one line of CSV (RFC 4180), with its line end. In every cell control characters stand as `\uXXXX` and a backslash as `\\`, so
 * that a record never breaks into two; a cell a spreadsheet would compute begins with an apostrophe (S77).
 */
export function auditCsvLine(entry: AuditEntry): string {
  return `${COLUMNS.map((column) => cell(entry[column])).join(',')}\r\n`;
}

/** One row as a line for people; whatever was sent stands escaped, as in CSV. */
export function auditTextLine(row: Omit<AuditRecord, 'detail'> & { number: number }): string {
  const { number, at, action, outcome, actor_name: name, client_address: address } = row;
  const object = row.object_type === null ? '' : `${row.object_type} ${row.object_id ?? ''}`;
  const by = name ?? row.actor_account_id ?? row.actor_principal_id ?? 'unknown';
  const cells = [`row ${number}`, at, action, outcome, `by ${by}`, address && `from ${address}`, object];
  return cells
    .filter((text) => text !== null && text !== '')
    .join('  ')
    .replace(UNSEEN_OR_CONTROL, escaped)
    .replace(UNSEEN, escaped);
}

function cell(value: AuditEntry[keyof AuditEntry]): string {
  const text = textOf(value).replace(UNSEEN_OR_CONTROL, escaped).replace(UNSEEN, escaped);
  const guarded = FORMULA.test(text) ? `'${text}` : text;
  return /[",]|^\s|\s$/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

function textOf(value: AuditEntry[keyof AuditEntry]): string {
  if (value === null) return '';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function escaped(character: string): string {
  if (character === '\\') return '\\\\';
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
