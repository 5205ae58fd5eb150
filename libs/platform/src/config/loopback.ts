import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Whether a host is this machine and nothing else: by its address, or by the one name that stands for it. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  return isIP(host) !== 0 && ipaddr.process(host).range() === 'loopback';
}
