import ipaddr from 'ipaddr.js';

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** The ranges that lie in both lists; of two ranges one holds the other or they are apart. */
export function commonRanges(ones: readonly string[], others: readonly string[]): string[] {
  const within = (inner: readonly string[], outer: readonly string[]) =>
    inner.filter((range) => outer.some((whole) => contains(rangeOf(whole), rangeOf(range))));
  return [...new Set([...within(ones, others), ...within(others, ones)])];
}

function contains([whole, bits]: Range, [part, partBits]: Range): boolean {
  return whole.kind() === part.kind() && partBits >= bits && part.match(whole, bits);
}

function rangeOf(text: string): Range {
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}
