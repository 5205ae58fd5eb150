import type { OutgoingAnswer } from '@sallyport/platform';

export type Json = Readonly<Record<string, unknown>>;

/** What a call answered, as JSON; null where it was refused, cut, or is no JSON. */
export function jsonOf(answer: OutgoingAnswer | null): unknown {
  if (answer?.status !== 200) return null;
  try {
    return JSON.parse(answer.text) as unknown;
  } catch {
    return null;
  }
}

/** The object in a place where one is expected; anything else is an empty one, so that reading on finds nothing. */
export function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

/** The text in a place where one is expected, else an empty one. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
