import ipaddr from 'ipaddr.js';

/** Where clouds answer with an instance's credentials, beside 169.254.0.0/16. */
const METADATA = new Set([
  'fd00:ec2:0:0:0:0:0:254',
  'fd20:ce:0:0:0:0:0:254',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
]);
const ORDINARY = new Set(['unicast', 'private', 'uniqueLocal', 'carrierGradeNat']);

/**
 * Whether an address is reached only where an entry names it itself: loopback, link-local, metadata, and all that is
 * no single host's own address (S87).
 * @param address as `canonicalHost` answers it.
 */
export function isGuarded(address: string): boolean {
  return METADATA.has(address) || !ORDINARY.has(ipaddr.parse(address).range());
}
