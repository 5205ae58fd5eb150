import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiResponse, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { TokenInspectionService } from '@sallyport/auth';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { actorOf, bearerOf } from '../wire/caller.js';
import { OauthError } from '../wire/oauth-error.js';
import { introspectionAnswer } from './introspection-answer.js';
import { IntrospectionAnswer } from './introspection.dto.js';
import { TokenForm } from './token-form.dto.js';

/** Tokens a service was shown, of either dialect. */
@ApiTags('OAuth: tokens')
@ApiSecurity('serviceToken')
@ApiConsumes('application/x-www-form-urlencoded')
@ApiResponse({ status: 400, description: 'The form cannot be read, or holds no token.', type: OauthError })
@ApiResponse({ status: 401, description: 'No service that may do this.', type: OauthError })
@ApiResponse({ status: 503, description: 'Nothing can be decided now.', type: OauthError })
@Controller('oauth2')
export class TokensOfOthersController {
  constructor(private readonly inspection: TokenInspectionService) {}

  @Post('introspect')
  @HttpCode(200)
  @Access({ kind: 'full-token' })
  @ApiOperation({
    summary: 'Ask what a token is (RFC 7662)',
    description:
      "The service's token needs `update` on the ACL path `oauth2/introspect`, or View on SessionInfo within the scope of the user's identity provider; " +
      'for tokens of its own person nothing. Asking is no use of the token. Everything that would not be let in now, and everything out of reach, is not active.',
    operationId: 'introspect',
  })
  @ApiBody({ type: TokenForm })
  @ApiResponse({ status: 200, description: 'What it is.', type: IntrospectionAnswer })
  async introspect(
    @Body() { token }: TokenForm,
    @Req() request: FastifyRequest,
  ): Promise<IntrospectionAnswer> {
    return introspectionAnswer(await this.inspection.inspect(bearerOf(request), token));
  }

  @Post('revoke')
  @HttpCode(200)
  @Access({ kind: 'full-token' })
  @ApiOperation({
    summary: 'End a token (RFC 7009)',
    description:
      "The service's token needs `update` on the ACL path `oauth2/revoke`, or Revoke on RegisteredDevice within the scope of the user's identity provider; " +
      'for tokens of its own person nothing. Tokens made from it end with it. One that is unknown, dead or out of reach answers the same.',
    operationId: 'revoke',
  })
  @ApiBody({ type: TokenForm })
  @ApiResponse({ status: 200, description: 'It is no token any more, or was none; no body.' })
  async revoke(@Body() { token }: TokenForm, @Req() request: FastifyRequest): Promise<void> {
    await this.inspection.revoke(bearerOf(request), token, actorOf(request));
  }
}
