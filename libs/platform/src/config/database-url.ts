import { isLoopback } from './loopback.js';

/**
 * Whether a PostgreSQL URL leads, as node-postgres reads it, over a network to a server whose certificate and name are not checked (S84).
 * What node-postgres would refuse anyway counts as checked.
 */
export function leadsAnywhere(url: string): boolean {
  const parsed = parse(url);
  if (parsed === null) return false;
  // The last of several parameters counts, and a host among them before the one in front.
  const setting = (name: string): string | undefined => parsed.searchParams.getAll(name).at(-1);
  const host = setting('host') || decodeURIComponent(parsed.hostname);
  if (host === '' || host.startsWith('/') || isLoopback(host.replace(/^\[|\]$/g, ''))) return false;
  return setting('sslmode') !== 'verify-full';
}

function parse(url: string): URL | null {
  // A user without a host is no URL to the standard, and the form of one with a socket.
  return URL.parse(url) ?? URL.parse(url.replace('@/', '@localhost/'));
}
