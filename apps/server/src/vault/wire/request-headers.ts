import type { IncomingHttpHeaders } from 'node:http';
import { parseDuration } from './coerce.js';
import { refuse } from './vault-error.js';

/** Header lines as they came, one entry a line, never joined: `IncomingMessage.headersDistinct`. */
export type HeaderLines = NodeJS.Dict<string[]>;

/** The caller's token: `X-Vault-Token` if not empty, else the first `Authorization` line starting `Bearer ` (§2.2). */
export function readToken(lines: HeaderLines): string | null {
  const own = lines['x-vault-token']?.[0];
  if (own) return own;
  const bearer = lines['authorization']?.find((line) => line.startsWith('Bearer '));
  return bearer?.slice('Bearer '.length).trim() || null;
}

/** The namespaces that mean the one there is (§2.2). */
const ROOT_NAMESPACES = new Set(['', '/', 'root', 'root/']);

/** Refuses a namespace other than the root one. */
export function checkNamespace(headers: IncomingHttpHeaders): void {
  const sent = headers['x-vault-namespace'];
  if (sent === undefined || ROOT_NAMESPACES.has(String(sent))) return;
  throw refuse(404, 'namespace not found');
}

/** Refuses response wrapping, which is not built, instead of ignoring it (§2.2). */
export function refuseWrapping(headers: IncomingHttpHeaders): void {
  const sent = headers['x-vault-wrap-ttl'];
  if (sent === undefined || sent === '') return;
  const seconds = parseDuration(String(sent));
  if (seconds === null) throw refuse(400, 'error parsing X-Vault-Wrap-TTL header: not a duration');
  if (seconds < 0)
    throw refuse(400, 'error parsing X-Vault-Wrap-TTL header: requested wrap ttl cannot be negative');
  throw refuse(400, 'response wrapping is not supported');
}

/** Credentials by method id or name; an empty list is a method named without credentials (push). */
export type MfaHeader = ReadonlyMap<string, readonly string[]>;

/** Reads the `X-Vault-MFA` lines in order (§4). Throws 400 for a line without a name or with an empty value after `:`. */
export function readMfaHeader(lines: HeaderLines): MfaHeader {
  const credentials = new Map<string, string[]>();
  for (const line of lines['x-vault-mfa'] ?? []) {
    if (line === '') continue;
    const text = asUtf8(line);
    const colon = text.indexOf(':');
    const key = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? undefined : text.slice(colon + 1);
    if (key === '') throw malformedMfa('missing method name or ID');
    if (value === '') throw malformedMfa('missing method value');
    const known = credentials.get(key) ?? [];
    credentials.set(key, value === undefined ? known : [...known, value]);
  }
  return credentials;
}

function malformedMfa(why: string): Error {
  return refuse(400, `failed to parse X-Vault-MFA header: invalid data in header "X-Vault-MFA"; ${why}`);
}

/** Node reads header bytes as Latin-1; clients send method names as UTF-8. */
function asUtf8(line: string): string {
  const bytes = Buffer.from(line, 'latin1');
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : line;
}
