import type { MfaProviderInput } from '@sallyport/auth';
import type { MfaMethodType, MfaProvider } from '@sallyport/mfa-methods';
import { DomainError } from '@sallyport/platform';
import { namedObjectAnswer } from '../wire/named-object-answer.js';
import type { MfaProviderAnswer, MfaProviderFields, NewMfaProviderFields } from './mfa-provider.dto.js';

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

/** @throws DomainError `invalid`: a new one whose first request is to carry a secret needs that secret (appgate.md §4.1). */
export function mustHaveChallengeSecret({
  mode,
  useUserPassword,
  challengeSharedSecret,
}: NewMfaProviderFields): void {
  if (useUserPassword || mode === 'OneFactor' || challengeSharedSecret !== undefined) return;
  throw DomainError.invalid('challengeSharedSecret', 'may not be null');
}

export function mfaProviderAnswer(provider: MfaProvider): MfaProviderAnswer {
  const { inputType } = provider.config as { inputType: string };
  const shown = provider.type === 'radius' ? (provider.config as Partial<MfaProviderAnswer>) : {};
  return { ...namedObjectAnswer(provider), type: TYPE_NAMES[provider.type]!, ...shown, inputType };
}
