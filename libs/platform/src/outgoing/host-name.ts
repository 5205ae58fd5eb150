import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

const NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
/** A last label that some resolvers read as a number: `2130706433` and `0x7f000001` are 127.0.0.1 to them. */
const NUMBER = /^(\d+|0x[0-9a-f]*)$/;

/**
 * A host as it is compared: names in lower case, addresses in one form, an IPv4 address mapped into IPv6 as IPv4.
 * @returns null for what is neither a host name nor an address in its usual spelling (decimal, octal and hex forms, zones).
 */
export function canonicalHost(text: string): string | null {
  const host = (/^\[(.*)\]$/.exec(text)?.[1] ?? text).toLowerCase();
  if (host.includes('%')) return null;
  if (isIP(host) !== 0) return ipaddr.process(host).toNormalizedString();
  if (text.startsWith('[') || !NAME.test(host)) return null;
  return NUMBER.test(host.slice(host.lastIndexOf('.') + 1)) ? null : host;
}
