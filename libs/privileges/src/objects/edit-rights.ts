import { isDeepStrictEqual } from 'node:util';
import { DomainError } from '@sallyport/platform';
import type { AdministrativePrivilege, ScopedObject } from '../administrative-privilege.js';
import { grants } from '../grants.js';
import type { Collection } from './collection.js';
import type { NamedObject } from './named-object.js';

/**
 * The fields of `values` that differ from what is stored; undefined ones keep it.
 * @param parts columns that hold several fields of the object: those that differ are named in their place.
 */
export function changedFields(before: object, values: object, parts: readonly string[] = []): string[] {
  return Object.entries(values).flatMap(([field, value]) => {
    if (value === undefined) return [];
    const [was, is] = [asJson(before[field as never]), asJson(value)];
    if (isDeepStrictEqual(was, is)) return [];
    return parts.includes(field) ? differingKeys(was as object, is as object) : [field];
  });
}

function differingKeys(was: object, is: object): string[] {
  const keys = new Set([...Object.keys(was), ...Object.keys(is)]);
  return [...keys].filter((key) => !isDeepStrictEqual(was[key as never], is[key as never]));
}

/**
 * Whether a change is granted on the object as it was and as it will be: Tag where nothing but tags differs, otherwise Edit, and
 * Tag too where tags differ (contract appgate.md §3.4, S45).
 * @throws DomainError `forbidden`.
 */
export function mustMayEdit(
  target: string,
  before: ScopedObject,
  tags: string[],
  changed: string[],
  privileges: AdministrativePrivilege[],
): void {
  for (const type of needed(changed))
    if (
      !grants(privileges, type, target, before) ||
      !grants(privileges, type, target, { id: before.id, tags })
    )
      throw outOfScope();
}

/** @throws DomainError `invalid`, one violation for each field of a built-in object that may not change (appgate.md §9). */
export function mustBeChangeableWhenBuiltIn<T extends NamedObject>(
  collection: Collection<T>,
  before: T,
  changed: string[],
): void {
  const changeable = collection.changeableWhenBuiltIn ?? ['notes', 'tags'];
  if (!before.builtIn || changeable === 'all') return;
  const violations = changed
    .filter((field) => !changeable.includes(field))
    .map((field) => ({ field, message: 'may not be changed' }));
  if (violations.length > 0)
    throw new DomainError('invalid', 'invalid', 'The request is not valid.', { violations });
}

export function outOfScope(): DomainError {
  return new DomainError('forbidden', 'scope', `You don't have permission to access this resource.`);
}

export function objectNotFound(): DomainError {
  return new DomainError('not-found', 'not-found', 'The requested resource was not found.');
}

function needed(changed: string[]): string[] {
  if (!changed.includes('tags')) return ['Edit'];
  return changed.length === 1 ? ['Tag'] : ['Edit', 'Tag'];
}

/** A column of JSON comes back with its keys in another order, a time as a Date. */
function asJson(value: unknown): unknown {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as unknown);
}
