import { Controller, Delete, Get, HttpCode, Param, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { type AdminSession, SeedDirectoryService } from '@sallyport/auth';
import type { UserName } from '@sallyport/identity';
import { Access } from '../../http/access.js';
import { listAnswer, type ListAnswer } from '../lists/list-answer.js';
import { type Listing, readListRequest, type QueryParameters } from '../lists/list-request.js';
import { AnswersList, PeerCall, Refuses } from '../openapi/answers.js';
import { UserDnPipe } from '../validation/user-dn.pipe.js';
import { type Administrator, CallingAdministrator, CallingSession } from '../wire/caller.js';
import { OtpSeedAnswer } from './otp-seed.dto.js';

const FIELDS = ['username', 'userDistinguishedName', 'providerName', 'verified'];
const LISTING: Listing = { orders: FIELDS, filters: FIELDS, orderBy: 'username' };

/** `/otp/seeds` (appgate.md §4.3): who has a seed; nobody sees one. */
@ApiTags('admin: MFA')
@PeerCall()
@Controller('admin/otp/seeds')
export class OtpSeedsController {
  constructor(private readonly seeds: SeedDirectoryService) {}

  @Get()
  @Access({ kind: 'privilege', type: 'View', target: 'OtpSeed' })
  @ApiOperation({ summary: 'List users with a seed', operationId: 'listOtpSeeds' })
  @AnswersList(OtpSeedAnswer, LISTING)
  @Refuses(401, 403)
  async list(
    @Query() query: QueryParameters,
    @CallingAdministrator() { privileges }: Administrator,
  ): Promise<ListAnswer<OtpSeedAnswer>> {
    const request = readListRequest(query, LISTING);
    const { rows: items, ...counts } = await this.seeds.list(request, privileges);
    return listAnswer(request, { items, ...counts });
  }

  @Delete(':userDN')
  @HttpCode(204)
  @Access({ kind: 'privilege', type: 'Delete', target: 'OtpSeed' })
  @ApiOperation({ summary: "Take a user's seed away; ends the user's tokens", operationId: 'deleteOtpSeed' })
  @ApiParam({ name: 'userDN', schema: { type: 'string' }, example: 'CN=jdoe,OU=local' })
  @ApiNoContentResponse()
  @Refuses(401, 403, 404, 412)
  async remove(
    @Param('userDN', UserDnPipe) user: UserName,
    @CallingAdministrator() caller: Administrator,
    @CallingSession() session: AdminSession,
  ): Promise<void> {
    await this.seeds.remove(user, caller, session);
  }
}
