import { isIP } from 'node:net';
import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../config/config.js';
import { inTime } from '../in-time.js';
import { isGuarded } from './guarded-address.js';
import { canonicalHost } from './host-name.js';
import { HostResolver } from './host-resolver.js';
import type { OutgoingScheme } from './outgoing-rule.js';

/** Milliseconds an outgoing call may take where nothing else is said (S87). */
export const OUTGOING_CALL_MS = 5_000;

/** Where to connect: an address, never again a name, so that what was checked is what is reached. */
export interface OutgoingTarget {
  address: string;
  family: 4 | 6;
  port: number;
}

/** Every call to the outside asks here first (S87). */
@Injectable()
export class Outgoing {
  private readonly logger = new Logger('Outgoing');

  constructor(
    private readonly config: Config,
    private readonly resolver: HostResolver,
  ) {}

  /**
   * Finds the address a listed host has now. Loopback, link-local and metadata addresses need an entry that names the address
   * itself, however the name got there.
   * @param withinMs milliseconds the name may take to resolve.
   * @returns null where the call may not be made, or the name has no address; the log tells the operator why.
   */
  async find(
    scheme: OutgoingScheme,
    host: string,
    port: number,
    withinMs = OUTGOING_CALL_MS,
  ): Promise<OutgoingTarget | null> {
    const name = canonicalHost(host);
    if (name === null || !this.lists(scheme, name, port))
      return this.refuse(scheme, host, port, 'it is not on SALLYPORT_OUTGOING_ALLOW');
    if (isIP(name) !== 0) return targetOf(name, port);
    const addresses = await this.resolve(name, withinMs);
    if (addresses.length === 0) return this.refuse(scheme, host, port, 'the name does not resolve');
    const open = addresses.find((address) => !isGuarded(address) || this.lists(scheme, address, port));
    if (open !== undefined) return targetOf(open, port);
    return this.refuse(
      scheme,
      host,
      port,
      `${addresses[0]} needs an entry of its own on SALLYPORT_OUTGOING_ALLOW`,
    );
  }

  private lists(scheme: OutgoingScheme, host: string, port: number): boolean {
    return this.config.outgoingAllow.some(
      (rule) => rule.scheme === scheme && rule.host === host && rule.port === port,
    );
  }

  private async resolve(name: string, withinMs: number): Promise<string[]> {
    const addresses = await inTime(this.resolver.addressesOf(name), withinMs).catch(() => []);
    return addresses
      .flatMap((address) => canonicalHost(address) ?? [])
      .filter((address) => isIP(address) !== 0);
  }

  private refuse(scheme: string, host: string, port: number, reason: string): null {
    this.logger.warn(`${JSON.stringify(`${scheme}://${host}:${port}`)} is not called: ${reason}`);
    return null;
  }
}

function targetOf(address: string, port: number): OutgoingTarget {
  return { address, family: isIP(address) === 6 ? 6 : 4, port };
}
