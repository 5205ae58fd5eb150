import { isIP, isIPv4 } from 'node:net';
import { type AddressRange, addressRange, holds } from '@sallyport/platform';
import ipaddr from 'ipaddr.js';

/** The proxies whose `X-Forwarded-For` is believed (S83). */
export class TrustedProxies {
  private readonly ranges: AddressRange[];

  /** @param entries addresses or CIDR ranges. @throws Error for anything else. */
  constructor(entries: string[]) {
    this.ranges = entries.map((entry) => {
      const range = addressRange(entry);
      if (range === null) throw new Error(`${entry} is neither an address nor a CIDR range`);
      return range;
    });
  }

  has(address: string): boolean {
    if (this.ranges.length === 0) return false;
    const own = addressRange(address);
    return own !== null && this.ranges.some((range) => holds(range, own));
  }

  /**
   * The client's address: the socket's, or the right-most hop of `X-Forwarded-For` that is no trusted proxy, where the
   * socket belongs to one. Reading stops at the first entry that is no address: what stands left of it is hearsay.
   */
  clientAddress(socketAddress: string | undefined, forwardedFor: string | undefined): string {
    let address = normalAddress(socketAddress ?? '');
    const hops = (forwardedFor ?? '').split(',').map((hop) => hop.trim());
    while (this.has(address) && hops.length > 0) {
      const hop = hops.pop()!;
      if (isIP(hop) === 0) break;
      address = normalAddress(hop);
    }
    return address;
  }
}

/** One spelling for an address: IPv4-mapped IPv6 as IPv4, IPv6 shortened, without a zone. */
export function normalAddress(address: string): string {
  if (isIPv4(address)) return address;
  const bare = address.split('%', 1)[0] ?? '';
  return isIP(bare) === 0 ? '0.0.0.0' : ipaddr.process(bare).toString();
}
