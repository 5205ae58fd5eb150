import { Body, Controller, Delete, Get, HttpCode, Param, Put, Query } from '@nestjs/common';
import {
  ApiBody,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import type { Actor } from '@sallyport/audit';
import type { AdminSession } from '@sallyport/auth';
import { userDn } from '@sallyport/identity';
import { AdminMessagesService } from '@sallyport/privileges';
import { Access } from '../../http/access.js';
import { type QueryParameters, readTexts } from '../lists/list-request.js';
import { PeerCall, Refuses } from '../openapi/answers.js';
import { IdPipe } from '../validation/id.pipe.js';
import { readFields } from '../validation/read-fields.js';
import { CallingActor, CallingSession } from '../wire/caller.js';
import {
  AdminMessagesAnswer,
  MessageMetadataAnswer,
  MessageStatusFields,
  MessageSummariesAnswer,
} from './admin-message.dto.js';
import { adminMessageAnswer, messageMetadataAnswer, messageSummaryAnswer } from './admin-message-wire.js';

/** `/admin-messages` (appgate.md §6.4): what the server tells its administrators. No list envelope. */
@ApiTags('admin: messages')
@PeerCall()
@Controller('admin/admin-messages')
export class AdminMessagesController {
  constructor(private readonly messages: AdminMessagesService) {}

  @Get()
  @Access({ kind: 'privilege', type: 'View', target: 'AdminMessage' })
  @ApiOperation({ summary: 'List messages', operationId: 'listAdminMessages' })
  @ApiOkResponse({ type: AdminMessagesAnswer })
  @Refuses(401, 403)
  async list(): Promise<AdminMessagesAnswer> {
    return { data: (await this.messages.list()).map(adminMessageAnswer) };
  }

  @Get('summarize')
  @Access({ kind: 'privilege', type: 'View', target: 'AdminMessage' })
  @ApiOperation({ summary: 'List distinct messages', operationId: 'summarizeAdminMessages' })
  @ApiOkResponse({ type: MessageSummariesAnswer })
  @Refuses(401, 403)
  async summarize(): Promise<MessageSummariesAnswer> {
    return { data: (await this.messages.summarize()).map(messageSummaryAnswer) };
  }

  @Put(':id')
  @Access({ kind: 'privilege', type: 'Delete', target: 'AdminMessage' })
  @ApiOperation({ summary: 'Set the status of a message', operationId: 'setAdminMessageStatus' })
  @ApiBody({ type: MessageStatusFields })
  @ApiOkResponse({ type: MessageMetadataAnswer })
  @Refuses(400, 401, 403, 404, 413, 422)
  async setStatus(
    @Param('id', IdPipe) id: string,
    @Body() body: unknown,
    @CallingSession() { username, providerName, deviceId }: AdminSession,
    @CallingActor() actor: Actor,
  ): Promise<MessageMetadataAnswer> {
    await this.messages.mustExist(id);
    const { message, status } = readFields(MessageStatusFields, body);
    const author = { distinguishedName: userDn(username, providerName), username, providerName, deviceId };
    return messageMetadataAnswer(await this.messages.setStatus(id, message, status, author, actor));
  }

  @Delete()
  @HttpCode(204)
  @Access({ kind: 'privilege', type: 'Delete', target: 'AdminMessage' })
  @ApiOperation({
    summary: 'Delete messages',
    description: 'All of them, or those of one text and source where both are given.',
    operationId: 'deleteAdminMessages',
  })
  @ApiQuery({ name: 'message', required: false, type: String })
  @ApiQuery({ name: 'source', required: false, type: String })
  @ApiNoContentResponse()
  @Refuses(401, 403, 422)
  async remove(@Query() query: QueryParameters, @CallingActor() actor: Actor): Promise<void> {
    const [message, source] = readTexts(query, 'message', 'source');
    const one = message === undefined || source === undefined ? null : { message, source };
    await this.messages.remove(one, actor);
  }
}
