import type { MfaMethodType } from '@sallyport/mfa-methods';
import { multiError, refuse } from '../wire/vault-error.js';

const TYPES: readonly MfaMethodType[] = ['totp', 'duo', 'okta', 'pingid'];

/** The type a path names; throws 404 for a word that is none of the types of §5. */
export function methodType(word: string): MfaMethodType {
  const type = TYPES.find((candidate) => candidate === word);
  if (type === undefined) throw refuse(404, multiError('unsupported path'));
  return type;
}
