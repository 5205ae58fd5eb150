import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiBody,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { ActivationCodesService, UserSupportService } from '@sallyport/auth';
import type { UserName } from '@sallyport/identity';
import { Access } from '../../http/access.js';
import { listAnswer, type ListAnswer } from '../lists/list-answer.js';
import { readListRequest, type QueryParameters } from '../lists/list-request.js';
import {
  authenticatorAnswer,
  AUTHENTICATOR_LISTING,
  AuthenticatorAnswer,
} from '../my-account/authenticator.dto.js';
import { heldSessionAnswer, HeldSessionAnswer, SESSION_LISTING } from '../my-account/held-session.dto.js';
import { AnswersList, PeerCall, Refuses } from '../openapi/answers.js';
import { IdPipe } from '../validation/id.pipe.js';
import { readFields } from '../validation/read-fields.js';
import { UserDnPipe } from '../validation/user-dn.pipe.js';
import { type Administrator, CallingAdministrator } from '../wire/caller.js';
import { wireTime } from '../wire/wire-time.js';
import { ActivationCodeAnswer, ResetFields } from './user-support.dto.js';

const USER = { name: 'userDN', schema: { type: 'string' }, example: 'CN=jdoe,OU=local' } as const;

/** `/sallyport/users/{userDN}`: what an administrator sees and ends of somebody's account (appgate.md §10; security.md S39, S57, S63). */
@ApiTags('admin: user support')
@PeerCall()
@Controller('admin/sallyport/users/:userDN')
export class UserSupportController {
  constructor(
    private readonly support: UserSupportService,
    private readonly codes: ActivationCodesService,
  ) {}

  @Get('authenticators')
  @Access({ kind: 'privilege', type: 'View', target: 'OtpSeed' })
  @ApiOperation({ summary: "List a user's authenticators", operationId: 'listUserAuthenticators' })
  @ApiParam(USER)
  @AnswersList(AuthenticatorAnswer, AUTHENTICATOR_LISTING)
  @Refuses(401, 403, 404)
  async listAuthenticators(
    @Param('userDN', UserDnPipe) user: UserName,
    @Query() query: QueryParameters,
    @CallingAdministrator() { privileges }: Administrator,
  ): Promise<ListAnswer<AuthenticatorAnswer>> {
    const request = readListRequest(query, AUTHENTICATOR_LISTING);
    const { rows, ...counts } = await this.support.listAuthenticators(user, request, privileges);
    return listAnswer(request, { items: rows.map(authenticatorAnswer), ...counts });
  }

  @Post('authenticators/:id/reset')
  @HttpCode(204)
  @Access({ kind: 'privilege', type: 'Delete', target: 'OtpSeed' })
  @ApiOperation({
    summary: "Take a user's authenticator away",
    description:
      'Its failures go with it, the enrolment window opens anew, and every token of the person ends. The owner is told the reason. ' +
      'Forbidden for a user who holds more than the caller, and for oneself.',
    operationId: 'resetUserAuthenticator',
  })
  @ApiParam(USER)
  @ApiBody({ type: ResetFields })
  @ApiNoContentResponse()
  @Refuses(400, 401, 403, 404, 413, 422)
  async reset(
    @Param('userDN', UserDnPipe) user: UserName,
    @Param('id', IdPipe) id: string,
    @Body() body: unknown,
    @CallingAdministrator() caller: Administrator,
  ): Promise<void> {
    await this.support.mustHold(user, id, caller.privileges);
    const { reason } = readFields(ResetFields, body);
    await this.support.reset(user, id, reason, caller);
  }

  @Get('sessions')
  @Access({ kind: 'privilege', type: 'View', target: 'SessionInfo' })
  @ApiOperation({
    summary: "List a user's sessions",
    description: 'Of both dialects, as far as this login of the user has earned them.',
    operationId: 'listUserSessions',
  })
  @ApiParam(USER)
  @AnswersList(HeldSessionAnswer, SESSION_LISTING)
  @Refuses(401, 403, 404)
  async listSessions(
    @Param('userDN', UserDnPipe) user: UserName,
    @Query() query: QueryParameters,
    @CallingAdministrator() { privileges }: Administrator,
  ): Promise<ListAnswer<HeldSessionAnswer>> {
    const request = readListRequest(query, SESSION_LISTING);
    const { rows, ...counts } = await this.support.listSessions(user, request, privileges);
    return listAnswer(request, { items: rows.map(heldSessionAnswer), ...counts });
  }

  @Delete('sessions/:accessor')
  @HttpCode(204)
  @Access({ kind: 'privilege', type: 'Revoke', target: 'RegisteredDevice' })
  @ApiOperation({ summary: "End one of a user's sessions", operationId: 'endUserSession' })
  @ApiParam(USER)
  @ApiParam({ name: 'accessor', schema: { type: 'string' }, example: 'Jd8yRNl7iKc0MVHqKfTTkQ5p' })
  @ApiNoContentResponse()
  @Refuses(401, 403, 404)
  async endSession(
    @Param('userDN', UserDnPipe) user: UserName,
    @Param('accessor') accessor: string,
    @CallingAdministrator() caller: Administrator,
  ): Promise<void> {
    await this.support.endSession(user, accessor, caller);
  }

  @Post('activation-code')
  @HttpCode(200)
  @Access({ kind: 'privilege', type: 'Edit', target: 'LocalUser' })
  @ApiOperation({
    summary: 'Make a code with which a local user sets a password',
    description:
      'For a new user, or one who lost the password: nobody sets it for them. Good for 24 h and one use; an earlier code counts no more. The ' +
      'user is told. Forbidden for a user who holds more than the caller, and for oneself.',
    operationId: 'createActivationCode',
  })
  @ApiParam(USER)
  @ApiOkResponse({ type: ActivationCodeAnswer })
  @Refuses(401, 403, 404)
  async createCode(
    @Param('userDN', UserDnPipe) user: UserName,
    @CallingAdministrator() caller: Administrator,
  ): Promise<ActivationCodeAnswer> {
    const { code, expiresAt } = await this.codes.issue(user, caller);
    return { code, expires: wireTime(expiresAt) };
  }
}
