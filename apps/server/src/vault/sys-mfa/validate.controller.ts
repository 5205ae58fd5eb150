import { Post, Req, Res } from '@nestjs/common';
import { ServiceValidationService } from '@sallyport/auth';
import { Clock } from '@sallyport/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { authView } from '../token/token-view.js';
import { AuthView } from '../token/auth.dto.js';
import { Answer } from '../wire/answer.js';
import { actorOf } from '../wire/caller.js';
import { callerGone } from '../wire/caller-gone.js';
import { Fields } from '../wire/fields.js';
import { Describe } from '../wire/route-docs.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { credentialsFrom } from './payload.js';
import { unsatisfied } from './unsatisfied.js';
import { ValidateFields } from './validate.dto.js';

/** The second phase of a login (§3.4). */
@VaultRoutes('sys/mfa', 'login MFA')
export class ValidateController {
  constructor(
    private readonly validation: ServiceValidationService,
    private readonly clock: Clock,
  ) {}

  @Post('validate')
  @Access({ kind: 'open' })
  @Describe({
    summary: 'Finish a login with its second factor',
    description: 'A wrong code leaves the request usable for the rest of its 300 s; success ends it.',
    body: ValidateFields,
    auth: AuthView,
    refuses: {
      400: [
        'missing request ID',
        'invalid mfa payload',
        'invalid request ID',
        'found nil or empty MFAEnforcement configuration',
      ],
      403: [
        'permission denied',
        'failed to satisfy enforcement foo. error: 2 errors occurred:\n\t* failed to validate TOTP passcode\n\t* login MFA ' +
          'validation failed for methodID: [820997b3-110e-c251-7e8b-ff4aa428a6e1]\n\n',
      ],
    },
    open: true,
  })
  async validate(
    @Fields() fields: ValidateFields,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Answer> {
    const credentials = credentialsFrom(Object.entries(fields.mfa_payload));
    const { mfa_request_id } = fields;
    const outcome = await this.validation.validate(
      mfa_request_id,
      credentials,
      actorOf(request),
      callerGone(reply),
    );
    if (outcome.kind === 'unsatisfied') throw unsatisfied(outcome.unsatisfied, outcome.principalId);
    return Answer.auth(authView(outcome.token, outcome.secret, this.clock.now()));
  }
}
