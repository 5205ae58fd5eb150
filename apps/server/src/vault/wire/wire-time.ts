/** An instant as the wire writes it: RFC 3339, UTC (§2.6). */
export function wireTime(instant: Date): string;
export function wireTime(instant: Date | null): string | null;
export function wireTime(instant: Date | null): string | null {
  return instant === null ? null : instant.toISOString();
}

/** A map as the wire writes it: null when empty. */
export function wireMap(map: Record<string, string>): Record<string, string> | null {
  return Object.keys(map).length === 0 ? null : map;
}
