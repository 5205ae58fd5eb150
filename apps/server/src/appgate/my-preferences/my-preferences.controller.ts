import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@sallyport/audit';
import type { AdminSession } from '@sallyport/auth';
import { PreferencesService } from '@sallyport/identity';
import { Access } from '../../http/access.js';
import { PeerCall, Refuses } from '../openapi/answers.js';
import { CallingActor, CallingSession } from '../wire/caller.js';

const ANY_OBJECT = { type: 'object', additionalProperties: true, example: { theme: 'dark' } } as const;

/** `/my-preferences` (appgate.md §6.5): what a user interface keeps for the caller. */
@ApiTags('admin: preferences and tags')
@PeerCall()
@Controller('admin/my-preferences')
export class MyPreferencesController {
  constructor(private readonly preferences: PreferencesService) {}

  @Get()
  @Access({ kind: 'token', state: 'final' })
  @ApiOperation({ summary: 'Read my preferences', operationId: 'readMyPreferences' })
  @ApiOkResponse({ schema: ANY_OBJECT })
  @Refuses(401, 403, 404)
  async read(@CallingSession() { localUserId }: AdminSession): Promise<object> {
    return this.preferences.get(localUserId);
  }

  @Put()
  @Access({ kind: 'token', state: 'final' })
  @ApiOperation({ summary: 'Replace my preferences', operationId: 'replaceMyPreferences' })
  @ApiBody({ schema: ANY_OBJECT })
  @ApiOkResponse({ schema: ANY_OBJECT })
  @Refuses(400, 401, 403, 413, 422)
  async replace(
    @Body() body: object,
    @CallingSession() { localUserId }: AdminSession,
    @CallingActor() actor: Actor,
  ): Promise<object> {
    await this.preferences.replace(localUserId, body, actor);
    return body;
  }
}
