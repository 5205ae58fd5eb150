import type { Actor } from '@sallyport/audit';
import type { LiveToken } from '@sallyport/auth';
import { DomainError } from '@sallyport/platform';
import type { FastifyRequest } from 'fastify';
import type { AccessStatement } from '../../http/access.js';

/** The token the request came with; every route here that is not open has one by the time its handler runs. */
export function bearerOf(request: FastifyRequest): LiveToken {
  const bearer = request.caller as LiveToken | null;
  if (bearer === null) throw noToken();
  return bearer;
}

/** @throws DomainError where a route asks for a full token and there is none. */
export function admit(access: AccessStatement, caller: unknown): void {
  if (access.kind === 'open') return;
  if (caller === null) throw noToken();
  if (access.kind !== 'full-token') throw new DomainError('forbidden', 'forbidden', 'Not for this token.');
}

/** Who acts in this request, for the audit. */
export function actorOf(request: FastifyRequest): Actor {
  const bearer = request.caller as LiveToken | null;
  return {
    principalId: bearer?.token.principalId ?? null,
    accountId: bearer?.token.accountId ?? null,
    name: bearer?.user?.name ?? bearer?.token.displayName ?? null,
    tokenAccessor: bearer?.token.accessor ?? null,
    clientAddress: request.clientAddress,
    requestId: request.id,
  };
}

/** Refuses what no route answers: the token comes before the path. */
export function refusePath(caller: unknown, allow: string[]): never {
  if (caller === null) throw noToken();
  if (allow.length > 0)
    throw new DomainError('method-not-allowed', 'other-method', 'Another method.', { allow });
  throw new DomainError('not-found', 'unserved-path', 'Nothing is served here.');
}

function noToken(): DomainError {
  return new DomainError('unauthenticated', 'no-token', 'The token is missing, invalid or expired.');
}
