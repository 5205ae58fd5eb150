import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ExpressionTrialService } from '@sallyport/privileges';
import { Access } from '../../http/access.js';
import { PeerCall, Refuses } from '../openapi/answers.js';
import { FieldsPipe } from '../validation/fields.pipe.js';
import { ConditionTestAnswer, ConditionTestFields } from './condition-test.dto.js';

/** `/conditions/test` (appgate.md §6.2): the only thing there is of conditions. */
@ApiTags('admin: scripts')
@PeerCall()
@Controller('admin/conditions')
export class ConditionsController {
  constructor(private readonly trial: ExpressionTrialService) {}

  @Post('test')
  @HttpCode(200)
  @Access({ kind: 'privilege', type: 'Test', target: 'Condition', orTargets: ['CriteriaScript', 'Policy'] })
  @ApiOperation({ summary: 'Try an expression on given claims', operationId: 'testCondition' })
  @ApiOkResponse({ type: ConditionTestAnswer })
  @Refuses(400, 401, 403, 413, 422)
  async test(@Body(FieldsPipe) fields: ConditionTestFields): Promise<ConditionTestAnswer> {
    const { expression, userClaims: user, deviceClaims: device, systemClaims: system, time } = fields;
    const { matched, ...rest } = await this.trial.evaluate(expression, { user, device, system }, time);
    return { result: matched, ...rest };
  }
}
