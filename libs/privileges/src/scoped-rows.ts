import type { Reach } from './grants.js';

/**
 * A reach as a condition over the columns `id` (uuid) and `tags` (text[]) of a table, for the WHERE of a list (S45):
 * lists and counts hold only what the caller may view.
 * @param first number of the first of the three parameters, which `reachValues` gives.
 */
export function withinReach(table: string, first: number): string {
  return `($${first}::boolean OR ${table}.id::text = ANY($${first + 1}::text[]) OR ${table}.tags && $${first + 2}::text[])`;
}

/** The three parameters of `withinReach`; null reaches nothing. */
export function reachValues(reach: Reach | null): [boolean, string[], string[]] {
  if (reach === 'all') return [true, [], []];
  return [false, reach?.ids ?? [], reach?.tags ?? []];
}
