import ipaddr from 'ipaddr.js';

/** Whether a text is an address or a CIDR range. */
export function isRange(text: string): boolean {
  return ipaddr.isValidCIDR(text) || ipaddr.isValid(text);
}
