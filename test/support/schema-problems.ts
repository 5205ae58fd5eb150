import { resolve, type Schema } from './openapi-document.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A lone surrogate, or NUL. */
const ILL_FORMED = /[\p{Surrogate}\0]/u;

/** Where a value is not what a schema allows; empty where it is. Fields a schema does not name are let pass. */
export function problemsOf(value: unknown, unresolved: Schema, at = ''): string[] {
  const schema = resolve(unresolved);
  if (value === null) return schema.nullable === true || schema.type === undefined ? [] : [`${at}: null`];
  if (schema.oneOf !== undefined)
    return schema.oneOf.some((one) => problemsOf(value, one, at).length === 0)
      ? []
      : [`${at}: none of oneOf`];
  if (schema.enum !== undefined && !schema.enum.includes(value)) return [`${at}: not of the enum`];
  if (schema.type === undefined) return [];
  if (Array.isArray(value)) return problemsOfList(value, schema, at);
  if (typeof value === 'object') return problemsOfObject(value as Record<string, unknown>, schema, at);
  if (typeof value === 'string') return problemsOfText(value, schema, at);
  if (typeof value === 'number') return problemsOfNumber(value, schema, at);
  return schema.type === typeof value ? [] : [`${at}: ${typeof value} for ${schema.type}`];
}

/** Where a value has fields its schema does not name; an object of which the schema says nothing may hold anything. */
export function surplusOf(value: unknown, unresolved: Schema, at = ''): string[] {
  const schema = resolve(unresolved);
  if (typeof value !== 'object' || value === null) return [];
  if (schema.oneOf !== undefined) {
    const surplus = schema.oneOf
      .filter((one) => problemsOf(value, one).length === 0)
      .map((one) => surplusOf(value, one, at));
    return surplus.find((found) => found.length === 0) ?? surplus[0] ?? [];
  }
  if (Array.isArray(value))
    return value.flatMap((one, index) => surplusOf(one, schema.items ?? {}, `${at}[${index}]`));
  const { properties, additionalProperties } = schema;
  if (properties === undefined && typeof additionalProperties !== 'object') return [];
  const further = typeof additionalProperties === 'object' ? additionalProperties : {};
  return Object.entries(value).flatMap(([name, field]) => {
    const known = properties !== undefined && Object.hasOwn(properties, name);
    if (!known && !additionalProperties) return [`${at}.${name}: not in the schema`];
    return surplusOf(field, known ? properties[name]! : further, `${at}.${name}`);
  });
}

function problemsOfList(
  value: unknown[],
  { type, items, minItems = 0, maxItems }: Schema,
  at: string,
): string[] {
  if (type !== 'array') return [`${at}: list for ${type}`];
  if (value.length < minItems || value.length > (maxItems ?? Infinity))
    return [`${at}: ${value.length} entries`];
  return value.flatMap((one, index) => problemsOf(one, items ?? {}, `${at}[${index}]`));
}

function problemsOfObject(value: Record<string, unknown>, schema: Schema, at: string): string[] {
  const { type, properties = {}, required = [], additionalProperties } = schema;
  if (type !== 'object') return [`${at}: object for ${type}`];
  const missing = required.filter((name) => !(name in value)).map((name) => `${at}.${name}: missing`);
  const further = typeof additionalProperties === 'object' ? additionalProperties : {};
  return [
    ...missing,
    ...Object.entries(value).flatMap(([name, field]) =>
      problemsOf(field, Object.hasOwn(properties, name) ? properties[name]! : further, `${at}.${name}`),
    ),
  ];
}

function problemsOfText(value: string, schema: Schema, at: string): string[] {
  const { type, format, pattern, minLength = 0, maxLength = Infinity } = schema;
  if (type !== 'string') return [`${at}: text for ${type}`];
  const length = [...value].length;
  if (length < minLength || length > maxLength) return [`${at}: length ${length}`];
  if (ILL_FORMED.test(value)) return [`${at}: no text`];
  if (format === 'uuid' && !UUID.test(value)) return [`${at}: no UUID`];
  if (format === 'date-time' && Number.isNaN(Date.parse(value))) return [`${at}: no instant`];
  return pattern !== undefined && !new RegExp(pattern, 'u').test(value) ? [`${at}: not ${pattern}`] : [];
}

function problemsOfNumber(value: number, schema: Schema, at: string): string[] {
  const { type, minimum = -Infinity, maximum = Infinity } = schema;
  if (type !== 'number' && type !== 'integer') return [`${at}: number for ${type}`];
  if (type === 'integer' && !Number.isInteger(value)) return [`${at}: not whole`];
  return value < minimum || value > maximum ? [`${at}: ${value} out of range`] : [];
}
