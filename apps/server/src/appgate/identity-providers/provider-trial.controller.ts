import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { UserAttributesService } from '@sallyport/privileges';
import { Access } from '../../http/access.js';
import { PeerCall, Refuses } from '../openapi/answers.js';
import { TestAnswer, testAnswer } from '../openapi/test-answer.js';
import { FieldsPipe } from '../validation/fields.pipe.js';
import { IdPipe } from '../validation/id.pipe.js';
import { readFields } from '../validation/read-fields.js';
import { type Administrator, CallingAdministrator } from '../wire/caller.js';
import { AttributesAnswer, AttributesFields, ProviderTestFields } from './provider.dto.js';

/** Trying an identity provider out, and what it says of a user (appgate.md §5.3). */
@ApiTags('admin: identity providers')
@PeerCall()
@Controller('admin/identity-providers')
export class ProviderTrialController {
  constructor(private readonly attributes: UserAttributesService) {}

  @Post('test')
  @HttpCode(200)
  @Access({ kind: 'privilege', type: 'Test', target: 'IdentityProvider' })
  @ApiOperation({ summary: 'Try an identity provider', operationId: 'testIdentityProvider' })
  @ApiOkResponse({ type: TestAnswer })
  @Refuses(400, 401, 403, 413, 422)
  async test(@Body(FieldsPipe) { type }: ProviderTestFields): Promise<TestAnswer> {
    return testAnswer(type === 'LocalDatabase' ? null : 'Testing this provider type is not supported.');
  }

  @Post(':id/attributes')
  @HttpCode(200)
  @Access({ kind: 'privilege', type: 'GetUserAttributes', target: 'IdentityProvider' })
  @ApiOperation({ summary: 'What a provider says of a user', operationId: 'readUserAttributes' })
  @ApiBody({ type: AttributesFields })
  @ApiOkResponse({ type: AttributesAnswer })
  @Refuses(400, 401, 403, 404, 413, 422)
  async read(
    @Param('id', IdPipe) id: string,
    @Body() body: unknown,
    @CallingAdministrator() { privileges }: Administrator,
  ): Promise<AttributesAnswer> {
    const provider = await this.attributes.mustReach(id, privileges);
    const { username } = readFields(AttributesFields, body);
    const { raw, mapped } = await this.attributes.of(provider, username ?? null);
    return { rawAttributes: raw, mappedAttributes: mapped };
  }
}
