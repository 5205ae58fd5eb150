/** A JSON number whose digits JavaScript would not print back the same; a string field takes the digits as written. */
export class NumberLiteral {
  constructor(
    readonly value: number,
    readonly digits: string,
  ) {}
}

/** What a field may hold (§2.5). */
export type FieldKind =
  'string' | 'int' | 'bool' | 'duration' | 'stringList' | 'commaList' | 'map' | 'object' | 'any';

const INT_LIMIT = 2_147_483_647; // what the columns hold
const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['', '0', 'f', 'F', 'FALSE', 'false', 'False']);
const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Why a value does not become what its field holds. Never holds the value. */
export class CoercionError extends Error {}

const COERCERS: Record<FieldKind, (value: unknown) => unknown> = {
  string: toText,
  int: toInt,
  bool: toBool,
  duration: toDuration,
  stringList: toList,
  commaList: toList,
  map: toMap,
  object: toObject,
  any: (value) => value,
};

/** Makes of a sent value what a field of this kind holds; throws CoercionError. */
export function coerce(kind: FieldKind, value: unknown): unknown {
  return COERCERS[kind](value);
}

/** Seconds of `30`, `30s`, `5m`, `1h30m`, `1d`; '' is 0; null if it is none of these. */
export function parseDuration(text: string): number | null {
  if (text === '') return 0;
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  const sign = text.startsWith('-') ? -1 : 1;
  const parts = text.replace(/^-/, '');
  if (parts.length > 40 || !/^(?:\d{1,12}[smhd])+$/.test(parts)) return null;
  const seconds = [...parts.matchAll(/(\d{1,12})([smhd])/g)].map(
    ([, n, unit]) => Number(n) * UNITS[unit as string]!,
  );
  return sign * seconds.reduce((sum, part) => sum + part, 0);
}

function toText(value: unknown): string {
  if (value instanceof NumberLiteral) return value.digits;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return value;
  throw new CoercionError('expected a string');
}

function toInt(value: unknown): number {
  const number = typeof value === 'string' ? intOf(value) : numberOf(value);
  if (number === null || !Number.isInteger(number)) throw new CoercionError('expected an integer');
  if (Math.abs(number) > INT_LIMIT) throw new CoercionError('integer out of range');
  return number;
}

function intOf(text: string): number | null {
  if (text === '') return 0;
  return /^[+-]?\d{1,15}$/.test(text) ? Number(text) : null;
}

function numberOf(value: unknown): number | null {
  if (value instanceof NumberLiteral) return value.value;
  return typeof value === 'number' ? value : null;
}

function toBool(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  const number = numberOf(value);
  if (number !== null) return number !== 0;
  if (typeof value === 'string' && TRUE.has(value)) return true;
  if (typeof value === 'string' && FALSE.has(value)) return false;
  throw new CoercionError('expected a boolean');
}

function toDuration(value: unknown): number {
  const seconds = typeof value === 'string' ? parseDuration(value) : numberOf(value);
  if (seconds === null || !Number.isInteger(seconds)) throw new CoercionError('expected a duration');
  if (Math.abs(seconds) > INT_LIMIT) throw new CoercionError('duration out of range');
  return seconds;
}

function toList(value: unknown): string[] {
  const items = Array.isArray(value) ? value.map(toListItem) : [toListItem(value)];
  return items
    .flatMap((item) => item.split(','))
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function toListItem(value: unknown): string {
  if (typeof value === 'object' && !(value instanceof NumberLiteral))
    throw new CoercionError('expected a list of strings');
  return toText(value);
}

function toMap(value: unknown): Record<string, string> {
  if (typeof value === 'string') return toMap(value === '' ? [] : [value]);
  if (Array.isArray(value)) return Object.fromEntries(value.map(toPair));
  return Object.fromEntries(Object.entries(toObject(value)).map(([key, item]) => [key, toText(item)]));
}

function toPair(value: unknown): [string, string] {
  const text = typeof value === 'string' ? value : '';
  const equals = text.indexOf('=');
  if (equals < 1) throw new CoercionError('expected a list of key=value pairs');
  return [text.slice(0, equals).trim(), text.slice(equals + 1).trim()];
}

function toObject(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof NumberLiteral) {
    throw new CoercionError('expected a map');
  }
  return value as Record<string, unknown>;
}
