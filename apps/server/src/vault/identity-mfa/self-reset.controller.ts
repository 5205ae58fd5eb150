import { Post, Req } from '@nestjs/common';
import { type OwnReset, SelfResetService } from '@sallyport/auth';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { credentialsFrom } from '../sys-mfa/payload.js';
import { unproven } from '../sys-mfa/unsatisfied.js';
import { Answer } from '../wire/answer.js';
import { actorOf, tokenOf } from '../wire/caller.js';
import { Fields } from '../wire/fields.js';
import { Describe } from '../wire/route-docs.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { SelfResetConfirmFields, SelfResetFields } from './self-enroll.dto.js';
import { TotpSecretView } from './totp-method-view.dto.js';

const WHOSE = [
  'missing method ID',
  'missing entityID',
  'configuration for method ID "b6f3c1d2-7a54-4e0b-9c8e-2f1d6a90e402" does not exist',
  'generate not available for MFA type "duo"',
];
const UNPROVEN =
  'failed to satisfy MFA proof. error: 2 errors occurred:\n\t* failed to validate TOTP passcode\n\t* login MFA validation failed for ' +
  'methodID: [820997b3-110e-c251-7e8b-ff4aa428a6e1]\n\n';

/** Replaces one's own authenticator (§5.6). */
@VaultRoutes('identity/mfa/method/totp/self-reset', 'MFA methods')
export class SelfResetController {
  constructor(private readonly resets: SelfResetService) {}

  @Post()
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: "Begin to replace the caller's own authenticator, with a code of the present one",
    description:
      'The present one keeps working until the new one has been confirmed, within 300 s, by the same token.',
    body: SelfResetFields,
    data: TotpSecretView,
    refuses: {
      400: [...WHOSE, 'Entity has no secret for MFA method "work"', 'invalid mfa payload'],
      403: [UNPROVEN],
    },
  })
  async begin(@Fields() fields: SelfResetFields, @Req() request: FastifyRequest): Promise<Answer> {
    const credentials = credentialsFrom(Object.entries(fields.mfa_payload));
    const begun = await this.resets.begin(resetBy(request, fields.method_id), credentials);
    if ('unproven' in begun) throw unproven(begun.unproven.unsatisfied, begun.unproven.principalId);
    return Answer.data(begun.key);
  }

  @Post('confirm')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Put the new authenticator in the place of the old one, with its first code',
    description: "Ends the person's other tokens; the one of this call lives.",
    body: SelfResetConfirmFields,
    refuses: { 400: [...WHOSE, 'no reset in progress'], 403: [UNPROVEN] },
  })
  async confirm(@Fields() fields: SelfResetConfirmFields, @Req() request: FastifyRequest): Promise<void> {
    const refused = await this.resets.confirm(resetBy(request, fields.method_id), fields.passcode);
    if (refused !== null) throw unproven(refused.unsatisfied, refused.principalId);
  }
}

function resetBy(request: FastifyRequest, methodId: string): OwnReset {
  return { token: tokenOf(request), methodId, actor: actorOf(request) };
}
