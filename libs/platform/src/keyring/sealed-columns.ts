import type { SealPlace } from './sealed-value.js';

/** A column that holds sealed values, and what its rows are named by in their seals. */
export interface SealedColumn {
  table: string;
  column: string;
  /** The columns of the primary key, which make `SealPlace.row`; none: the table has one row. */
  key: readonly string[];
  /** What those are; absent: uuid. */
  keyType?: 'integer';
}

/**
 * Every column with sealed values (S65): what a rotation seals anew. A new one stands here and gets the trigger `must_name_data_key` in its
 * migration; a rotation refuses to begin while the schema has one that is not listed.
 */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  { table: 'installation', column: 'sealed_lookup_key', key: [] },
  { table: 'audit_keys', column: 'sealed_key', key: ['id'], keyType: 'integer' },
  { table: 'global_settings', column: 'sealed_backup_passphrase', key: [] },
  { table: 'identity_providers', column: 'sealed_secret', key: ['id'] },
  { table: 'mfa_methods', column: 'sealed_shared_secret', key: ['id'] },
  { table: 'mfa_methods', column: 'sealed_challenge_secret', key: ['id'] },
  { table: 'mfa_methods', column: 'sealed_vendor_secrets', key: ['id'] },
  { table: 'totp_enrollments', column: 'sealed_seed', key: ['method_id', 'principal_id'] },
  { table: 'totp_resets', column: 'sealed_seed', key: ['method_id', 'principal_id'] },
];

/** Where the value of a row lives. @param ids the values of the column's `key`. */
export function placeIn({ table, column }: SealedColumn, ids: readonly string[]): SealPlace {
  return { table, column, row: ids.length === 0 ? 'only' : ids.join('/') };
}

/** The columns of the schema that hold sealed values, by their names: `table.column`, sorted. */
export const SEALED_IN_SCHEMA = `
  SELECT c.table_name || '.' || c.column_name AS place FROM information_schema.columns c
  JOIN information_schema.tables t USING (table_schema, table_name)
  WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.data_type = 'bytea' AND c.column_name LIKE 'sealed\\_%'
  ORDER BY 1`;
