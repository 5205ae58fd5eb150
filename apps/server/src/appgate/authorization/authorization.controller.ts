import { Body, Controller, Get, Headers, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@sallyport/audit';
import { type AdminSession, AdminSignInService } from '@sallyport/auth';
import { Access } from '../../http/access.js';
import { AuthorizationAnswer } from '../authentication/answers.dto.js';
import { LoginRequest } from '../authentication/login-request.dto.js';
import { LoginRequestPipe } from '../authentication/login-request.pipe.js';
import { authorizationAnswer } from '../authentication/sign-in-wire.js';
import { PeerCall, Refuses } from '../openapi/answers.js';
import { bearerToken } from '../wire/bearer-token.js';
import { CallVersion } from '../wire/call-version.js';
import { CallingActor, CallingSession } from '../wire/caller.js';

/** `/authorization` and `/login`: the two calls that answer a final token (appgate.md §2.6, §2.7). */
@ApiTags('admin: sign-in')
@PeerCall()
@Controller('admin')
export class AuthorizationController {
  constructor(private readonly signIn: AdminSignInService) {}

  @Get('authorization')
  @Access({ kind: 'token', state: 'any' })
  @ApiOperation({ summary: 'Trade a token that owes nothing for a final one', operationId: 'authorize' })
  @ApiOkResponse({ type: AuthorizationAnswer })
  @Refuses(401, 403, 412)
  async authorize(
    @CallingSession() session: AdminSession,
    @CallingActor() actor: Actor,
    @CallVersion() version: number,
    @Headers('authorization') header: string,
  ): Promise<AuthorizationAnswer> {
    const presented = bearerToken(header) ?? undefined;
    return authorizationAnswer(await this.signIn.authorize(session, actor), version, presented);
  }

  @Post('login')
  @HttpCode(200)
  @Access({ kind: 'open' })
  @ApiOperation({ summary: 'Sign in in one step, without a second factor', operationId: 'logIn' })
  @ApiOkResponse({ type: AuthorizationAnswer })
  @Refuses(400, 401, 403, 412, 413, 422, 429)
  async logIn(
    @Body(LoginRequestPipe) fields: LoginRequest,
    @CallingActor() actor: Actor,
    @CallVersion() version: number,
  ): Promise<AuthorizationAnswer> {
    return authorizationAnswer(await this.signIn.logIn({ ...fields, actor }), version);
  }
}
