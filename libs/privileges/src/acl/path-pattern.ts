/** Stands for one whole segment, whatever it is. */
const ANY = '+';

/**
 * The paths a rule speaks of (vault.md §12): its segments one by one, `+` for any; a prefix pattern (`…*`) asks only for the beginning of
 * its last segment and lets anything follow.
 */
export interface PathPattern {
  /** As policies write it: two rules of one text are one pattern. */
  readonly text: string;
  readonly segments: readonly string[];
  readonly isPrefix: boolean;
  /** How many segments are `+`. */
  readonly wildcards: number;
  /** Where the first `+` or `*` stands; the length of the text where there is none. */
  readonly firstWildcard: number;
}

/** Reads a pattern; a leading `/` has gone already, and `+*` is refused before. */
export function readPattern(text: string): PathPattern {
  const isPrefix = text.endsWith('*');
  const segments = (isPrefix ? text.slice(0, -1) : text).split('/');
  const wildcards = segments.filter((segment) => segment === ANY).length;
  return { text, segments, isPrefix, wildcards, firstWildcard: firstWildcard(text, segments, isPrefix) };
}

/** An exact pattern beats every other. */
export function isExact({ isPrefix, wildcards }: PathPattern): boolean {
  return !isPrefix && wildcards === 0;
}

export function matches(pattern: PathPattern, path: readonly string[]): boolean {
  const { segments, isPrefix } = pattern;
  const last = segments.length - 1;
  if (isPrefix ? path.length <= last : path.length !== last + 1) return false;
  return segments.every(
    (segment, at) =>
      segment === ANY ||
      segment === path[at] ||
      (isPrefix && at === last && (path[at] ?? '').startsWith(segment)),
  );
}

/**
 * Below zero where `one` ranks higher. Exact first; then whose first `+` or `*` comes later, who does not end in `*`, who has fewer
 * `+`, the longer, the one that sorts higher (vault.md §12).
 */
export function byRank(one: PathPattern, other: PathPattern): number {
  return (
    Number(isExact(other)) - Number(isExact(one)) ||
    other.firstWildcard - one.firstWildcard ||
    Number(one.isPrefix) - Number(other.isPrefix) ||
    one.wildcards - other.wildcards ||
    other.text.length - one.text.length ||
    (one.text < other.text ? 1 : one.text > other.text ? -1 : 0)
  );
}

/** Whether every path of `inner` is one of `outer`. */
export function contains(outer: PathPattern, inner: PathPattern): boolean {
  const last = outer.segments.length - 1;
  if (!outer.isPrefix) {
    if (inner.isPrefix || inner.segments.length !== outer.segments.length) return false;
    return outer.segments.every((segment, at) => segment === ANY || segment === inner.segments[at]);
  }
  if (inner.segments.length <= last) return false;
  return outer.segments.every((segment, at) => {
    const within = inner.segments[at] ?? '';
    if (at === last) return segment === '' || (within !== ANY && within.startsWith(segment));
    return segment === ANY || segment === within;
  });
}

/** Whether some path is one of both. */
export function intersects(one: PathPattern, other: PathPattern): boolean {
  const [short, long] = one.segments.length <= other.segments.length ? [one, other] : [other, one];
  if (long.segments.length > short.segments.length && !short.isPrefix) return false;
  const end = short.segments.length - 1;
  return short.segments.every((segment, at) => {
    const facing = long.segments[at] ?? '';
    if (segment === ANY || facing === ANY) return true;
    const isStart = short.isPrefix && at === end;
    const facesStart = long.isPrefix && at === long.segments.length - 1;
    if (isStart && facesStart) return segment.startsWith(facing) || facing.startsWith(segment);
    if (isStart) return facing.startsWith(segment);
    return facesStart ? segment.startsWith(facing) : segment === facing;
  });
}

function firstWildcard(text: string, segments: readonly string[], isPrefix: boolean): number {
  const at = segments.indexOf(ANY);
  if (at >= 0) return segments.slice(0, at).reduce((length, segment) => length + segment.length + 1, 0);
  return isPrefix ? text.length - 1 : text.length;
}
