import { Field, Required, Rule } from '../wire/field.js';
import { isMfaPayload } from '../wire/mfa-credentials.js';

/** The second phase of a login (§3.4). */
export class ValidateFields {
  @Field.string({
    required: true,
    schema: { type: 'string', writeOnly: true },
    description: 'From the first phase.',
  })
  @Required('missing request ID')
  mfa_request_id = '';

  @Field.any({
    description:
      'Credentials by method id or name; a code is `["123456"]` or `["passcode=123456"]`, a push `[""]`.',
    schema: {
      type: 'object',
      additionalProperties: { type: 'array', items: { type: 'string' } },
      writeOnly: true,
    },
    example: { 'b6f3c1d2-7a54-4e0b-9c8e-2f1d6a90e401': ['123456'] },
  })
  @Rule('payload', isMfaPayload, 'invalid mfa payload')
  mfa_payload: Record<string, string[]> = {};
}
