import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { DeviceDirectoryService, DeviceRevocationService, readDeviceFilter } from '@sallyport/auth';
import type { DeviceAndUserName } from '@sallyport/identity';
import { EffectivePrivilegesService } from '@sallyport/privileges';
import { Access } from '../../http/access.js';
import { listAnswer, type ListAnswer } from '../lists/list-answer.js';
import { type Listing, readListRequest, type QueryParameters } from '../lists/list-request.js';
import { AnswersEnvelope, AnswersList, PeerCall, Refuses } from '../openapi/answers.js';
import { DeviceDnPipe } from '../validation/device-dn.pipe.js';
import { FieldsPipe } from '../validation/fields.pipe.js';
import { type Administrator, CallingAdministrator } from '../wire/caller.js';
import { DeviceAnswer, ReevaluationAnswer, RevocationFields } from './device.dto.js';
import { deviceAnswer, revocationOf } from './device-wire.js';

const FIELDS = [
  'distinguishedName',
  'deviceId',
  'username',
  'providerName',
  'device_type',
  'hostname',
  'onBoardedAt',
  'lastSeenAt',
];
const LISTING: Listing = { orders: FIELDS, filters: FIELDS, orderBy: 'lastSeenAt', descending: true };
const DEVICE_DN = 'CN=4c07bc6757ea42dd8702c2d6c45419fc,CN=jdoe,OU=local';

/** `/on-boarded-devices` (appgate.md §5.6): what administrators sign in from, and the end of their tokens. */
@ApiTags('admin: devices and sessions')
@PeerCall()
@Controller('admin/on-boarded-devices')
export class OnBoardedDevicesController {
  constructor(
    private readonly devices: DeviceDirectoryService,
    private readonly revocations: DeviceRevocationService,
    private readonly effective: EffectivePrivilegesService,
  ) {}

  @Get()
  @Access({ kind: 'privilege', type: 'View', target: 'RegisteredDevice' })
  @ApiOperation({ summary: 'List devices', operationId: 'listOnBoardedDevices' })
  @AnswersList(DeviceAnswer, LISTING)
  @Refuses(401, 403)
  async list(
    @Query() query: QueryParameters,
    @CallingAdministrator() { privileges }: Administrator,
  ): Promise<ListAnswer<DeviceAnswer>> {
    const request = readListRequest(query, LISTING);
    const { rows, ...counts } = await this.devices.list(request, privileges);
    return listAnswer(request, { items: rows.map(deviceAnswer), ...counts });
  }

  @Post('revoke-tokens')
  @HttpCode(200)
  @Access({ kind: 'privilege', type: 'Revoke', target: 'RegisteredDevice' })
  @ApiOperation({ summary: 'End the tokens of many devices', operationId: 'revokeDeviceTokens' })
  @AnswersEnvelope(DeviceAnswer)
  @Refuses(400, 401, 403, 413)
  async revoke(
    @Body(FieldsPipe) fields: RevocationFields,
    @CallingAdministrator() { privileges, actor }: Administrator,
  ): Promise<ListAnswer<DeviceAnswer>> {
    const revoked = await this.revocations.revoke(revocationOf(fields), privileges, actor);
    const request = { queries: [], range: null, orderBy: 'onBoardedAt', descending: true, filters: [] };
    const { devices, total } = revoked;
    // Of very many only some are told; the range then says so (S40).
    const range = devices.length < total ? { from: 0, to: devices.length } : null;
    return listAnswer({ ...request, range }, { items: devices.map(deviceAnswer), total, matching: total });
  }

  @Post('reevaluate/:DN')
  @HttpCode(200)
  @Access({ kind: 'privilege', type: 'Reevaluate', target: 'RegisteredDevice' })
  @ApiOperation({ summary: 'Evaluate the privileges of users anew', operationId: 'reevaluateDevices' })
  @ApiParam({ name: 'DN', schema: { type: 'string' }, example: 'OU=local' })
  @ApiOkResponse({ type: ReevaluationAnswer })
  @Refuses(401, 403)
  async reevaluate(
    @Param('DN') dn: string,
    @CallingAdministrator() { privileges }: Administrator,
  ): Promise<ReevaluationAnswer> {
    this.effective.forget();
    const devices = await this.revocations.matching(
      readDeviceFilter(dn, { end: true }),
      'Reevaluate',
      privileges,
    );
    return { reevaluatedDistinguishedNames: devices.map(({ distinguishedName }) => distinguishedName) };
  }

  @Delete(':deviceDN')
  @HttpCode(204)
  @Access({ kind: 'privilege', type: 'Delete', target: 'RegisteredDevice' })
  @ApiOperation({ summary: 'Remove a device; ends its tokens', operationId: 'deleteOnBoardedDevice' })
  @ApiParam({ name: 'deviceDN', schema: { type: 'string' }, example: DEVICE_DN })
  @ApiNoContentResponse()
  @Refuses(401, 403, 404)
  async remove(
    @Param('deviceDN', DeviceDnPipe) device: DeviceAndUserName,
    @CallingAdministrator() { privileges, actor }: Administrator,
  ): Promise<void> {
    await this.devices.remove(device, privileges, actor);
  }
}
