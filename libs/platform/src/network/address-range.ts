import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export type AddressRange = [first: ipaddr.IPv4 | ipaddr.IPv6, bits: number];

/**
 * An address or a CIDR range; what maps IPv4 into IPv6 is the range of IPv4 addresses it stands for.
 * @returns null for anything else, addresses in octal, hex, whole numbers or fewer than four parts among it: every reader takes them
 *   for another one.
 */
export function addressRange(text: string): AddressRange | null {
  const [, address = '', bits] = /^([^/]+)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text) ?? [];
  if (isIP(address) === 0) return null;
  const written = ipaddr.parse(address);
  const meant = ipaddr.process(address);
  const [all, whole] = [written, meant].map((one) => (one.kind() === 'ipv4' ? 32 : 128)) as [number, number];
  const length = Number(bits ?? all) - (all - whole);
  return length < 0 || length > whole ? null : [meant, length];
}

/** Whether one range holds the whole of the other. */
export function holds([whole, bits]: AddressRange, [part, partBits]: AddressRange): boolean {
  return whole.kind() === part.kind() && partBits >= bits && part.match(whole, bits);
}

/** Whether an address lies in one of the ranges; no ranges: anywhere. What is no range holds no address. */
export function isWithin(address: string | null, cidrs: string[]): boolean {
  if (cidrs.length === 0) return true;
  const own = address === null ? null : addressRange(address);
  return own !== null && cidrs.map(addressRange).some((range) => range !== null && holds(range, own));
}
