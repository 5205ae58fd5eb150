import { Body, Controller, Param, Put, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import { DeviceRevocationService, readDeviceFilter, type RevokedToken } from '@sallyport/auth';
import { Clock } from '@sallyport/platform';
import { Access } from '../../http/access.js';
import { listAnswer, type ListAnswer } from '../lists/list-answer.js';
import type { QueryParameters } from '../lists/list-request.js';
import { TOKEN_TYPES } from '../on-boarded-devices/device.dto.js';
import { kindsOf } from '../on-boarded-devices/device-wire.js';
import { AnswersEnvelope, PeerCall, Refuses } from '../openapi/answers.js';
import { type Administrator, CallingAdministrator } from '../wire/caller.js';
import { wireTime } from '../wire/wire-time.js';
import { TokenRecordAnswer, TokenRevocationFields } from './token-record.dto.js';

/** The one call of `/token-records` that is left: an editor extension still makes it (appgate.md §6.9). */
@ApiTags('admin: devices and sessions')
@PeerCall()
@Controller('admin/token-records/revoked/by-dn')
export class TokenRecordsController {
  constructor(
    private readonly revocations: DeviceRevocationService,
    private readonly clock: Clock,
  ) {}

  @Put(':DN')
  @Access({ kind: 'privilege', type: 'Revoke', target: 'RegisteredDevice' })
  @ApiOperation({
    summary: 'End the tokens of the devices whose name ends so',
    operationId: 'revokeTokensByDn',
  })
  @ApiParam({ name: 'DN', schema: { type: 'string' }, example: 'CN=jdoe,OU=local' })
  @ApiQuery({ name: 'tokenType', required: false, enum: TOKEN_TYPES })
  @ApiBody({ type: TokenRevocationFields, required: false })
  @AnswersEnvelope(TokenRecordAnswer)
  @Refuses(400, 401, 403, 413)
  async revoke(
    @Param('DN') dn: string,
    @Query() { tokenType }: QueryParameters,
    @Body() { revocationReason }: Record<string, unknown>,
    @CallingAdministrator() { privileges, actor }: Administrator,
  ): Promise<ListAnswer<TokenRecordAnswer>> {
    const reason = typeof revocationReason === 'string' ? revocationReason : undefined;
    const revocation = {
      filter: readDeviceFilter(dn, { end: true }),
      kinds: kindsOf(typeOf(tokenType)),
      reason,
      asked: dn,
    };
    const ended = await this.revocations.revokeTokens(revocation, privileges, actor);
    const items = ended.map((token) => tokenRecord(token, this.clock.now()));
    const request = { queries: [], range: null, orderBy: 'username', descending: false, filters: [] };
    return listAnswer(request, { items, total: items.length, matching: items.length });
  }
}

/** In any case; a type there is none of ends nothing. */
function typeOf(asked: QueryParameters[string]): string | undefined {
  if (asked === undefined) return undefined;
  return TOKEN_TYPES.find((type) => type.toLowerCase() === String(asked).toLowerCase()) ?? 'unknown';
}

function tokenRecord({ kind, device, issuedAt, expiresAt }: RevokedToken, now: Date): TokenRecordAnswer {
  const { distinguishedName, deviceId, username, providerName } = device;
  return {
    tokenType: kind === 'full' ? 'administration' : 'adminclaims',
    distinguishedName,
    issued: wireTime(issuedAt),
    expires: wireTime(expiresAt),
    revoked: true,
    revocationTime: wireTime(now),
    deviceId,
    username,
    providerName,
  };
}
