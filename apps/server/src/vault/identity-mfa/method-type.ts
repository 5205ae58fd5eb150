import type { MfaMethodType } from '@sallyport/mfa-methods';
import { multiError, refuse } from '../wire/vault-error.js';

const TYPES: readonly MfaMethodType[] = ['totp', 'duo', 'okta', 'pingid'];

export function isMethodType(word: string): word is MfaMethodType {
  return (TYPES as readonly string[]).includes(word);
}

/** The type a path names; throws 404 for a word that is none of the types of §5. */
export function methodType(word: string): MfaMethodType {
  if (!isMethodType(word)) throw refuse(404, multiError('unsupported path'));
  return word;
}
