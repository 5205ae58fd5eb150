import { addressRange, holds } from '@sallyport/platform';

/** The ranges that lie in both lists; of two ranges one holds the other or they are apart. */
export function commonRanges(ones: readonly string[], others: readonly string[]): string[] {
  const within = (inner: readonly string[], outer: readonly string[]) =>
    inner.filter((range) => outer.some((whole) => contains(whole, range)));
  return [...new Set([...within(ones, others), ...within(others, ones)])];
}

function contains(wholeText: string, partText: string): boolean {
  const [whole, part] = [addressRange(wholeText), addressRange(partText)];
  return whole !== null && part !== null && holds(whole, part);
}
