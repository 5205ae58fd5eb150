import { Field, Required, Rule } from '../wire/field.js';
import { isMfaPayload } from '../wire/mfa-credentials.js';

/** A first authenticator by a pending login (§5.5). */
export class SelfEnrollFields {
  @Field.string({ required: true, description: 'An owed method that lets people enrol themselves.' })
  @Required('missing method ID')
  mfa_method_id = '';

  @Field.string({
    required: true,
    schema: { type: 'string', writeOnly: true },
    description: 'From the first phase of the login.',
  })
  @Required('missing request ID')
  mfa_request_id = '';
}

/** The proof that begins a reset (§5.6). */
export class SelfResetFields {
  @Field.string({ required: true, description: 'The method whose authenticator is to be replaced.' })
  @Required('missing method ID')
  method_id = '';

  @Field.any({
    description: 'A code of the authenticator that is replaced, by method id or name: `["123456"]`.',
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

/** The first code of the new authenticator (§5.6). */
export class SelfResetConfirmFields {
  @Field.string({ required: true, description: 'The method whose authenticator is replaced.' })
  @Required('missing method ID')
  method_id = '';

  @Field.any({
    description: 'A code of the new authenticator.',
    schema: { type: 'string', writeOnly: true },
    example: '123456',
  })
  @Rule('code', (value) => typeof value === 'string', 'invalid passcode')
  passcode = '';
}
