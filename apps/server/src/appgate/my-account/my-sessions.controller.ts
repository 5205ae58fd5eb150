import { Controller, Delete, Get, HttpCode, Param, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@sallyport/audit';
import { type AdminSession, HeldSessionsService } from '@sallyport/auth';
import { Access } from '../../http/access.js';
import { listAnswer, type ListAnswer } from '../lists/list-answer.js';
import { readListRequest, type QueryParameters } from '../lists/list-request.js';
import { AnswersList, PeerCall, Refuses } from '../openapi/answers.js';
import { CallingActor, CallingSession } from '../wire/caller.js';
import { heldSessionAnswer, MySessionAnswer, SESSION_LISTING } from './held-session.dto.js';

/** `/sallyport/me/sessions`: where the caller is signed in, in both dialects (security.md S39). */
@ApiTags('admin: my account')
@PeerCall()
@Controller('admin/sallyport/me/sessions')
export class MySessionsController {
  constructor(private readonly sessions: HeldSessionsService) {}

  @Get()
  @Access({ kind: 'token', state: 'final' })
  @ApiOperation({ summary: 'List my sessions', operationId: 'listMySessions' })
  @AnswersList(MySessionAnswer, SESSION_LISTING)
  @Refuses(401, 403)
  async list(
    @Query() query: QueryParameters,
    @CallingSession() { principalId, token }: AdminSession,
  ): Promise<ListAnswer<MySessionAnswer>> {
    const request = readListRequest(query, SESSION_LISTING);
    const { rows, ...counts } = await this.sessions.list({ principalId, accountId: null }, request);
    const items = rows.map((held) => ({
      ...heldSessionAnswer(held),
      current: held.accessor === token?.accessor,
    }));
    return listAnswer(request, { items, ...counts });
  }

  @Delete()
  @HttpCode(204)
  @Access({ kind: 'token', state: 'final' })
  @ApiOperation({
    summary: 'End all my sessions but this one',
    description: 'In both dialects, unfinished sign-ins too.',
    operationId: 'endMyOtherSessions',
  })
  @ApiNoContentResponse()
  @Refuses(401, 403)
  async endOthers(@CallingSession() session: AdminSession, @CallingActor() actor: Actor): Promise<void> {
    await this.sessions.endOthers(session, actor);
  }

  @Delete(':accessor')
  @HttpCode(204)
  @Access({ kind: 'token', state: 'final' })
  @ApiOperation({
    summary: 'End one of my sessions',
    description: 'An accessor that is not mine is forbidden, whether there is one or not.',
    operationId: 'endMySession',
  })
  @ApiParam({ name: 'accessor', schema: { type: 'string' }, example: 'Jd8yRNl7iKc0MVHqKfTTkQ5p' })
  @ApiNoContentResponse()
  @Refuses(401, 403, 404)
  async end(
    @Param('accessor') accessor: string,
    @CallingSession() session: AdminSession,
    @CallingActor() actor: Actor,
  ): Promise<void> {
    await this.sessions.endOwn(session, accessor, actor);
  }
}
