import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { SessionDirectoryService } from '@sallyport/auth';
import { Access } from '../../http/access.js';
import { listAnswer, type ListAnswer } from '../lists/list-answer.js';
import { type Listing, readListRequest, type QueryParameters } from '../lists/list-request.js';
import { AnswersList, PeerCall, Refuses } from '../openapi/answers.js';
import { UserSchema } from '../otp-seeds/otp-seed.dto.js';
import { type Administrator, CallingAdministrator } from '../wire/caller.js';
import { wireTime } from '../wire/wire-time.js';

/** A user with a registered device; the dates are of the first and the last of them (appgate.md §6.7). */
export class LicensedUserAnswer extends UserSchema {
  @ApiProperty({ enum: ['Normal', 'Portal', 'Service', 'MultiUser'], example: 'Normal' })
  type!: 'Normal';

  @ApiProperty({ format: 'date-time', example: '2026-02-01T15:07:04.451Z' })
  created!: string;

  @ApiProperty({ format: 'date-time', example: '2026-02-01T15:07:04.451Z' })
  lastSeenAt!: string;
}

const FIELDS = ['username', 'userDistinguishedName', 'providerName', 'type', 'created', 'lastSeenAt'];
const LISTING: Listing = { orders: FIELDS, filters: FIELDS, orderBy: 'username' };

/** `/license/users`: nothing is licensed here; it says who uses the installation. */
@ApiTags('admin: devices and sessions')
@PeerCall()
@Controller('admin/license/users')
export class LicenseController {
  constructor(private readonly sessions: SessionDirectoryService) {}

  @Get()
  @Access({ kind: 'privilege', type: 'View', target: 'UserLicense' })
  @ApiOperation({ summary: 'List users with a device', operationId: 'listLicensedUsers' })
  @AnswersList(LicensedUserAnswer, LISTING)
  @Refuses(401, 403)
  async list(
    @Query() query: QueryParameters,
    @CallingAdministrator() { privileges }: Administrator,
  ): Promise<ListAnswer<LicensedUserAnswer>> {
    const request = readListRequest(query, LISTING);
    const { rows, ...counts } = await this.sessions.licensed(request, privileges);
    const items = rows.map(({ created, lastSeenAt, ...user }) => ({
      ...user,
      type: 'Normal' as const,
      created: wireTime(created),
      lastSeenAt: wireTime(lastSeenAt),
    }));
    return listAnswer(request, { items, ...counts });
  }
}
