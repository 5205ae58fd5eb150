/** RFC 3339 with an offset; the parts are checked apart, since Date rolls 30 February over. */
const DATE_TIME = /^(\d{4})-(\d{2})-(\d{2})[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** An instant on the wire: RFC 3339, UTC, suffix `Z`, a fraction only where there is one (appgate.md §1.1). */
export function wireTime(instant: Date): string {
  return instant.toISOString().replace('.000Z', 'Z');
}

/** The instant an RFC 3339 text names, or null where it names none: also where UTC has another than the years 1 to 9999 for it. */
export function readTime(text: string): Date | null {
  const match = DATE_TIME.exec(text);
  if (!match) return null;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (
    year < 1 ||
    month < 1 ||
    day < 1 ||
    day > new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()
  )
    return null;
  const instant = new Date(text.toUpperCase());
  const utcYear = instant.getUTCFullYear();
  return utcYear >= 1 && utcYear <= 9999 ? instant : null;
}
