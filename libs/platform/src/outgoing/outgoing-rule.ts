import { canonicalHost } from './host-name.js';

/** What a rule may name, and the port where it names none. */
const DEFAULT_PORTS = { https: 443, radius: 1812 } as const;

export type OutgoingScheme = keyof typeof DEFAULT_PORTS;

/** One place the server may call: an entry of `SALLYPORT_OUTGOING_ALLOW` (S87). */
export interface OutgoingRule {
  scheme: OutgoingScheme;
  /** As `canonicalHost` answers it. */
  host: string;
  port: number;
}

const ENTRY = /^([a-z]+):\/\/(\[[^\]]*\]|[^:/?#@[\]\s]+)(?::(\d{1,5}))?$/i;

/**
 * Reads `<scheme>://<host>[:<port>]`, the scheme being `https` (port 443 unless told otherwise) or `radius` (1812).
 * @returns null for anything else: paths, user names, numbers for addresses.
 */
export function parseOutgoingRule(entry: string): OutgoingRule | null {
  const [, scheme, host, port] = ENTRY.exec(entry) ?? [];
  const known = scheme?.toLowerCase();
  if (known === undefined || !Object.hasOwn(DEFAULT_PORTS, known)) return null;
  const canonical = canonicalHost(host ?? '');
  const number = port === undefined ? DEFAULT_PORTS[known as OutgoingScheme] : Number(port);
  if (canonical === null || number < 1 || number > 65_535) return null;
  return { scheme: known as OutgoingScheme, host: canonical, port: number };
}
