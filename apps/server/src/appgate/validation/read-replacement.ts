import { DomainError } from '@sallyport/platform';
import { readFields } from './read-fields.js';

/**
 * The fields of a PUT, for an object that was looked up before (appgate.md §1.3).
 * @throws DomainError `invalid`, also for an `id` other than the object's own (§1.5).
 */
export function readReplacement<T extends { id?: string }>(type: new () => T, body: unknown, id: string): T {
  const fields = readFields(type, body);
  if (fields.id !== undefined && fields.id !== id) throw DomainError.invalid('id', 'may not be changed');
  return fields;
}
