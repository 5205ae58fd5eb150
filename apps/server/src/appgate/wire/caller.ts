import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import type { AdminSession } from '@sallyport/auth';
import { type AdministrativePrivilege, grants, type Subject } from '@sallyport/privileges';
import type { FastifyRequest } from 'fastify';
import { noToken, type TokenState } from './token-states.js';

/** Whoever sent a live token, and what state it is in now (appgate.md §2.1). */
export interface AppgateCaller {
  session: AdminSession;
  state: TokenState;
  /** As of this request; empty until a route has asked for them. */
  privileges: AdministrativePrivilege[];
}

/** The caller of a route that asks for a privilege. */
export interface Administrator {
  privileges: AdministrativePrivilege[];
  /** Whether exemptions from MFA made for a name count for users this caller creates under it (S53). */
  mayExempt: boolean;
  actor: Actor;
  /** Whose privileges a write is judged by again, inside its transaction (S48). */
  subject: Subject;
}

/** The state of a session: `missing` is read anew for each request. */
export function stateOf(session: AdminSession): TokenState {
  if (session.missing.length > 0) return 'pending';
  return session.kind === 'final' ? 'final' : 'proven';
}

/** Who acts in this request, for the audit; on open routes only the address is known. */
export function actorOf(request: FastifyRequest): Actor {
  const session = (request.caller as AppgateCaller | null)?.session;
  return {
    principalId: session?.principalId ?? null,
    accountId: session?.accountId ?? null,
    name: session?.username ?? null,
    tokenAccessor: session?.token?.accessor ?? null,
    clientAddress: request.clientAddress,
    requestId: request.id,
  };
}

/** `@CallingActor() actor: Actor`. */
export const CallingActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor =>
  actorOf(requestOf(context)),
);

/** `@CallingSession() session: AdminSession`, in routes that ask for a token. */
export const CallingSession = createParamDecorator(
  (_: unknown, context: ExecutionContext): AdminSession => callerOf(requestOf(context)).session,
);

/** `@CallingAdministrator() caller: Administrator`, in routes that ask for a privilege. */
export const CallingAdministrator = createParamDecorator(
  (_: unknown, context: ExecutionContext): Administrator => {
    const request = requestOf(context);
    const { privileges, session } = callerOf(request);
    const mayExempt = grants(privileges, 'Edit', 'GlobalSetting');
    return { privileges, mayExempt, actor: actorOf(request), subject: session };
  },
);

function requestOf(context: ExecutionContext): FastifyRequest {
  return context.switchToHttp().getRequest<FastifyRequest>();
}

function callerOf(request: FastifyRequest): AppgateCaller {
  const caller = request.caller as AppgateCaller | null;
  if (caller === null) throw noToken();
  return caller;
}
