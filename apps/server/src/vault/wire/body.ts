import { DomainError } from '@sallyport/platform';
import { NumberLiteral } from './coerce.js';

const MAX_DEPTH = 32; // S81
const LONE_SURROGATE = /\p{Cs}/u;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The fields of a request's body. */
export type BodyFields = Record<string, unknown>;

/**
 * Reads a body: JSON whatever the content type says, a form only if the type says so and the text does not begin like JSON;
 * empty means no fields (§2.2). Throws `malformed`. Text is strict UTF-8 (S80); `__proto__` and deep nesting are refused (S81).
 */
export function readBody(bytes: Buffer, contentType: string | undefined): BodyFields {
  const text = decode(bytes);
  if (text.trim() === '') return {};
  if (isForm(text, contentType)) return readForm(text);
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof NumberLiteral) {
    throw malformed();
  }
  checkShape(value, 1);
  return value as BodyFields;
}

function malformed(): DomainError {
  return new DomainError('malformed', 'malformed-body', 'error parsing JSON');
}

function decode(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw malformed();
  }
}

function isForm(text: string, contentType = ''): boolean {
  const media = contentType.split(';')[0]!.trim().toLowerCase();
  return media === 'application/x-www-form-urlencoded' && !/^\s*[{[]/.test(text);
}

function readForm(text: string): BodyFields {
  const fields = new Map<string, string>();
  for (const pair of text.trim().split('&')) {
    const [key = '', ...rest] = pair.split('=');
    if (pair === '') continue;
    const name = decodeFormPart(key);
    const value = decodeFormPart(rest.join('='));
    if (name === '__proto__') throw malformed();
    fields.set(name, fields.has(name) ? `${fields.get(name)},${value}` : value);
  }
  return Object.fromEntries(fields);
}

function decodeFormPart(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '));
  } catch {
    throw malformed();
  }
}

/** The reviver's third argument, which TypeScript's library does not know yet. */
type Reviver = (this: unknown, key: string, value: unknown, context?: { source?: string }) => unknown;

const keepDigits: Reviver = (_key, value, context) => {
  if (typeof value !== 'number' || context?.source === undefined || String(value) === context.source)
    return value;
  return new NumberLiteral(value, context.source);
};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, keepDigits);
  } catch {
    throw malformed();
  }
}

function checkShape(value: unknown, depth: number): void {
  if (typeof value === 'string' && LONE_SURROGATE.test(value)) throw malformed();
  if (typeof value !== 'object' || value === null) return;
  if (depth > MAX_DEPTH || Object.hasOwn(value, '__proto__')) throw malformed();
  for (const [key, item] of Object.entries(value)) {
    if (LONE_SURROGATE.test(key)) throw malformed();
    checkShape(item, depth + 1);
  }
}
