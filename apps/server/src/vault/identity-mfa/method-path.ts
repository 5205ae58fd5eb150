import { isUuid } from '../wire/uuid.js';
import { multiError, refuse, type VaultError } from '../wire/vault-error.js';
import { isMethodType } from './method-type.js';

const OPERATIONS = ['generate', 'admin-generate', 'admin-destroy', 'self-enroll', 'self-reset'];

/** A path below `identity/mfa/method` that is none of §5, whatever the verb: to the router any word may stand for a type or an id. */
export function isStrayMethodPath(path: string): boolean {
  const [, words] = /^identity\/mfa\/method\/(.+?)\/?$/.exec(path) ?? [];
  if (words === undefined) return false;
  const [type = '', id, more] = words.split('/');
  if (id === undefined) return !isMethodType(type) && !isUuid(type);
  return more === undefined && !(isMethodType(type) && (isUuid(id) || isOperation(type, id)));
}

/** The refusal of a word that stands where an id belongs: of an operation the verb is wrong, of any other the path. */
export function noMethodId(type: string, word: string): VaultError {
  return isOperation(type, word)
    ? refuse(405, multiError('unsupported operation'))
    : refuse(404, multiError('unsupported path'));
}

function isOperation(type: string, word: string): boolean {
  return type === 'totp' && OPERATIONS.includes(word);
}
