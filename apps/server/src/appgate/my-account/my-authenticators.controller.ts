import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBody, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@sallyport/audit';
import { type AdminSession, OwnAuthenticatorsService } from '@sallyport/auth';
import { AuthenticatorsService } from '@sallyport/mfa-methods';
import { Access } from '../../http/access.js';
import { listAnswer, type ListAnswer } from '../lists/list-answer.js';
import { readListRequest, type QueryParameters } from '../lists/list-request.js';
import { AnswersList, PeerCall, Refuses } from '../openapi/answers.js';
import { IdPipe } from '../validation/id.pipe.js';
import { readFields } from '../validation/read-fields.js';
import { CallingActor, CallingSession } from '../wire/caller.js';
import {
  authenticatorAnswer,
  AUTHENTICATOR_LISTING,
  AuthenticatorAnswer,
  AuthenticatorNameFields,
  CodeFields,
  replacementAnswer,
  ReplacementAnswer,
} from './authenticator.dto.js';

const FRESH =
  'Takes a proof of the last five minutes that includes a factor: of the sign-in, or of `/sallyport/me/step-up`.';

/** `/sallyport/me/authenticators` (security.md S59, S61, S62). */
@ApiTags('admin: my account')
@PeerCall()
@Controller('admin/sallyport/me/authenticators')
export class MyAuthenticatorsController {
  constructor(
    private readonly authenticators: AuthenticatorsService,
    private readonly own: OwnAuthenticatorsService,
  ) {}

  @Get()
  @Access({ kind: 'token', state: 'final' })
  @ApiOperation({ summary: 'List my authenticators', operationId: 'listMyAuthenticators' })
  @AnswersList(AuthenticatorAnswer, AUTHENTICATOR_LISTING)
  @Refuses(401, 403)
  async list(
    @Query() query: QueryParameters,
    @CallingSession() { principalId }: AdminSession,
  ): Promise<ListAnswer<AuthenticatorAnswer>> {
    const request = readListRequest(query, AUTHENTICATOR_LISTING);
    const { rows, ...counts } = await this.authenticators.list(principalId, request);
    return listAnswer(request, { items: rows.map(authenticatorAnswer), ...counts });
  }

  @Put(':id')
  @Access({ kind: 'token', state: 'final' })
  @ApiOperation({
    summary: 'Rename one of my authenticators',
    description: FRESH,
    operationId: 'renameMyAuthenticator',
  })
  @ApiBody({ type: AuthenticatorNameFields })
  @ApiOkResponse({ type: AuthenticatorAnswer })
  @Refuses(400, 401, 403, 404, 412, 413, 422)
  async rename(
    @Param('id', IdPipe) id: string,
    @Body() body: unknown,
    @CallingSession() session: AdminSession,
    @CallingActor() actor: Actor,
  ): Promise<AuthenticatorAnswer> {
    await this.own.mustHold(session, id);
    const { name } = readFields(AuthenticatorNameFields, body);
    return authenticatorAnswer(await this.own.rename(session, id, name, actor));
  }

  @Delete(':id')
  @HttpCode(204)
  @Access({ kind: 'token', state: 'final' })
  @ApiOperation({
    summary: 'Remove one of my authenticators',
    description: `${FRESH} The last one that is required remains (409). Ends every other token of the person, in both dialects.`,
    operationId: 'removeMyAuthenticator',
  })
  @ApiNoContentResponse()
  @Refuses(401, 403, 404, 409, 412)
  async remove(
    @Param('id', IdPipe) id: string,
    @CallingSession() session: AdminSession,
    @CallingActor() actor: Actor,
  ): Promise<void> {
    await this.own.remove(session, id, actor);
  }

  @Post(':id/replacement')
  @HttpCode(200)
  @Access({ kind: 'token', state: 'final' })
  @ApiOperation({
    summary: 'Begin to replace one of my authenticators, with a code of it',
    description:
      'The present one goes on working until the new one is confirmed, within 300 s, by the same token.',
    operationId: 'beginMyReplacement',
  })
  @ApiBody({ type: CodeFields })
  @ApiOkResponse({ type: ReplacementAnswer })
  @Refuses(400, 401, 403, 404, 413, 422, 429)
  async begin(
    @Param('id', IdPipe) id: string,
    @Body() body: unknown,
    @CallingSession() session: AdminSession,
    @CallingActor() actor: Actor,
  ): Promise<ReplacementAnswer> {
    await this.own.mustHold(session, id);
    const { code } = readFields(CodeFields, body);
    return replacementAnswer(await this.own.beginReplacement(session, id, code, actor));
  }

  @Post(':id/replacement/confirm')
  @HttpCode(204)
  @Access({ kind: 'token', state: 'final' })
  @ApiOperation({
    summary: 'Put the new authenticator in the place of the old one, with its first code',
    description: 'Ends every other token of the person, in both dialects; the one of this call lives.',
    operationId: 'confirmMyReplacement',
  })
  @ApiBody({ type: CodeFields })
  @ApiNoContentResponse()
  @Refuses(400, 401, 403, 404, 409, 413, 422, 429)
  async confirm(
    @Param('id', IdPipe) id: string,
    @Body() body: unknown,
    @CallingSession() session: AdminSession,
    @CallingActor() actor: Actor,
  ): Promise<void> {
    await this.own.mustHold(session, id);
    const { code } = readFields(CodeFields, body);
    await this.own.confirmReplacement(session, id, code, actor);
  }
}
