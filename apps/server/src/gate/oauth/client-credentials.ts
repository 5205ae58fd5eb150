import type { FastifyRequest } from 'fastify';
import { bearerIn } from '../wire/bearer-header.js';

const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i;

/** How a service authenticates: its token as a bearer, or as the secret of a client (RFC 6749 §2.3.1); null for no way at all. */
export function clientCredentials({
  raw,
}: FastifyRequest): { scheme: 'Bearer' | 'Basic'; token: string } | null {
  const lines = raw.headersDistinct['authorization'] ?? [];
  if (lines.length !== 1) return null;
  const bearer = bearerIn(lines[0]!);
  if (bearer !== null) return { scheme: 'Bearer', token: bearer };
  const pair = BASIC.exec(lines[0]!.trim())?.[1];
  const secret = pair === undefined ? '' : secretIn(Buffer.from(pair, 'base64').toString());
  return secret === '' ? null : { scheme: 'Basic', token: secret };
}

/**
 * The id is the service's own affair: the token says who it is. Some clients encode the secret as in a form, some do not; a `+` is itself
 * in both cases, for no token holds a blank.
 */
function secretIn(pair: string): string {
  const colon = pair.indexOf(':');
  const secret = colon < 0 ? '' : pair.slice(colon + 1);
  try {
    return decodeURIComponent(secret);
  } catch {
    return secret;
  }
}
