import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import { type LiveToken, LiveTokensService } from '@sallyport/auth';
import type { DomainError } from '@sallyport/platform';
import type { FastifyRequest } from 'fastify';
import type { AccessStatement } from '../../http/access.js';
import type { Dialect, WireError } from '../../http/dialect.js';
import { actorOf, admit, refusePath } from '../wire/caller.js';
import { oauthError } from '../wire/oauth-error.js';
import { clientCredentials } from './client-credentials.js';
import { readTokenForm } from './token-form.dto.js';

/** `/oauth2`: what services ask about tokens they were shown (RFC 7662, RFC 7009). */
@Injectable()
export class OauthDialect implements Dialect {
  readonly name = 'oauth';
  readonly prefix = '/oauth2';

  constructor(private readonly live: LiveTokensService) {}

  readToken(request: FastifyRequest): string | null {
    return clientCredentials(request)?.token ?? null;
  }

  authenticate(token: string, { clientAddress }: FastifyRequest): Promise<LiveToken | null> {
    return this.live.present(token, clientAddress);
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

  parseBody(bytes: Buffer, request: FastifyRequest): unknown {
    return readTokenForm(bytes, request.headers['content-type']);
  }

  /**
   * Whoever is not known is no client (RFC 6749 §5.2). Whose token does not suffice gets 401 too (RFC 7662 §2.3), each with a challenge
   * of the scheme that was tried, or of both where none was.
   */
  renderError(error: DomainError, request: FastifyRequest): WireError {
    const { status, headers, body } = oauthError(error);
    if (status !== 401 && status !== 403) return { status, headers, body };
    const scheme = clientCredentials(request)?.scheme ?? null;
    const reason = scheme === 'Bearer' ? `, error="${body.error}"` : '';
    const challenge = (scheme === null ? ['Bearer', 'Basic'] : [scheme])
      .map((one) => `${one} realm="sallyport"${reason}`)
      .join(', ');
    return {
      status: 401,
      headers: { ...headers, 'www-authenticate': challenge },
      body: { error: status === 401 ? 'invalid_client' : body.error },
    };
  }
}
