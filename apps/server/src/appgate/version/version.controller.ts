import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { Access } from '../../http/access.js';
import { Refuses } from '../openapi/answers.js';
import { CURRENT_VERSION, LOWEST_VERSION } from '../wire/accept-version.js';

class VersionAnswer {
  @ApiProperty({ type: 'integer', example: CURRENT_VERSION })
  peerVersion!: number;

  @ApiProperty({ type: 'integer', example: LOWEST_VERSION })
  lowestPeerVersionSupported!: number;
}

/** `/version`: the one call that takes any Accept header (appgate.md §1.2). */
@ApiTags('admin: sign-in')
@Controller('admin/version')
export class VersionController {
  @Get()
  @Access({ kind: 'open' })
  @ApiOperation({ summary: 'Peer versions spoken here', operationId: 'readVersion' })
  @ApiOkResponse({ type: VersionAnswer })
  @Refuses(500, 503)
  read(): VersionAnswer {
    return { peerVersion: CURRENT_VERSION, lowestPeerVersionSupported: LOWEST_VERSION };
  }
}
