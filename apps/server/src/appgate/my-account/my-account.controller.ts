import { Body, Controller, Get, HttpCode, Post, Put } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@sallyport/audit';
import { type AdminSession, OwnPasswordService, OwnProfileService, StepUpService } from '@sallyport/auth';
import { type LocalUser, userDn } from '@sallyport/identity';
import { Access } from '../../http/access.js';
import { AuthorizationAnswer } from '../authentication/answers.dto.js';
import { authorizationAnswer } from '../authentication/sign-in-wire.js';
import { PeerCall, Refuses } from '../openapi/answers.js';
import { FieldsPipe } from '../validation/fields.pipe.js';
import { CallVersion } from '../wire/call-version.js';
import { CallingActor, CallingSession } from '../wire/caller.js';
import { wireTime } from '../wire/wire-time.js';
import { PasswordFields, ProfileAnswer, ProfileFields, StepUpFields } from './my-account.dto.js';

/** `/sallyport/me`: the caller's own account (appgate.md §10; security.md S13, S61). */
@ApiTags('admin: my account')
@PeerCall()
@Controller('admin/sallyport/me')
export class MyAccountController {
  constructor(
    private readonly profiles: OwnProfileService,
    private readonly passwords: OwnPasswordService,
    private readonly stepUps: StepUpService,
  ) {}

  @Get()
  @Access({ kind: 'token', state: 'final' })
  @ApiOperation({ summary: 'Read my profile', operationId: 'readMyAccount' })
  @ApiOkResponse({ type: ProfileAnswer })
  @Refuses(401, 403)
  async read(@CallingSession() session: AdminSession): Promise<ProfileAnswer> {
    return profileAnswer(await this.profiles.read(session), session);
  }

  @Put()
  @Access({ kind: 'token', state: 'final' })
  @ApiOperation({
    summary: 'Replace my profile',
    description:
      'Another `email` or `phone` takes a proof of the last five minutes: of a factor where one is bound (412), else of the password (401). ' +
      'A profile that would give the caller more privileges is forbidden.',
    operationId: 'replaceMyAccount',
  })
  @ApiOkResponse({ type: ProfileAnswer })
  @Refuses(400, 401, 403, 412, 413, 422)
  async replace(
    @Body(FieldsPipe) { email, phone, ...names }: ProfileFields,
    @CallingSession() session: AdminSession,
    @CallingActor() actor: Actor,
  ): Promise<ProfileAnswer> {
    const profile = { ...names, email: email ?? null, phone: phone ?? null };
    return profileAnswer(await this.profiles.replace(session, profile, actor), session);
  }

  @Put('password')
  @HttpCode(204)
  @Access({ kind: 'token', state: 'final' })
  @ApiOperation({
    summary: 'Change my password',
    description:
      'Needs the present password and, where an authenticator is bound, a code of the last five minutes: of the sign-in, or of ' +
      '`/sallyport/me/step-up`. Ends every other token of the person, in both dialects; the one of this call lives.',
    operationId: 'changeMyPassword',
  })
  @ApiNoContentResponse()
  @Refuses(400, 401, 403, 412, 413, 422, 429)
  async changePassword(
    @Body(FieldsPipe) fields: PasswordFields,
    @CallingSession() session: AdminSession,
    @CallingActor() actor: Actor,
  ): Promise<void> {
    await this.passwords.change(session, fields, actor);
  }

  @Post('step-up')
  @HttpCode(200)
  @Access({ kind: 'token', state: 'final' })
  @ApiOperation({
    summary: 'Prove anew that it is me',
    description:
      'Answers a new token in the place of the one that was sent, which ends: of the same session, with the same end, and with a fresh proof ' +
      'for the five minutes in which authenticators, addresses and the password can be changed.',
    operationId: 'stepUp',
  })
  @ApiOkResponse({ type: AuthorizationAnswer })
  @Refuses(400, 401, 403, 413, 422, 429)
  async stepUp(
    @Body(FieldsPipe) { password, code, authenticatorId }: StepUpFields,
    @CallingSession() session: AdminSession,
    @CallingActor() actor: Actor,
    @CallVersion() version: number,
  ): Promise<AuthorizationAnswer> {
    const proof = {
      password: password ?? null,
      code: code ?? null,
      authenticatorId: authenticatorId ?? null,
    };
    return authorizationAnswer(await this.stepUps.renew(session, proof, actor), version);
  }
}

function profileAnswer(user: LocalUser, { providerName }: AdminSession): ProfileAnswer {
  return {
    id: user.id,
    userDistinguishedName: userDn(user.name, providerName),
    username: user.name,
    providerName,
    firstName: user.firstName,
    lastName: user.lastName,
    ...(user.email !== null && { email: user.email }),
    ...(user.phone !== null && { phone: user.phone }),
    created: wireTime(user.createdAt),
    updated: wireTime(user.updatedAt),
  };
}
