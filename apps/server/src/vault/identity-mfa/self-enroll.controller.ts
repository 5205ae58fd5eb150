import { Post, Req } from '@nestjs/common';
import { SelfEnrollmentService } from '@sallyport/auth';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { Answer } from '../wire/answer.js';
import { actorOf } from '../wire/caller.js';
import { Fields } from '../wire/fields.js';
import { Describe } from '../wire/route-docs.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { SelfEnrollFields } from './self-enroll.dto.js';
import { TotpSecretView } from './totp-method-view.dto.js';

/** A first authenticator for who owes one already (§5.5). */
@VaultRoutes('identity/mfa/method/totp', 'MFA methods')
export class SelfEnrollController {
  constructor(private readonly selfEnrollment: SelfEnrollmentService) {}

  @Post('self-enroll')
  @Access({ kind: 'open' })
  @Describe({
    summary: 'Make a first authenticator during a login that asks for one',
    description:
      'The pending login is the authority. The same login is shown the same secret again, another login a new one; the next right code ' +
      'in `sys/mfa/validate` binds it. Only for methods with `enable_self_enrollment`.',
    body: SelfEnrollFields,
    data: TotpSecretView,
    refuses: {
      400: [
        'missing method ID',
        'missing request ID',
        'invalid request ID',
        'configuration for method ID "b6f3c1d2-7a54-4e0b-9c8e-2f1d6a90e402" does not exist',
        'method ID is not part of the login MFA request',
        'generate not available for MFA type "duo"',
        'self-enrollment is not enabled for this method',
        'self-enrollment is closed for this entity',
        'Entity already has a secret for MFA method "work"',
      ],
      403: ['permission denied'],
    },
    open: true,
  })
  async enroll(@Fields() fields: SelfEnrollFields, @Req() request: FastifyRequest): Promise<Answer> {
    const { mfa_request_id, mfa_method_id } = fields;
    return Answer.data(await this.selfEnrollment.enroll(mfa_request_id, mfa_method_id, actorOf(request)));
  }
}
