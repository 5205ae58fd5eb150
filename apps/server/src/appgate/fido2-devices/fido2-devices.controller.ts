import { Controller, Delete, Get, HttpCode, Param, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiParam, ApiProperty, ApiTags } from '@nestjs/swagger';
import { ProviderScopeService } from '@sallyport/auth';
import type { UserName } from '@sallyport/identity';
import { DomainError } from '@sallyport/platform';
import { Access } from '../../http/access.js';
import { listAnswer, type ListAnswer } from '../lists/list-answer.js';
import { type Listing, readListRequest, type QueryParameters } from '../lists/list-request.js';
import { AnswersList, PeerCall, Refuses } from '../openapi/answers.js';
import { UserSchema } from '../otp-seeds/otp-seed.dto.js';
import { UserDnPipe } from '../validation/user-dn.pipe.js';
import { type Administrator, CallingAdministrator } from '../wire/caller.js';

export class Fido2DeviceAnswer extends UserSchema {
  @ApiProperty({ example: '' })
  deviceId!: string;

  @ApiProperty({ example: '' })
  deviceName!: string;

  @ApiProperty({ format: 'date-time', example: '2026-02-01T15:07:04.451Z' })
  registered!: string;
}

const FIELDS = ['username', 'userDistinguishedName', 'providerName', 'deviceId', 'deviceName', 'registered'];
const LISTING: Listing = { orders: FIELDS, filters: FIELDS, orderBy: 'username' };

/** `/fido2-devices` (appgate.md §4.4): no call registers one, so there is none. */
@ApiTags('admin: MFA')
@PeerCall()
@Controller('admin/fido2-devices')
export class Fido2DevicesController {
  constructor(private readonly scope: ProviderScopeService) {}

  @Get()
  @Access({ kind: 'privilege', type: 'View', target: 'Fido2Device' })
  @ApiOperation({ summary: 'List FIDO2 devices', operationId: 'listFido2Devices' })
  @AnswersList(Fido2DeviceAnswer, LISTING)
  @Refuses(401, 403)
  list(@Query() query: QueryParameters): ListAnswer<Fido2DeviceAnswer> {
    return listAnswer(readListRequest(query, LISTING), { items: [], total: 0, matching: 0 });
  }

  @Delete(':userDN')
  @HttpCode(204)
  @Access({ kind: 'privilege', type: 'Delete', target: 'Fido2Device' })
  @ApiOperation({ summary: "Remove a user's FIDO2 devices", operationId: 'deleteFido2Devices' })
  @ApiParam({ name: 'userDN', schema: { type: 'string' }, example: 'CN=jdoe,OU=local' })
  @ApiNoContentResponse()
  @Refuses(401, 403, 404)
  async remove(
    @Param('userDN', UserDnPipe) { providerName }: UserName,
    @CallingAdministrator() { privileges }: Administrator,
  ): Promise<void> {
    await this.scope.mustReach(providerName, 'Delete', 'Fido2Device', privileges);
    throw new DomainError('not-found', 'no-fido2-device', 'The requested resource was not found.');
  }
}
