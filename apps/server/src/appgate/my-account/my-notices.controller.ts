import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { AdminSession } from '@sallyport/auth';
import { NoticesService } from '@sallyport/identity';
import { Access } from '../../http/access.js';
import { listAnswer, type ListAnswer } from '../lists/list-answer.js';
import { type Listing, readListRequest, type QueryParameters } from '../lists/list-request.js';
import { AnswersList, PeerCall, Refuses } from '../openapi/answers.js';
import { CallingSession } from '../wire/caller.js';
import { wireTime } from '../wire/wire-time.js';

const LISTING: Listing = {
  orders: ['created', 'kind'],
  filters: ['kind'],
  orderBy: 'created',
  descending: true,
};

/** What the caller was told of their own account. */
export class NoticeAnswer {
  @ApiProperty({ format: 'uuid', example: '6f0a9d7d-8f11-4c7e-9d0e-0f4fdd9c3a8e' })
  id!: string;

  @ApiProperty({
    enum: [
      'factor-bind',
      'factor-change',
      'factor-reset',
      'factor-recovery',
      'factor-disable',
      'address-changed',
      'suspicion',
      'activation-code',
    ],
    example: 'factor-reset',
  })
  kind!: string;

  @ApiProperty({ format: 'date-time', example: '2026-02-01T15:07:04.451Z' })
  created!: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description:
      'Who did it, from where, to which factor and why, as far as the kind has it; never a secret.',
    example: { by: 'admin', setByAnother: true, reason: 'telephone lost' },
  })
  detail!: Record<string, unknown>;
}

/** `/sallyport/me/notices`: what happened to the caller's factors and addresses (security.md S58, S63, S64). */
@ApiTags('admin: my account')
@PeerCall()
@Controller('admin/sallyport/me/notices')
export class MyNoticesController {
  constructor(private readonly notices: NoticesService) {}

  @Get()
  @Access({ kind: 'token', state: 'final' })
  @ApiOperation({ summary: 'List what I was told of my account', operationId: 'listMyNotices' })
  @AnswersList(NoticeAnswer, LISTING)
  @Refuses(401, 403)
  async list(
    @Query() query: QueryParameters,
    @CallingSession() { principalId }: AdminSession,
  ): Promise<ListAnswer<NoticeAnswer>> {
    const request = readListRequest(query, LISTING);
    const { rows, ...counts } = await this.notices.list(principalId, request);
    const items = rows.map(({ id, kind, createdAt, detail }) => ({
      id,
      kind,
      created: wireTime(createdAt),
      detail,
    }));
    return listAnswer(request, { items, ...counts });
  }
}
