import type { DomainError } from '@sallyport/platform';
import { type AclCapability, type AclGrant, gives, givesFields, setOf } from '@sallyport/privileges';
import type { FastifyRequest } from 'fastify';
import { NumberLiteral } from './coerce.js';
import { policyPath } from './request-url.js';
import { isRootProtected } from './root-protected.js';
import { multiError, refuse } from './vault-error.js';

const GRANT = Symbol('acl grant');
const PATH = Symbol('policy path');

declare module 'fastify' {
  interface FastifyRequest {
    /** The rule that let the request in, where it has something to say of the fields too. */
    [GRANT]?: AclGrant;
    [PATH]?: string;
  }
}

/** Lets a request in that its rule gives these capabilities, or refuses it. */
export function permit(grant: AclGrant, capabilities: AclCapability[], request: FastifyRequest): void {
  const wanted = isRootProtected(pathOf(request)) ? [...capabilities, 'sudo' as const] : capabilities;
  if (!gives(grant, setOf(wanted))) throw denied();
  request[GRANT] = grant;
  if (request.method === 'GET') mustBeLetThrough(request, request.query);
}

/** The winning rule's word on the fields (vault.md §12): of a read in the query, of a write in the body, before anything is done. */
export function mustBeLetThrough(request: FastifyRequest, fields: unknown): void {
  const grant = request[GRANT];
  if (grant === undefined) return;
  const given = Object.entries(fields ?? {}).map(([name, value]) => [name, written(value)] as const);
  if (!givesFields(grant, Object.fromEntries(given))) throw denied();
}

/** Numbers as they were written: `5.0` is another text than `5`, and the same number. */
function written(value: unknown): unknown {
  if (value instanceof NumberLiteral) return value.digits;
  return Array.isArray(value) ? value.map(written) : value;
}

/**
 * What the rule says of making and of changing, to be asked inside the writing transaction: who may only make one must not change one that
 * somebody else has made meanwhile (vault.md §12).
 */
export function mustMayWrite(request: FastifyRequest): (isThere: boolean) => void {
  const grant = request[GRANT];
  return (isThere) => {
    if (grant === undefined || !gives(grant, setOf([isThere ? 'update' : 'create']))) throw denied();
  };
}

export function denied(): DomainError {
  return refuse(403, multiError('permission denied'));
}

/** What policies call the place of a request. */
export function pathOf(request: FastifyRequest): string {
  return (request[PATH] ??= policyPath(request.url, request.isList));
}
