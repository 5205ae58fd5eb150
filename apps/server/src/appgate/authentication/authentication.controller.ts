import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@sallyport/audit';
import { type AdminSession, AdminSignInService } from '@sallyport/auth';
import { Access } from '../../http/access.js';
import { PeerCall, Refuses } from '../openapi/answers.js';
import { CallingActor, CallingSession } from '../wire/caller.js';
import { AuthenticationAnswer } from './answers.dto.js';
import { LoginRequest } from './login-request.dto.js';
import { LoginRequestPipe } from './login-request.pipe.js';
import { authenticationAnswer } from './sign-in-wire.js';

/** `/authentication`: the first factor, and the end of a session (appgate.md §2.3, §2.8). */
@ApiTags('admin: sign-in')
@PeerCall()
@Controller('admin/authentication')
export class AuthenticationController {
  constructor(private readonly signIn: AdminSignInService) {}

  @Post()
  @HttpCode(200)
  @Access({ kind: 'open' })
  @ApiOperation({ summary: 'Sign in with a password', operationId: 'authenticate' })
  @ApiOkResponse({ type: AuthenticationAnswer })
  @Refuses(400, 401, 413, 422, 429)
  async authenticate(
    @Body(LoginRequestPipe) fields: LoginRequest,
    @CallingActor() actor: Actor,
  ): Promise<AuthenticationAnswer> {
    return authenticationAnswer(await this.signIn.authenticate({ ...fields, actor }));
  }

  @Post('logout')
  @HttpCode(204)
  @Access({ kind: 'token', state: 'any' })
  @ApiOperation({ summary: 'End every token of the session', operationId: 'logOut' })
  @ApiNoContentResponse()
  @Refuses(401)
  async logOut(@CallingSession() session: AdminSession, @CallingActor() actor: Actor): Promise<void> {
    await this.signIn.logOut(session, actor);
  }
}
