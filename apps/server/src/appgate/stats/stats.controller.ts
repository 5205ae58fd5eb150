import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SessionDirectoryService, StatisticsService } from '@sallyport/auth';
import { Access } from '../../http/access.js';
import { listAnswer, type ListAnswer } from '../lists/list-answer.js';
import { type Listing, readListRequest, type QueryParameters } from '../lists/list-request.js';
import { AnswersList, PeerCall, Refuses } from '../openapi/answers.js';
import { type Administrator, CallingAdministrator } from '../wire/caller.js';
import { ActiveSessionAnswer, HourlyAnswer, SessionDashboardAnswer } from './stats.dto.js';

const FIELDS = ['distinguishedName', 'deviceId', 'username', 'providerName'];
const LISTING: Listing = { orders: FIELDS, filters: FIELDS, orderBy: 'username' };

/** `/stats` (appgate.md §6.8), as far as the caller's privileges reach. */
@ApiTags('admin: devices and sessions')
@PeerCall()
@Controller('admin/stats')
export class StatsController {
  constructor(
    private readonly statistics: StatisticsService,
    private readonly sessions: SessionDirectoryService,
  ) {}

  @Get('user-logins')
  @Access({ kind: 'privilege', type: 'View', target: 'SessionInfo' })
  @ApiOperation({ summary: 'Right passwords by hour', operationId: 'readUserLogins' })
  @ApiOkResponse({ type: HourlyAnswer })
  @Refuses(401, 403)
  async logins(@CallingAdministrator() { privileges }: Administrator): Promise<HourlyAnswer> {
    return { data: await this.statistics.logins(privileges) };
  }

  @Get('on-boarded-devices')
  @Access({ kind: 'privilege', type: 'View', target: 'RegisteredDevice' })
  @ApiOperation({ summary: 'New devices by hour', operationId: 'readNewDevices' })
  @ApiOkResponse({ type: HourlyAnswer })
  @Refuses(401, 403)
  async devices(@CallingAdministrator() { privileges }: Administrator): Promise<HourlyAnswer> {
    return { data: await this.statistics.onBoardedDevices(privileges) };
  }

  @Get('active-sessions/dashboard')
  @Access({ kind: 'privilege', type: 'View', target: 'SessionInfo' })
  @ApiOperation({ summary: 'How many sessions there are', operationId: 'readSessionDashboard' })
  @ApiOkResponse({ type: SessionDashboardAnswer })
  @Refuses(401, 403)
  async dashboard(@CallingAdministrator() { privileges }: Administrator): Promise<SessionDashboardAnswer> {
    return { totalCount: await this.sessions.countActive(privileges), geoIpData: [], versions: {} };
  }

  @Get('active-sessions/dn')
  @Access({ kind: 'privilege', type: 'View', target: 'SessionInfo' })
  @ApiOperation({ summary: 'List sessions by device', operationId: 'listActiveSessions' })
  @AnswersList(ActiveSessionAnswer, LISTING)
  @Refuses(401, 403)
  async active(
    @Query() query: QueryParameters,
    @CallingAdministrator() { privileges }: Administrator,
  ): Promise<ListAnswer<ActiveSessionAnswer>> {
    const request = readListRequest(query, LISTING);
    const { rows, ...counts } = await this.sessions.active(request, privileges);
    return listAnswer(request, {
      items: rows.map((device) => ({ ...device, gateways: ['controller'] })),
      ...counts,
    });
  }
}
