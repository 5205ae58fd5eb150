import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import { AdminSessionsService } from '@sallyport/auth';
import { DomainError } from '@sallyport/platform';
import { EffectivePrivilegesService } from '@sallyport/privileges';
import type { FastifyRequest } from 'fastify';
import type { AccessStatement } from '../http/access.js';
import type { Dialect, WireError } from '../http/dialect.js';
import { urlPath } from '../http/url-path.js';
import { acceptedVersion } from './wire/accept-version.js';
import { bearerToken } from './wire/bearer-token.js';
import { type AppgateCaller, actorOf, stateOf } from './wire/caller.js';
import { ERROR_BODIES } from './wire/error-bodies.js';
import { jsonFields } from './wire/json-body.js';
import { mayCall } from './wire/needed-privilege.js';
import { admit, forbidden, noToken } from './wire/token-states.js';

const VERSION_PATH = '/admin/version';
/** Not served, though the same path is for another method, or would be an object's (appgate.md §7, §10). */
const UNSERVED = [
  { methods: ['POST', 'PUT', 'PATCH', 'DELETE'], path: /^\/admin\/ip-pools(\/[^/]+)?$/ },
  { methods: ['POST'], path: /^\/admin\/(user-scripts\/test|[^/]+\/bulk-upsert)$/ },
];
/** Whatever stands in its body is ignored (appgate.md §2.8). */
const LOGOUT_PATH = '/admin/authentication/logout';

/** The admin API of Appgate SDP at `/admin` (appgate.md §1): how its requests are read and its refusals spelled. */
@Injectable()
export class AppgateDialect implements Dialect {
  readonly name = 'appgate';
  readonly prefix = '/admin';
  readonly literalWins = true;

  constructor(
    private readonly sessions: AdminSessionsService,
    private readonly privileges: EffectivePrivilegesService,
  ) {}

  /** 406 comes before everything, on every call but `GET /version` (§1.2). */
  onRequest(request: FastifyRequest): void {
    if (request.method === 'GET' && pathOf(request) === VERSION_PATH) return;
    acceptedVersion(request.headers.accept);
  }

  readToken(request: FastifyRequest): string | null {
    return bearerToken(request.headers.authorization);
  }

  async authenticate(token: string, request: FastifyRequest): Promise<AppgateCaller | null> {
    const likely = awaitsFactor(request.access) ? 'sign-in' : 'token';
    const session = await this.sessions.find(token, request.clientAddress, likely);
    return session && { session, state: stateOf(session), privileges: [] };
  }

  holdsFullToken(caller: unknown): boolean {
    return (caller as AppgateCaller).state === 'final';
  }

  /** The state of the token first, then the privilege; both as of now (§1.3, §2.1). */
  async authorize(access: AccessStatement, caller: unknown): Promise<void> {
    const known = caller as AppgateCaller | null;
    admit(access, known?.state ?? null);
    if (known === null || access.kind === 'open' || (access.kind === 'token' && access.state !== 'final'))
      return;
    known.privileges = await this.privileges.asOf(known.session.standing, known.session);
    if (!mayCall(access, known.privileges)) throw forbidden();
  }

  actorOf(request: FastifyRequest): Actor {
    return actorOf(request);
  }

  /** The token comes before the path (§1.3). */
  async notFound(
    caller: unknown,
    _tokenSent: boolean,
    allow: string[],
    request: FastifyRequest,
  ): Promise<never> {
    if (caller === null) throw noToken();
    if (allow.length > 0 && !isUnserved(request))
      throw new DomainError('method-not-allowed', 'other-method', 'Another method.', { allow });
    throw new DomainError('not-found', 'unserved-path', 'Nothing is served here.');
  }

  parseBody(bytes: Buffer, request: FastifyRequest): unknown {
    return pathOf(request) === LOGOUT_PATH ? {} : jsonFields(bytes);
  }

  renderError(error: DomainError, request: FastifyRequest): WireError {
    return ERROR_BODIES[error.kind](error, request.method);
  }
}

function isUnserved(request: FastifyRequest): boolean {
  const path = pathOf(request);
  return UNSERVED.some((unserved) => unserved.methods.includes(request.method) && unserved.path.test(path));
}

function awaitsFactor(access: AccessStatement | null): boolean {
  return access?.kind === 'token' && access.state === 'pending';
}

function pathOf(request: FastifyRequest): string {
  const path = urlPath(request.url);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
