import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@sallyport/audit';
import { AdminFactorService, type AdminSession } from '@sallyport/auth';
import { Config } from '@sallyport/platform';
import { Access } from '../../http/access.js';
import { PeerCall, Refuses } from '../openapi/answers.js';
import { FieldsPipe } from '../validation/fields.pipe.js';
import { CallingActor, CallingSession } from '../wire/caller.js';
import { AuthenticationAnswer, InitializeAnswer } from './answers.dto.js';
import { initializeAnswer } from './initialize-wire.js';
import { InitializeFields } from './initialize-fields.dto.js';
import { OtpFields } from './otp-fields.dto.js';
import { authenticationAnswer } from './sign-in-wire.js';

/** `/authentication/otp`: the second factor (appgate.md §2.4, §2.5). */
@ApiTags('admin: sign-in')
@PeerCall()
@Controller('admin/authentication/otp')
export class OtpController {
  constructor(
    private readonly factors: AdminFactorService,
    private readonly config: Config,
  ) {}

  @Post('initialize')
  @HttpCode(200)
  @Access({ kind: 'token', state: 'pending' })
  @ApiOperation({ summary: 'Prepare the second factor', operationId: 'initializeOtp' })
  @ApiBody({ type: InitializeFields, required: false })
  @ApiOkResponse({ type: InitializeAnswer })
  @Refuses(400, 401, 413, 422, 429)
  async initialize(
    @Body(FieldsPipe) { userPassword }: InitializeFields,
    @CallingSession() session: AdminSession,
    @CallingActor() actor: Actor,
  ): Promise<InitializeAnswer> {
    const { username, providerName } = session;
    return initializeAnswer(await this.factors.begin(session, actor, userPassword ?? null), {
      username,
      providerName,
      host: this.config.publicHost,
    });
  }

  @Post()
  @HttpCode(200)
  @Access({ kind: 'token', state: 'pending' })
  @ApiOperation({ summary: 'Prove the second factor', operationId: 'proveOtp' })
  @ApiOkResponse({ type: AuthenticationAnswer })
  @Refuses(400, 401, 413, 422, 429)
  async prove(
    @Body(FieldsPipe) { otp, state }: OtpFields,
    @CallingSession() session: AdminSession,
    @CallingActor() actor: Actor,
  ): Promise<AuthenticationAnswer> {
    return authenticationAnswer(await this.factors.prove(session, otp, actor, state ?? null));
  }
}
