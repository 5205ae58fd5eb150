import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import { type LiveToken, LiveTokensService } from '@sallyport/auth';
import type { DomainError } from '@sallyport/platform';
import type { FastifyRequest } from 'fastify';
import type { AccessStatement } from '../../http/access.js';
import type { Dialect, WireError } from '../../http/dialect.js';
import { bearerIn } from '../wire/bearer-header.js';
import { actorOf, admit, refusePath } from '../wire/caller.js';
import { oauthError } from '../wire/oauth-error.js';
import { challengeOf } from './challenge.js';

/** `/forward-auth`: a proxy asks whether the token of a request it holds opens what stands behind it. */
@Injectable()
export class ForwardAuthDialect implements Dialect {
  readonly name = 'forward-auth';
  readonly prefix = '/forward-auth';

  constructor(private readonly live: LiveTokensService) {}

  /** Envoy asks with the method of the request it holds. What counts of that is what headers tell (`originalRequest`). */
  rewrite(raw: IncomingMessage): string {
    raw.method = 'GET';
    return raw.url!;
  }

  /**
   * `Authorization: Bearer` or `X-Vault-Token`. Several that differ are together a token nobody has: whoever reads them next might take
   * another one than was judged here.
   */
  readToken({ raw }: FastifyRequest): string | null {
    const bearers = (raw.headersDistinct['authorization'] ?? []).map(bearerIn);
    const sent = [...bearers, ...(raw.headersDistinct['x-vault-token'] ?? [])].filter((token) => token);
    return [...new Set(sent)].join(' ') || null;
  }

  /** In `X-Vault-Token` a token of `/admin` is as unknown as at `/v1` (vault.md §1.7). */
  async authenticate(token: string, { raw, clientAddress }: FastifyRequest): Promise<LiveToken | null> {
    const bearer = await this.live.present(token, clientAddress);
    const isVaults = raw.headersDistinct['x-vault-token']?.includes(token) === true;
    return isVaults && bearer !== null && bearer.session !== null ? null : bearer;
  }

  async authorize(access: AccessStatement, caller: unknown): Promise<void> {
    admit(access, caller);
  }

  actorOf(request: FastifyRequest): Actor {
    return actorOf(request);
  }

  async notFound(caller: unknown, _tokenSent: boolean, allow: string[]): Promise<never> {
    return refusePath(caller, allow);
  }

  parseBody(): unknown {
    return {};
  }

  renderError(error: DomainError, request: FastifyRequest): WireError {
    const { status, headers, body } = oauthError(error);
    if (status !== 401 && status !== 403) return { status, headers, body };
    const challenge = challengeOf(error, body.error, this.readToken(request) !== null);
    return {
      status,
      headers: { ...headers, 'www-authenticate': challenge.header },
      body: { error: challenge.error },
    };
  }
}
