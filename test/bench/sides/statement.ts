/** One statement of a request, as it was recorded. */
export interface Statement {
  request: number;
  name?: string;
  text: string;
  values: unknown[];
}

/** A value of a statement as JSON: bytes and instants keep what they are. */
export function encoded(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return { bytes: value.toString('base64') };
  if (value instanceof Date) return { instant: value.toISOString() };
  if (Array.isArray(value)) return value.map(encoded);
  return value ?? null;
}

export function decoded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decoded);
  if (typeof value !== 'object' || value === null) return value;
  const { bytes, instant } = value as { bytes?: string; instant?: string };
  if (bytes !== undefined) return Buffer.from(bytes, 'base64');
  return instant === undefined ? value : new Date(instant);
}
