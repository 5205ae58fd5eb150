import { isIP } from 'node:net';
import { canonicalHost } from './host-name.js';

/** A URL taken apart without the rewriting a browser would do: what is not plainly an https URL is none (S87). */
export interface OutgoingUrl {
  /** As `canonicalHost` answers it. */
  host: string;
  port: number;
  /** What the `Host` header says. */
  authority: string;
  /** Path and query. */
  path: string;
}

const HTTPS_PORT = 443;
const URL_TEXT = /^https:\/\/(\[[^\]]*\]|[^:/?#@[\]\s\\]+)(?::(\d{1,5}))?((?:[/?][!-"$-~]*)?)$/i;

/** @returns null for other schemes, user names, numbers for addresses, fragments, and paths that are not printable ASCII. */
export function parseOutgoingUrl(text: string): OutgoingUrl | null {
  const [, written, digits, rest] = URL_TEXT.exec(text) ?? [];
  const host = canonicalHost(written ?? '');
  const port = digits === undefined ? HTTPS_PORT : Number(digits);
  if (host === null || port < 1 || port > 65_535) return null;
  const name = isIP(host) === 6 ? `[${host}]` : host;
  const authority = port === HTTPS_PORT ? name : `${name}:${port}`;
  return { host, port, authority, path: rest?.startsWith('/') ? rest : `/${rest ?? ''}` };
}
