import ipaddr from 'ipaddr.js';

/** Whether an address lies in one of the ranges; no ranges: anywhere. */
export function isWithin(address: string | null, cidrs: string[]): boolean {
  if (cidrs.length === 0) return true;
  if (address === null || !ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return cidrs.some((cidr) => {
    const [range, bits] = ipaddr.isValidCIDR(cidr)
      ? ipaddr.parseCIDR(cidr)
      : [ipaddr.process(cidr), undefined];
    return (
      range.kind() === parsed.kind() && parsed.match(range, bits ?? (range.kind() === 'ipv4' ? 32 : 128))
    );
  });
}
