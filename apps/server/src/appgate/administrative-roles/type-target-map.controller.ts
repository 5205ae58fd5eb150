import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { TYPE_TARGET_MAP } from '@sallyport/privileges';
import { Access } from '../../http/access.js';
import { PeerCall, Refuses } from '../openapi/answers.js';
import { TypeTargetMapAnswer } from './type-target-map.dto.js';

/** What the Terraform provider reads before it writes privileges (appgate.md §3.3). */
@ApiTags('admin: roles and policies')
@PeerCall()
@Controller('admin/administrative-roles/type-target-map')
export class TypeTargetMapController {
  @Get()
  @Access({ kind: 'token', state: 'final' })
  @ApiOperation({
    summary: 'Read the matrix of privilege types and targets',
    operationId: 'readTypeTargetMap',
  })
  @ApiOkResponse({ type: TypeTargetMapAnswer })
  @Refuses(401, 403)
  read(): TypeTargetMapAnswer {
    return { actionMatrixMap: TYPE_TARGET_MAP };
  }
}
