import { canonicalName } from '@sallyport/identity';

/** A value a rule lists; text may begin or end with `*`. */
export type ParameterValue = string | number | boolean | null | readonly ParameterValue[];

/** Which values a field may have, or may not; an empty list stands for any. */
export type ParameterValues = ReadonlyMap<string, readonly ParameterValue[]>;

/** What a rule says of a request's fields; names are lower-cased (vault.md §12). */
export interface ParameterRules {
  allowed: ParameterValues;
  denied: ParameterValues;
  required: readonly string[];
}

const EVERY_FIELD = '*';

/** Whether these fields are what the rule lets through. */
export function allowsFields(rules: ParameterRules, fields: Readonly<Record<string, unknown>>): boolean {
  const given = Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value] as const);
  const names = new Set(given.map(([name]) => name));
  if (!rules.required.every((name) => names.has(name))) return false;
  if (given.length === 0) return true;
  if (rules.denied.has(EVERY_FIELD)) return false;
  return given.every(([name, value]) => !isDenied(rules, name, value) && isAllowed(rules, name, value));
}

/** Unites what the rules of one pattern say: by key, where an empty list wins; every required field of all. */
export function uniteParameters(rules: readonly ParameterRules[]): ParameterRules {
  return {
    allowed: uniteValues(rules.map(({ allowed }) => allowed)),
    denied: uniteValues(rules.map(({ denied }) => denied)),
    required: [...new Set(rules.flatMap(({ required }) => required))],
  };
}

/** Whether two rules say the same, whatever the order they say it in. */
export function saySame(one: ParameterRules, other: ParameterRules): boolean {
  return spelled(one) === spelled(other);
}

function uniteValues(all: readonly ParameterValues[]): ParameterValues {
  const united = new Map<string, ParameterValue[]>();
  const any = new Set<string>();
  for (const [name, values] of all.flatMap((one) => [...one])) {
    if (values.length === 0) any.add(name);
    const held = united.get(name);
    if (held === undefined) united.set(name, [...values]);
    else for (const value of values) held.push(value);
  }
  for (const name of any) united.set(name, []);
  return united;
}

function isDenied({ denied }: ParameterRules, name: string, value: unknown): boolean {
  const values = denied.get(name);
  if (values === undefined) return false;
  // A list is sent as an array or as one text with commas (§2.5): neither hides an element from its rule.
  const parts = [value, ...elementsOf(value)];
  const meets = (fold: <T>(each: T) => T | string): boolean =>
    parts.map(fold).some((part) => isAmong(part, values.map(fold)));
  return values.length === 0 || meets(lowered) || meets(folded);
}

/** Names are compared without regard to case and outer blanks (S51), so no other spelling of a denied one gets by. */
function lowered<T>(value: T): T | string {
  return typeof value === 'string' ? canonicalName(value).trim() : value;
}

/** Nor does another form of a denied number, duration or boolean (§2.5). */
function folded<T>(value: T): T | string {
  const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return isScalar ? foldedText(String(lowered(value))) : value;
}

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

function foldedText(text: string): string {
  if (text === '' || text === 'f') return '0';
  if (text === 't') return '1';
  if (text === 'true' || text === 'false') return text === 'true' ? '1' : '0';
  if (/^[+-]?\d{1,40}(\.\d{1,40})?(e[+-]?\d{1,3})?$/.test(text)) return String(Number(text));
  if (!/^(?:\d{1,12}[smhd]){1,10}$/.test(text)) return text;
  const parts = [...text.matchAll(/(\d{1,12})([smhd])/g)];
  return String(parts.reduce((sum, [, count, unit]) => sum + Number(count) * SECONDS[unit!]!, 0));
}

function isAllowed({ allowed }: ParameterRules, name: string, value: unknown): boolean {
  if (allowed.size === 0) return true;
  const values = allowed.get(name);
  if (values === undefined) return allowed.has(EVERY_FIELD);
  if (values.length === 0) return true;
  if (!isAmong(value, values)) return false;
  // `dev-*` must not let `dev-a,admins` through.
  return (
    typeof value !== 'string' ||
    isListed(value, values) ||
    elementsOf(value).every((part) => isAmong(part, values))
  );
}

function elementsOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap((item) => [item, ...elementsOf(item)]);
  return typeof value === 'string' && value.includes(',') ? value.split(',').map((part) => part.trim()) : [];
}

function isListed(value: string, values: readonly ParameterValue[]): boolean {
  return values.some((listed) => listed === value);
}

function isAmong(value: unknown, values: readonly ParameterValue[]): boolean {
  return values.some((listed) => agrees(listed, value));
}

/** `30` and `"30"` are one value to an endpoint (§2.5), so they are to its rule. */
function agrees(listed: ParameterValue, value: unknown): boolean {
  if (Array.isArray(listed))
    return (
      Array.isArray(value) &&
      value.length === listed.length &&
      listed.every((item, at) => agrees(item, value[at]))
    );
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    return value === listed;
  if (typeof listed === 'string' && typeof value === 'string') return globs(listed, value);
  return String(listed) === String(value);
}

function globs(listed: string, value: string): boolean {
  if (listed === '*') return true;
  const open = { start: listed.startsWith('*'), end: listed.endsWith('*') };
  const core = listed.slice(open.start ? 1 : 0, open.end ? -1 : undefined);
  if (open.start && open.end) return value.includes(core);
  if (open.start) return value.endsWith(core);
  return open.end ? value.startsWith(core) : value === listed;
}

function spelled({ allowed, denied, required }: ParameterRules): string {
  const values = (map: ParameterValues) =>
    [...map]
      .map(([name, list]) => JSON.stringify([name, list.map((value) => JSON.stringify(value)).sort()]))
      .sort();
  return JSON.stringify([values(allowed), values(denied), [...required].sort()]);
}
