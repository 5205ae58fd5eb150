import { Get, HttpCode, Post, Req } from '@nestjs/common';
import { ServiceRenewalService } from '@sallyport/auth';
import { Clock } from '@sallyport/platform';
import { TokenRevocationService } from '@sallyport/tokens';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { Answer } from '../wire/answer.js';
import { actorOf, tokenOf } from '../wire/caller.js';
import { Fields } from '../wire/fields.js';
import { readToken } from '../wire/request-headers.js';
import { Describe } from '../wire/route-docs.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { AuthView } from './auth.dto.js';
import { IncrementFields, NoFields, TokenView } from './token.dto.js';
import { authView, tokenView } from './token-view.js';

/** What a token's holder does with it (§9). */
@VaultRoutes('auth/token', 'tokens')
export class TokensController {
  constructor(
    private readonly revocation: TokenRevocationService,
    private readonly renewals: ServiceRenewalService,
    private readonly clock: Clock,
  ) {}

  @Get('lookup-self')
  @Access({ kind: 'capability', capability: 'read', own: true })
  @Describe({ summary: "Look up the caller's token", data: TokenView })
  lookUpSelf(@Req() request: FastifyRequest): Answer {
    return Answer.data(tokenView(tokenOf(request), secretOf(request), this.clock.now()));
  }

  @Post('renew-self')
  @HttpCode(200)
  @Access({ kind: 'capability', capability: 'update', own: true })
  @Describe({
    summary: "Renew the caller's token",
    description: 'Never past the maximum TTL or `explicit_max_ttl`.',
    body: IncrementFields,
    auth: AuthView,
    refuses: { 400: ['lease is not renewable', 'token not found'] },
  })
  async renewSelf(@Fields() { increment }: IncrementFields, @Req() request: FastifyRequest): Promise<Answer> {
    const renewed = await this.renewals.renew(tokenOf(request), increment, actorOf(request));
    return Answer.auth(authView(renewed, secretOf(request), this.clock.now()));
  }

  @Post('revoke-self')
  @Access({ kind: 'capability', capability: 'update', own: true })
  @Describe({ summary: "Revoke the caller's token and its children" })
  async revokeSelf(@Fields() _: NoFields, @Req() request: FastifyRequest): Promise<void> {
    await this.revocation.revoke(tokenOf(request), actorOf(request));
  }
}

function secretOf(request: FastifyRequest): string {
  return readToken(request.raw.headersDistinct) ?? '';
}
