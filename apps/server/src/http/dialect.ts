import type { IncomingMessage } from 'node:http';
import type { Actor } from '@sallyport/audit';
import type { DomainError } from '@sallyport/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AccessStatement } from './access.js';

/** What an error, or a refusal, looks like on the wire. */
export interface WireError {
  status: number;
  headers?: Record<string, string>;
  body: unknown;
}

/**
 * One language spoken on the wire. The room `http` knows only this; it never imports a dialect.
 * The order in which a request meets these: rewrite, onRequest, (route) readToken + authenticate, authorize, body, handler, renderAnswer.
 */
export interface Dialect {
  readonly name: 'appgate' | 'vault' | 'forward-auth' | 'oauth' | 'ops';
  /** Path prefix of the dialect, without a trailing slash: `/admin`. */
  readonly prefix: string;
  /** Whether a path that stands literally in a route is that of no parameter, whatever the method. */
  readonly literalWins?: boolean;
  /**
   * May change `raw.method` and answers the URL to route by. Pure: no I/O. A DomainError thrown here is answered after
   * onRequest, in this dialect's shape. Method `SEARCH` is the internal name of a list operation: a genuine SEARCH from
   * outside has become `LOCK` before it gets here.
   */
  rewrite?(raw: IncomingMessage): string;
  /** First look at a request, before its token and body; throws to refuse (406). */
  onRequest?(request: FastifyRequest): void;
  /** The token as it stands in the headers, or null. Query and body are never looked at (S85). */
  readToken(request: FastifyRequest): string | null;
  /** Whether the caller's token is a full one, which the larger body limit needs (S82). Absent: every caller's is. */
  holdsFullToken?(caller: unknown): boolean;
  /** Who holds this token; null when it is unknown, expired or ended. */
  authenticate(token: string, request: FastifyRequest): Promise<unknown>;
  /**
   * Decides whether the route's access statement lets this caller in; throws a DomainError if not.
   * `tokenSent` tells a missing token from a dead one. `caller` is what authenticate answered.
   */
  authorize(
    access: AccessStatement,
    caller: unknown,
    tokenSent: boolean,
    request: FastifyRequest,
  ): Promise<void>;
  /** Who acts in this request, for the audit. Absent: nobody is known. */
  actorOf?(request: FastifyRequest): Actor;
  /** Refuses a path no route answers, or one that answers other methods only (`allow` not empty). Never returns. */
  notFound(caller: unknown, tokenSent: boolean, allow: string[], request: FastifyRequest): Promise<never>;
  /** The body's fields; throws `malformed` or `invalid`. An empty body gives `{}`-like fields or undefined. */
  parseBody(bytes: Buffer, request: FastifyRequest): unknown;
  /** What a handler's result looks like on the wire; may set status and headers. Absent: it is sent as it is. */
  renderAnswer?(result: unknown, request: FastifyRequest, reply: FastifyReply): unknown;
  /** The dialect's table: every kind of DomainError has its spelling. */
  renderError(error: DomainError, request: FastifyRequest): WireError;
}

/** Injection token of the list of dialects. */
export const DIALECTS = Symbol('DIALECTS');

declare module 'fastify' {
  interface FastifyRequest {
    /** The dialect the path belongs to; the ops dialect where it belongs to none. */
    dialect: Dialect;
    /** What the route states; null before the guard has looked, and where there is no route. */
    access: AccessStatement | null;
    /** What `Dialect.authenticate` answered; null before, or for a request without a valid token. */
    caller: unknown;
    /** True when the verb was LIST, or GET with a true `list` parameter. */
    isList: boolean;
    /** The caller's address after trusted proxies (S83). */
    clientAddress: string;
    /** Whether the connection is one of a configured proxy: what only a proxy may say is believed of no one else (S83). */
    fromProxy: boolean;
  }
}
