import fc, { type Arbitrary } from 'fast-check';
import { resolve, type Schema } from './openapi-document.js';

const DEEP = (levels: number): unknown =>
  Array.from({ length: levels }).reduce((inner: unknown) => [inner], 'x');

const LONG = 'a'.repeat(5_000);
/** More than the body of a caller without a full token may hold (S82). */
const HUGE = 'a'.repeat(300_000);

const HOSTILE_TEXTS = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  'x\udfff',
  '\u202Egnp.exe',
  'a\u200bb',
  '\uFEFF',
  'İ',
  'ﬀ',
  'e\u0301'.repeat(100),
  '😀'.repeat(300),
  LONG,
  '../../etc/passwd',
  "' OR 1=1 --",
  '{{identity.entity.name}}',
  '{{',
  '${7*7}',
  '%00',
  '%s%n',
  '\r\nX-Vault-Token: x',
  '<script>',
  '9'.repeat(400),
  '1e309',
  '-1',
  'NaN',
  '99999999999999999999h',
  '2026-02-30T25:61:00Z',
  '+275760-09-13T00:00:00.001Z',
  '-000001-01-01T00:00:00Z',
  '00000000-0000-0000-0000-000000000000',
  'constructor',
  '__proto__',
  'CN=,OU=',
  'CN=a\\,OU=b,OU=',
  'path "" {',
  'path "*" { capabilities = ["sudo"] ',
];

const HOSTILE: unknown[] = [
  ...HOSTILE_TEXTS,
  null,
  true,
  false,
  0,
  -1,
  1.5,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53,
  1e300,
  5e-324,
  [],
  [null],
  [[[]]],
  ['a', 'a', 1],
  Array.from({ length: 600 }, (_, index) => `n${index}`),
  {},
  { a: { b: { c: 1 } } },
  { constructor: { prototype: 1 } },
  JSON.parse('{"__proto__":{"admin":true}}'),
  DEEP(20),
  DEEP(40),
  DEEP(2_000),
];

const hostile = fc.constantFrom(...HOSTILE);

/** Bodies that are no JSON object. */
const rawBodies = fc.constantFrom(
  '',
  '{',
  'null',
  '[]',
  '"x"',
  '7',
  'nul',
  '{"a":1e400}',
  '{"a":1,"a":2}',
  '\uFEFF{}',
  '{} {}',
  `{"a":"${HUGE}"}`,
  '{"name":"\\ud800"}',
  '['.repeat(20_000),
);

/** What some fields want, by their name: ids of what exists, texts in a language. */
export type KnownFields = Record<string, unknown>;

/** Bodies for a schema: right, nearly right, wrong. Texts are sent as they are. */
export function bodiesFor(schema: Schema, known: KnownFields, sample: object = {}): Arbitrary<unknown> {
  const ids = Object.values(known).filter((value) => typeof value === 'string');
  const plain = plainOf(schema, known).map((value) => ({ ...(value as object), ...sample }));
  return fc.oneof(
    { weight: 3, arbitrary: plain },
    { weight: 6, arbitrary: nearly(plain) },
    { weight: 2, arbitrary: valuesOf(schema, ids) },
    { weight: 2, arbitrary: nearly(valuesOf(schema, ids)) },
    { weight: 1, arbitrary: rawBodies },
  );
}

/** What a well-behaved client sends: what is required, and some of what has an example. */
function plainOf(unresolved: Schema, known: KnownFields, name = ''): Arbitrary<unknown> {
  const schema = resolve(unresolved);
  if (Object.hasOwn(known, name)) return fc.constant(known[name]);
  if (schema.oneOf !== undefined) return fc.oneof(...schema.oneOf.map((one) => plainOf(one, known)));
  if (schema.type === 'object' && schema.properties !== undefined) {
    const { properties, required = [] } = schema;
    const wanted = Object.entries(properties).filter(
      ([field, { example }]) =>
        required.includes(field) || example !== undefined || Object.hasOwn(known, field),
    );
    const fields: Record<string, Arbitrary<unknown>> = Object.fromEntries(
      wanted.map(([field, inner]) => [field, plainOf(inner, known, field)]),
    );
    const requiredKeys = wanted
      .map(([field]) => field)
      .filter((field) => required.includes(field) || field in known);
    return fc.record(fields, { requiredKeys, noNullPrototype: true });
  }
  if (name === 'name') return fc.stringMatching(/^[a-z][a-z0-9]{3,9}$/);
  if (schema.example !== undefined) return fc.constant(schema.example);
  if (schema.type === 'array')
    return fc.array(plainOf(schema.items ?? {}, known), { minLength: schema.minItems ?? 0, maxLength: 1 });
  if (schema.type === 'string' && schema.enum === undefined && schema.format === undefined)
    return fc.stringMatching(/^[a-z]{3,8}$/);
  return valuesOf(schema, []);
}

