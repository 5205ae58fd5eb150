import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { type IpPool, IpPoolsService } from '@sallyport/privileges';
import { Access } from '../../http/access.js';
import { listAnswer, type ListAnswer } from '../lists/list-answer.js';
import { type QueryParameters, readListRequest } from '../lists/list-request.js';
import { namedListing } from '../lists/named-listing.js';
import { AnswersList, PeerCall, Refuses } from '../openapi/answers.js';
import { NamedObjectSchema } from '../openapi/named-object-schema.js';
import { IdPipe } from '../validation/id.pipe.js';
import { type Administrator, CallingAdministrator } from '../wire/caller.js';
import { namedObjectAnswer } from '../wire/named-object-answer.js';

export class IpRange {
  @ApiProperty({ example: '192.0.2.1' })
  first!: string;

  @ApiProperty({ example: '192.0.2.254' })
  last!: string;
}

/** A pool of addresses for network clients; nobody is given one here (appgate.md §6.10). */
export class IpPoolAnswer extends NamedObjectSchema {
  @ApiProperty({ example: false })
  ipVersion6!: boolean;

  @ApiProperty({ type: [IpRange] })
  ranges!: IpRange[];

  @ApiProperty({ type: [IpRange], example: [] })
  excludedRanges!: IpRange[];

  @ApiProperty({ type: 'integer', example: 30 })
  leaseTimeDays!: number;

  @ApiProperty({ type: 'integer', example: 254 })
  total!: number;

  @ApiProperty({ type: 'integer', example: 0 })
  currentlyUsed!: number;

  @ApiProperty({ type: 'integer', example: 0 })
  reserved!: number;
}

const LISTING = namedListing();

/** `/ip-pools`: two fixed ones, which cannot be written. */
@ApiTags('admin: IP pools')
@PeerCall()
@Controller('admin/ip-pools')
export class IpPoolsController {
  constructor(private readonly pools: IpPoolsService) {}

  @Get()
  @Access({ kind: 'privilege', type: 'View', target: 'IpPool' })
  @ApiOperation({ summary: 'List IP pools', operationId: 'listIpPools' })
  @AnswersList(IpPoolAnswer, LISTING)
  @Refuses(401, 403)
  async list(
    @Query() query: QueryParameters,
    @CallingAdministrator() { privileges }: Administrator,
  ): Promise<ListAnswer<IpPoolAnswer>> {
    const request = readListRequest(query, LISTING);
    const { rows, ...counts } = await this.pools.list(request, privileges);
    return listAnswer(request, { items: rows.map(poolAnswer), ...counts });
  }

  @Get(':id')
  @Access({ kind: 'privilege', type: 'View', target: 'IpPool' })
  @ApiOperation({ summary: 'Read an IP pool', operationId: 'readIpPool' })
  @ApiOkResponse({ type: IpPoolAnswer })
  @Refuses(401, 403, 404)
  async read(
    @Param('id', IdPipe) id: string,
    @CallingAdministrator() { privileges }: Administrator,
  ): Promise<IpPoolAnswer> {
    return poolAnswer(await this.pools.get(id, privileges));
  }
}

function poolAnswer({ first, last, ipVersion6, ...pool }: IpPool): IpPoolAnswer {
  return {
    ...namedObjectAnswer(pool),
    ipVersion6,
    ranges: [{ first, last }],
    excludedRanges: [],
    leaseTimeDays: 30,
    total: 254,
    currentlyUsed: 0,
    reserved: 0,
  };
}
