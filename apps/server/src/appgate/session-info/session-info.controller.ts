import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { SessionDirectoryService } from '@sallyport/auth';
import type { DeviceAndUserName } from '@sallyport/identity';
import { EffectivePrivilegesService } from '@sallyport/privileges';
import { Access } from '../../http/access.js';
import { PeerCall, Refuses } from '../openapi/answers.js';
import { DeviceDnPipe } from '../validation/device-dn.pipe.js';
import { type Administrator, CallingAdministrator } from '../wire/caller.js';
import { SessionInfoAnswer } from './session-info.dto.js';

/** `/session-info` (appgate.md §6.8): the claims of a session as of now. */
@ApiTags('admin: devices and sessions')
@PeerCall()
@Controller('admin/session-info')
export class SessionInfoController {
  constructor(
    private readonly sessions: SessionDirectoryService,
    private readonly effective: EffectivePrivilegesService,
  ) {}

  @Get(':deviceDN')
  @Access({ kind: 'privilege', type: 'View', target: 'SessionInfo' })
  @ApiOperation({ summary: 'Read the live session of a device', operationId: 'readSessionInfo' })
  @ApiParam({
    name: 'deviceDN',
    schema: { type: 'string' },
    example: 'CN=4c07bc6757ea42dd8702c2d6c45419fc,CN=jdoe,OU=local',
  })
  @ApiOkResponse({ type: SessionInfoAnswer })
  @Refuses(401, 403, 404)
  async read(
    @Param('deviceDN', DeviceDnPipe) device: DeviceAndUserName,
    @CallingAdministrator() { privileges }: Administrator,
  ): Promise<SessionInfoAnswer> {
    const { subject, ...named } = await this.sessions.on(device, privileges);
    const claims = await this.effective.claims(subject);
    const controller = {
      userClaims: claims?.user ?? {},
      deviceClaims: claims?.device ?? {},
      systemClaims: claims?.system ?? {},
      entitlementInfos: {},
      vpn: {},
      site: '',
    };
    return { ...named, data: { controller } };
  }
}
