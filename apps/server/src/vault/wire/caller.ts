import type { Actor } from '@sallyport/audit';
import { aclSubjectOfToken } from '@sallyport/auth';
import type { AclSubject } from '@sallyport/privileges';
import type { Token } from '@sallyport/tokens';
import type { FastifyRequest } from 'fastify';
import { refuse } from './vault-error.js';

/** What `/v1` knows of whoever sent a token that is not dead. */
export type VaultCaller =
  | { state: 'live'; token: Token }
  /** The person is disabled, or the token is bound to other addresses: 403 `permission denied` (§2.4). */
  | { state: 'barred' };

/** The caller's token; every route that is not open has one by the time its handler runs. */
export function tokenOf(request: FastifyRequest): Token {
  const caller = request.caller as VaultCaller | null;
  if (caller?.state !== 'live') throw refuse(403, 'permission denied');
  return caller.token;
}

const SUBJECT = Symbol('acl subject');

declare module 'fastify' {
  interface FastifyRequest {
    [SUBJECT]?: AclSubject;
  }
}

/** Whose policies judge this request: one and the same object for all its questions. */
export function aclSubjectOf(request: FastifyRequest): AclSubject {
  return (request[SUBJECT] ??= aclSubjectOfToken(tokenOf(request)));
}

/** Who acts in this request, for the audit; nobody known on the open routes. */
export function actorOf(request: FastifyRequest): Actor {
  const caller = request.caller as VaultCaller | null;
  const token = caller?.state === 'live' ? caller.token : null;
  return {
    principalId: token?.principalId ?? null,
    accountId: token?.accountId ?? null,
    name: token?.displayName ?? null,
    tokenAccessor: token?.accessor ?? null,
    clientAddress: request.clientAddress,
    requestId: request.id,
  };
}
