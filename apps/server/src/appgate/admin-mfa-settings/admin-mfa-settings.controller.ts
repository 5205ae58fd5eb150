import { Body, Controller, Delete, Get, HttpCode, Put } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AdminMfaSettingsService } from '@sallyport/mfa-methods';
import { Access } from '../../http/access.js';
import { PeerCall, Refuses } from '../openapi/answers.js';
import { FieldsPipe } from '../validation/fields.pipe.js';
import { type Administrator, CallingAdministrator } from '../wire/caller.js';
import { AdminMfaSettingsAnswer, AdminMfaSettingsFields } from './admin-mfa-settings.dto.js';

/** `/admin-mfa-settings` (appgate.md §4.2): one object, which a change counts for from the next request on. */
@ApiTags('admin: MFA')
@PeerCall()
@Controller('admin/admin-mfa-settings')
export class AdminMfaSettingsController {
  constructor(private readonly settings: AdminMfaSettingsService) {}

  @Get()
  @Access({ kind: 'privilege', type: 'View', target: 'GlobalSetting' })
  @ApiOperation({ summary: 'Read the MFA settings of administrators', operationId: 'readAdminMfaSettings' })
  @ApiOkResponse({ type: AdminMfaSettingsAnswer })
  @Refuses(401, 403)
  async read(): Promise<AdminMfaSettingsAnswer> {
    const { providerId, exemptedUsers } = await this.settings.get();
    return { providerId, exemptedUsers };
  }

  @Put()
  @HttpCode(204)
  @Access({ kind: 'privilege', type: 'Edit', target: 'GlobalSetting' })
  @ApiOperation({
    summary: 'Replace the MFA settings of administrators',
    operationId: 'replaceAdminMfaSettings',
  })
  @ApiNoContentResponse()
  @Refuses(400, 401, 403, 413, 422)
  async replace(
    @Body(FieldsPipe) fields: AdminMfaSettingsFields,
    @CallingAdministrator() { actor }: Administrator,
  ): Promise<void> {
    await this.settings.replace({ ...fields, providerId: fields.providerId ?? null }, actor);
  }

  @Delete()
  @HttpCode(204)
  @Access({ kind: 'privilege', type: 'Delete', target: 'GlobalSetting' })
  @ApiOperation({ summary: 'Switch MFA of administrators off', operationId: 'deleteAdminMfaSettings' })
  @ApiNoContentResponse()
  @Refuses(401, 403)
  async remove(@CallingAdministrator() { actor }: Administrator): Promise<void> {
    await this.settings.replace({ providerId: null, exemptedUsers: [] }, actor);
  }
}
