import { DomainError, type Violation } from '@sallyport/platform';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import type { Problem } from './field-rules.js';
import { FIELD_RULE, freeField, withoutOwnNulls } from './field.js';

/**
 * The fields of a body as the class states them: unknown ones dropped, null ones absent, the class's own initial values
 * where nothing was sent (appgate.md §1.5). Read-only fields are simply not stated.
 * @param together what is wrong with fields in view of others, which may be wrong themselves.
 * @throws DomainError `invalid`, one violation per problem, `field` being the path in the body (§1.4).
 */
export function readFields<T extends object>(
  type: new () => T,
  body: unknown,
  together: (fields: T) => Violation[] = () => [],
): T {
  const sent = Object.entries(withoutOwnNulls(body ?? {}));
  const free = sent.filter(([name]) => freeField(type, name) !== undefined);
  const stated = sent.filter((field) => !free.includes(field));
  const fields = plainToInstance(type, withoutNulls(Object.fromEntries(stated)), {
    exposeUnsetFields: false,
  });
  for (const [name, content] of free) Object.assign(fields, { [name]: freeField(type, name)!(content) });
  const errors = validateSync(fields, { whitelist: true, forbidUnknownValues: false });
  const violations = [...errors.flatMap((error) => violationsOf(error, '')), ...together(fields)];
  if (violations.length === 0) return fields;
  throw new DomainError('invalid', 'invalid', 'The request is not valid.', { violations });
}

/**
 * Null counts as missing in every object of ours; in a list it stays, to be refused in its place. No field is called `constructor`, and
 * class-transformer would call what stands there (S81): it never sees the content of a free field.
 */
function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutNulls);
  const present = Object.entries(withoutOwnNulls(value)).filter(([name]) => name !== 'constructor');
  return Object.fromEntries(present.map(([name, field]) => [name, withoutNulls(field)]));
}

function violationsOf(error: ValidationError, path: string): Violation[] {
  const here = pathTo(path, error.property);
  const problems = JSON.parse(error.constraints?.[FIELD_RULE] ?? '[]') as Problem[];
  const own = problems.map(({ at, message }) => ({ field: here + at, message }));
  if (problems.some(({ at }) => at === '')) return own;
  return [...own, ...(error.children ?? []).flatMap((child) => violationsOf(child, here))];
}

function pathTo(path: string, property: string): string {
  if (path === '') return property;
  return /^\d+$/.test(property) ? `${path}[${property}]` : `${path}.${property}`;
}
