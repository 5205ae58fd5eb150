import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@sallyport/audit';
import { ActivationCodesService } from '@sallyport/auth';
import { Access } from '../../http/access.js';
import { AuthenticationAnswer } from '../authentication/answers.dto.js';
import { authenticationAnswer } from '../authentication/sign-in-wire.js';
import { PeerCall, Refuses } from '../openapi/answers.js';
import { FieldsPipe } from '../validation/fields.pipe.js';
import { CallingActor } from '../wire/caller.js';
import { ActivationFields } from './user-support.dto.js';

/** `/sallyport/activations`: a password of one's own, for a code an administrator made (security.md S57). */
@ApiTags('admin: sign-in')
@PeerCall()
@Controller('admin/sallyport/activations')
export class ActivationsController {
  constructor(private readonly codes: ActivationCodesService) {}

  @Post()
  @HttpCode(200)
  @Access({ kind: 'open' })
  @ApiOperation({
    summary: 'Set my password with a code',
    description:
      'Answers a partial token, as `/authentication` does: whatever is owed is owed here too. A wrong code is counted as a wrong password, and ' +
      'answered the same for a user there is not. Ends every token of the person.',
    operationId: 'activate',
  })
  @ApiOkResponse({ type: AuthenticationAnswer })
  @Refuses(400, 401, 413, 422, 429)
  async activate(
    @Body(FieldsPipe) fields: ActivationFields,
    @CallingActor() actor: Actor,
  ): Promise<AuthenticationAnswer> {
    return authenticationAnswer(await this.codes.activate({ ...fields, actor }));
  }
}
