import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { BlacklistService } from '@sallyport/auth';
import type { UserName } from '@sallyport/identity';
import { Access } from '../../http/access.js';
import { listAnswer, type ListAnswer } from '../lists/list-answer.js';
import { type Listing, readListRequest, type QueryParameters } from '../lists/list-request.js';
import { AnswersList, PeerCall, Refuses } from '../openapi/answers.js';
import { FieldsPipe } from '../validation/fields.pipe.js';
import { UserDnPipe } from '../validation/user-dn.pipe.js';
import { type Administrator, CallingAdministrator } from '../wire/caller.js';
import { BlacklistedUserAnswer, BlacklistFields } from './blacklist.dto.js';
import { blacklistAnswer, blacklistedName } from './blacklist-wire.js';

const FIELDS = ['username', 'userDistinguishedName', 'providerName', 'blacklistedAt', 'reason'];
const LISTING: Listing = { orders: FIELDS, filters: FIELDS, orderBy: 'username' };

/** `/blacklist` (appgate.md §5.7): who may not sign in, in neither dialect. */
@ApiTags('admin: blacklist')
@PeerCall()
@Controller('admin/blacklist')
export class BlacklistController {
  constructor(private readonly blacklist: BlacklistService) {}

  @Get()
  @Access({ kind: 'privilege', type: 'View', target: 'Blacklist' })
  @ApiOperation({ summary: 'List blacklisted users', operationId: 'listBlacklistedUsers' })
  @AnswersList(BlacklistedUserAnswer, LISTING)
  @Refuses(401, 403)
  async list(
    @Query() query: QueryParameters,
    @CallingAdministrator() { privileges }: Administrator,
  ): Promise<ListAnswer<BlacklistedUserAnswer>> {
    const request = readListRequest(query, LISTING);
    const { rows, ...counts } = await this.blacklist.list(request, privileges);
    return listAnswer(request, { items: rows.map(blacklistAnswer), ...counts });
  }

  @Post()
  @HttpCode(200)
  @Access({ kind: 'privilege', type: 'Create', target: 'Blacklist' })
  @ApiOperation({ summary: "Blacklist a user; ends the user's tokens", operationId: 'blacklistUser' })
  @ApiOkResponse({ type: BlacklistedUserAnswer })
  @Refuses(400, 401, 403, 413, 422)
  async add(
    @Body(FieldsPipe) fields: BlacklistFields,
    @CallingAdministrator() { privileges, actor }: Administrator,
  ): Promise<BlacklistedUserAnswer> {
    const user = blacklistedName(fields);
    return blacklistAnswer(await this.blacklist.add(user, fields.reason ?? null, privileges, actor));
  }

  @Delete(':userDN')
  @HttpCode(204)
  @Access({ kind: 'privilege', type: 'Delete', target: 'Blacklist' })
  @ApiOperation({ summary: 'Take a user off the blacklist', operationId: 'deleteBlacklistedUser' })
  @ApiParam({ name: 'userDN', schema: { type: 'string' }, example: 'CN=jdoe,OU=local' })
  @ApiNoContentResponse()
  @Refuses(401, 403, 404)
  async remove(
    @Param('userDN', UserDnPipe) user: UserName,
    @CallingAdministrator() { privileges, actor }: Administrator,
  ): Promise<void> {
    await this.blacklist.remove(user, privileges, actor);
  }
}
