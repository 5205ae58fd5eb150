import { refuse } from '../wire/vault-error.js';
import type { LookupFields } from './lookup.dto.js';

/** What a look-up asks for. */
export type LookupQuery =
  { by: 'id' | 'name' | 'alias'; value: string } | { by: 'factors'; mountAccessor: string; name: string };

/** The errors of the look-ups, in the order they are judged. */
export const LOOKUP_REFUSALS = [
  'query parameter not supplied',
  'query parameter conflict; please supply distinct set of query parameters',
  "both 'alias_name' and 'alias_mount_accessor' needs to be set",
] as const;

/** Reads the one question; null where the one field that was sent is empty, which points at nothing. Throws 400. */
export function lookupQuery(fields: LookupFields): LookupQuery | null {
  const { id, name, alias_id, alias_name, alias_mount_accessor } = fields;
  const sent = Object.values(fields).filter((value) => value !== undefined).length;
  const [notSupplied, conflict, halfAnAlias] = LOOKUP_REFUSALS;
  if (sent === 0) throw refuse(400, notSupplied);
  if (sent === 2 && alias_name && alias_mount_accessor)
    return { by: 'factors', mountAccessor: alias_mount_accessor, name: alias_name };
  if (sent > 1) throw refuse(400, conflict);
  if (alias_name || alias_mount_accessor) throw refuse(400, halfAnAlias);
  if (id) return { by: 'id', value: id };
  if (name) return { by: 'name', value: name };
  return alias_id ? { by: 'alias', value: alias_id } : null;
}
