import { Body, Controller, Delete, Get, HttpCode, Put } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { GlobalSettingsService } from '@sallyport/identity';
import { Installation } from '@sallyport/platform';
import { Access } from '../../http/access.js';
import { PeerCall, Refuses } from '../openapi/answers.js';
import { FieldsPipe } from '../validation/fields.pipe.js';
import { type Administrator, CallingAdministrator } from '../wire/caller.js';
import { GlobalSettingsAnswer, GlobalSettingsFields } from './global-settings.dto.js';
import { settingsAnswer, settingsOf } from './global-settings-wire.js';

/** `/global-settings` (appgate.md §5.5): one object, which a change counts for from the next request on. */
@ApiTags('admin: settings')
@PeerCall()
@Controller('admin/global-settings')
export class GlobalSettingsController {
  constructor(
    private readonly settings: GlobalSettingsService,
    private readonly installation: Installation,
  ) {}

  @Get()
  @Access({ kind: 'privilege', type: 'View', target: 'GlobalSetting' })
  @ApiOperation({ summary: 'Read the global settings', operationId: 'readGlobalSettings' })
  @ApiOkResponse({ type: GlobalSettingsAnswer })
  @Refuses(401, 403)
  async read(): Promise<GlobalSettingsAnswer> {
    return settingsAnswer(await this.settings.get(), this.installation.collectiveId);
  }

  @Put()
  @HttpCode(204)
  @Access({ kind: 'privilege', type: 'Edit', target: 'GlobalSetting' })
  @ApiOperation({ summary: 'Replace the global settings', operationId: 'replaceGlobalSettings' })
  @ApiNoContentResponse()
  @Refuses(400, 401, 403, 413, 422)
  async replace(
    @Body(FieldsPipe) fields: GlobalSettingsFields,
    @CallingAdministrator() { actor }: Administrator,
  ): Promise<void> {
    await this.settings.replace(settingsOf(fields), fields.backupPassphrase, actor);
  }

  @Delete()
  @HttpCode(204)
  @Access({ kind: 'privilege', type: 'Delete', target: 'GlobalSetting' })
  @ApiOperation({
    summary: 'Put the global settings back to their defaults',
    operationId: 'resetGlobalSettings',
  })
  @ApiNoContentResponse()
  @Refuses(401, 403)
  async reset(@CallingAdministrator() { actor }: Administrator): Promise<void> {
    await this.settings.reset(actor);
  }
}
