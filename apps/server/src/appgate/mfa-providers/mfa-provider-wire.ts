import type { MfaProviderInput } from '@sallyport/auth';
import type { MfaMethodType, MfaProvider } from '@sallyport/mfa-methods';
import type { Violation } from '@sallyport/platform';
import { readFields } from '../validation/read-fields.js';
import { namedObjectAnswer } from '../wire/named-object-answer.js';
import { type MfaProviderAnswer, type MfaProviderFields, NewMfaProviderFields } from './mfa-provider.dto.js';

const METHOD_TYPES: Record<string, MfaMethodType> = {
  Radius: 'radius',
  DefaultTimeBased: 'totp',
  Fido2: 'fido2',
};
const TYPE_NAMES = Object.fromEntries(Object.entries(METHOD_TYPES).map(([name, type]) => [type, name]));

type SomeFields = MfaProviderFields & { sharedSecret?: string; challengeSharedSecret?: string };

/** A request's fields as the core takes them: what is not common to all types is its configuration. */
export function mfaProviderInput(fields: SomeFields): MfaProviderInput {
  const {
    id,
    name,
    notes,
    tags,
    type,
    sharedSecret,
    challengeSharedSecret: challengeSecret,
    ...config
  } = fields;
  return { id, name, notes, tags, type: METHOD_TYPES[type]!, config, sharedSecret, challengeSecret };
}

/** The fields of a POST: one whose first request is to carry a secret needs that secret (appgate.md §4.1). @throws DomainError `invalid`. */
export function readNewMfaProvider(body: unknown): NewMfaProviderFields {
  return readFields(
    NewMfaProviderFields,
    body,
    ({ mode, useUserPassword, challengeSharedSecret }): Violation[] =>
      useUserPassword || mode === 'OneFactor' || challengeSharedSecret !== undefined
        ? []
        : [{ field: 'challengeSharedSecret', message: 'may not be null' }],
  );
}

export function mfaProviderAnswer(provider: MfaProvider): MfaProviderAnswer {
  const { inputType } = provider.config as { inputType: string };
  const shown = provider.type === 'radius' ? (provider.config as Partial<MfaProviderAnswer>) : {};
  return { ...namedObjectAnswer(provider), type: TYPE_NAMES[provider.type]!, ...shown, inputType };
}