/** Texts for a path or a query, ready to stand in a URL. */
export function urlTexts(schema: Schema, right: string[] = []): Arbitrary<string> {
  const odd = fc.constantFrom(...HOSTILE_TEXTS.filter((text) => text !== '')).map(escaped);
  const raw = fc.constantFrom(
    '%',
    '%zz',
    '%2e%2e',
    '..%2f..',
    '%ED%A0%80',
    '%C0%AF',
    '%2525',
    '%00',
    'a;b',
    '*',
    '+',
    ':',
  );
  const sound = valuesOf({ ...schema, type: schema.type ?? 'string' }, right).map((value) =>
    escaped(typeof value === 'string' ? value : JSON.stringify(value)),
  );
  const known = right.length === 0 ? sound : fc.constantFrom(...right).map(escaped);
  return fc.oneof(
    { weight: 5, arbitrary: known },
    { weight: 3, arbitrary: odd },
    { weight: 1, arbitrary: raw },
  );
}

function escaped(text: string): string {
  return /\p{Surrogate}/u.test(text) ? '%ED%A0%80' : encodeURIComponent([...text].slice(0, 2_000).join(''));
}

/** Values a schema allows. */
function valuesOf(unresolved: Schema, knownIds: string[]): Arbitrary<unknown> {
  const schema = resolve(unresolved);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.oneOf !== undefined) return fc.oneof(...schema.oneOf.map((one) => valuesOf(one, knownIds)));
  const { minimum = -(2 ** 31), maximum = 2 ** 31 - 1, minItems = 0, maxItems = 3 } = schema;
  if (schema.type === 'boolean') return fc.boolean();
  if (schema.type === 'integer') return fc.integer({ min: minimum, max: maximum });
  if (schema.type === 'number') return fc.double({ min: minimum, max: maximum, noNaN: true });
  if (schema.type === 'string') return textsOf(schema, knownIds);
  if (schema.type === 'array')
    return fc.array(valuesOf(schema.items ?? {}, knownIds), {
      minLength: minItems,
      maxLength: Math.max(minItems, Math.min(maxItems, 3)),
    });
  if (schema.type === 'object') return objectsOf(schema, knownIds);
  return fc.jsonValue({ maxDepth: 2 });
}

function objectsOf(
  { properties, required = [], additionalProperties }: Schema,
  knownIds: string[],
): Arbitrary<unknown> {
  if (properties === undefined) {
    const further =
      typeof additionalProperties === 'object'
        ? valuesOf(additionalProperties, knownIds)
        : fc.jsonValue({ maxDepth: 2 });
    return fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), further, { maxKeys: 3, noNullPrototype: true });
  }
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, field]) => [
      name,
      name === 'name' ? namesOf(field, knownIds) : valuesOf(field, knownIds),
    ]),
  );
  return fc.record(fields, {
    requiredKeys: required.filter((name) => Object.hasOwn(fields, name)),
    noNullPrototype: true,
  });
}

/** Names are unique: the example would be taken the second time. */
function namesOf(field: Schema, knownIds: string[]): Arbitrary<unknown> {
  return resolve(field).type === 'string'
    ? fc.stringMatching(/^[a-z][a-z0-9]{1,9}$/)
    : valuesOf(field, knownIds);
}

function textsOf(
  { format, pattern, example, minLength = 0, maxLength = 20 }: Schema,
  knownIds: string[],
): Arbitrary<string> {
  if (format === 'uuid' && knownIds.length > 0) return fc.oneof(fc.constantFrom(...knownIds), fc.uuid());
  if (format === 'uuid') return fc.uuid();
  if (format === 'date-time') return fc.date({ noInvalidDate: true }).map((instant) => instant.toISOString());
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern, 'u'));
  const free = fc.string({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, 20)) });
  const ids = knownIds.length > 0 ? [{ weight: 1, arbitrary: fc.constantFrom(...knownIds) }] : [];
  if (typeof example !== 'string') return fc.oneof({ weight: 3, arbitrary: free }, ...ids);
  return fc.oneof({ weight: 3, arbitrary: fc.constant(example) }, { weight: 1, arbitrary: free }, ...ids);
}

/** One place of a right value made wrong: another value there, nothing there, something beside it. */
function nearly(right: Arbitrary<unknown>): Arbitrary<unknown> {
  return fc
    .tuple(right, fc.nat(), hostile, fc.constantFrom('replace', 'remove', 'add', 'wrap'))
    .map(([value, where, odd, how]) => {
      const copy = structuredClone(value);
      const places = placesIn(copy);
      if (places.length === 0) return { odd };
      const { holder, key } = places[where % places.length]!;
      if (how === 'remove') delete holder[key];
      else if (how === 'add') holder['oddField'] = odd;
      else holder[key] = how === 'wrap' ? [holder[key]] : odd;
      return copy;
    });
}

function placesIn(value: unknown): { holder: Record<string, unknown>; key: string }[] {
  if (value === null || typeof value !== 'object') return [];
  const holder = value as Record<string, unknown>;
  return Object.entries(holder).flatMap(([key, inner]) => [{ holder, key }, ...placesIn(inner)]);
}
