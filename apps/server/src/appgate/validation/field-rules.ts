import { nameProblem, parseDeviceDn, parseUserDn, type NameKind } from '@sallyport/identity';

/** What is wrong with a value; `at` is the place inside it, such as `[2]`, empty for the value itself. */
export interface Problem {
  at: string;
  message: string;
}

/** Judges a value that is present. */
export type Rule = (value: unknown) => Problem[];

export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What Postgres cannot keep as text: NUL and lone surrogates. */
const UNSTORABLE = /\u0000|\p{Cs}/u;

export interface TextLimits {
  min?: number;
  max?: number;
  /** The text is a name: of a user or provider (appgate.md §1.6), or of another object (§1.5). */
  name?: NameKind;
  /** Text that is only compared, never stored, such as a password: every character counts (S02). */
  secret?: boolean;
  oneOf?: readonly string[];
  /** The one in `oneOf` is found whatever its case. */
  anyCase?: boolean;
  /** `""` is a value like any other. */
  mayBeEmpty?: boolean;
  /** Any other wording of a pattern is `contains invalid characters`. */
  pattern?: RegExp;
}

/** A string within limits counted in code points. `""` is invalid (appgate.md §1.5). */
export function textRule(limits: TextLimits = {}): Rule {
  return (value) => only(textMessage(value, limits));
}

export const uuidRule: Rule = (value) =>
  only(textMessage(value, {}) ?? (UUID.test(value as string) ? null : 'must be a UUID'));

export const userDnRule: Rule = (value) =>
  only(textMessage(value, {}) ?? (parseUserDn(value as string) ? null : 'must be a distinguished name'));

export const deviceDnRule: Rule = (value) =>
  only(textMessage(value, {}) ?? (parseDeviceDn(value as string) ? null : 'must be a distinguished name'));

export const flagRule: Rule = (value) => only(typeof value === 'boolean' ? null : 'must be a boolean');

/** An integer from `min` to `max`, both included. */
export function wholeRule(min: number, max: number): Rule {
  return (value) => {
    if (typeof value !== 'number' || !Number.isInteger(value)) return only('must be a number');
    return only(value < min || value > max ? `must be between ${min} and ${max}` : null);
  };
}

/** A number from `min` on, of whatever fraction. */
export function amountRule(min: number): Rule {
  return (value) => {
    if (typeof value !== 'number') return only('must be a number');
    return only(value < min ? `must be between ${min} and ${Number.MAX_SAFE_INTEGER}` : null);
  };
}

export const timeRule: Rule = (value) => {
  if (value instanceof Date) return [];
  return only(textMessage(value, {}) ?? 'must be a date-time');
};

export const objectRule: Rule = (value) =>
  only(typeof value === 'object' && value !== null && !Array.isArray(value) ? null : 'must be an object');

/** An object whose values are all judged by one rule, and whose names can be stored. */
export function mapRule(element: Rule): Rule {
  return (value) => {
    const problems = objectRule(value);
    if (problems.length > 0) return problems;
    return Object.entries(value as object).flatMap(([name, item]: [string, unknown]) => {
      if (UNSTORABLE.test(name)) return only('contains invalid characters');
      return element(item).map(({ message }) => ({ at: `.${name}`, message }));
    });
  };
}

/** A list, each element by its own rule; a null element is reported as such. */
export function listRule(element: Rule, most?: number): Rule {
  return (value) => {
    if (!Array.isArray(value)) return only('must be an array');
    if (most !== undefined && value.length > most) return only(`must be between 0 and ${most}`);
    return value.flatMap((item: unknown, index) =>
      (item === null ? only('may not be null') : element(item)).map((problem) => ({
        ...problem,
        at: `[${index}]${problem.at}`,
      })),
    );
  };
}

function textMessage(value: unknown, limits: TextLimits): string | null {
  if (typeof value !== 'string') return 'must be a string';
  if (value === '') return limits.mayBeEmpty ? null : 'may not be empty';
  if (limits.name) return nameProblem(value, { kind: limits.name });
  if (limits.oneOf)
    return limits.oneOf.includes(value) ? null : `must be one of [${limits.oneOf.join(', ')}]`;
  const length = [...value].length;
  if (limits.min !== undefined && length < limits.min) return `must be at least ${limits.min} characters`;
  if (limits.max !== undefined && length > limits.max) return `must be at most ${limits.max} characters`;
  return hasUnfitCharacters(value, limits) ? 'contains invalid characters' : null;
}

function hasUnfitCharacters(text: string, limits: TextLimits): boolean {
  if (limits.secret) return false;
  if (UNSTORABLE.test(text)) return true;
  return limits.pattern ? !limits.pattern.test(text) : false;
}

function only(message: string | null): Problem[] {
  return message === null ? [] : [{ at: '', message }];
}
