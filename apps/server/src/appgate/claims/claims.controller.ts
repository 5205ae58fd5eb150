import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type ClaimName, ClaimNamesService } from '@sallyport/privileges';
import { Access } from '../../http/access.js';
import { PeerCall, Refuses } from '../openapi/answers.js';
import { type ClaimNameAnswer, ClaimNamesAnswer } from './claim-names.dto.js';

/** `/claims/names` (appgate.md §6.3): what expressions can look at. */
@ApiTags('admin: scripts')
@PeerCall()
@Controller('admin/claims')
export class ClaimsController {
  constructor(private readonly names: ClaimNamesService) {}

  @Get('names')
  @Access({ kind: 'token', state: 'final' })
  @ApiOperation({ summary: 'List the names of claims', operationId: 'listClaimNames' })
  @ApiOkResponse({ type: ClaimNamesAnswer })
  @Refuses(401, 403)
  async list(): Promise<ClaimNamesAnswer> {
    return {
      user: (await this.names.ofUsers()).map(answer),
      device: [answer({ claimName: 'deviceId', type: 'string' })],
      system: [
        answer({ claimName: 'clientSrcIP', type: 'string' }),
        answer({ claimName: 'connectTime', type: 'date' }),
      ],
      onDemand: [],
      ztpRiskRules: [],
    };
  }
}

function answer(name: ClaimName): ClaimNameAnswer {
  return { ...name, availableForPolicy: true };
}
