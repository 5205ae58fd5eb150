import type { AclCapability } from '@sallyport/privileges';
import { DomainError } from '@sallyport/platform';
import type { FastifyRequest } from 'fastify';

/** What a proxy's request would do, in the words of ACL policies. */
export interface OriginalRequest {
  /** Without a leading slash, decoded once. */
  path: string;
  capability: AclCapability;
}

/** Under these names proxies tell of the request they hold. */
const URIS = ['x-original-uri', 'x-forwarded-uri'];
const METHODS = ['x-original-method', 'x-forwarded-method'];

const CAPABILITY_OF: Record<string, AclCapability> = {
  GET: 'read',
  HEAD: 'read',
  LIST: 'list',
  POST: 'update',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/**
 * The request a proxy asks about. It is believed only of a configured proxy, and only where all headers that tell of it say the same:
 * one the proxy does not set comes from the client.
 * @throws DomainError `forbidden` where it is not told, not believed, or could be read in two ways.
 */
export function originalRequest({ raw, fromProxy }: FastifyRequest): OriginalRequest {
  if (!fromProxy) throw refused('original-request-not-from-proxy');
  const [uri, method] = [URIS, METHODS].map((names) =>
    told(names.flatMap((name) => raw.headersDistinct[name] ?? [])),
  );
  const capability = Object.hasOwn(CAPABILITY_OF, method!) ? CAPABILITY_OF[method!] : undefined;
  if (capability === undefined) throw refused('original-method-unknown');
  return { path: plainPath(uri!), capability };
}

function told(values: string[]): string {
  if (new Set(values).size !== 1) throw refused('original-request-unclear');
  return values[0]!;
}

/**
 * The path of a request target, if all who may read it read the same: no empty or dot segments, nothing encoded twice, no encoded
 * slash, no backslash, no controls; no `;`, behind which some tools find parameters of a segment, no `#`, behind which some find none of
 * the path, and no bytes that are not ASCII, which are UTF-8 to some alone.
 */
export function plainPath(uri: string): string {
  const raw = uri.split('?', 1)[0]!;
  if (!/^\/[!-"$-~]*$/.test(raw) || /%(2f|5c)/i.test(raw)) throw refused('original-path-unclear');
  const path = decoded(raw);
  const isOdd =
    /[%\\;\p{Cc}]/u.test(path) ||
    path.includes('//') ||
    path.split('/').some((segment) => /^\.{1,2}$/.test(segment));
  if (isOdd) throw refused('original-path-unclear');
  return path.slice(1);
}

function decoded(raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch {
    throw refused('original-path-unclear');
  }
}

function refused(code: string): DomainError {
  return new DomainError('forbidden', code, 'The original request cannot be judged.');
}
