import { canonicalName } from '@sallyport/identity';
import { multiError, refuse } from '../wire/vault-error.js';

/** A role's name in its canonical form (S51); a path that cannot be one's is 404 `unsupported path`. */
export function roleName(sent: string): string {
  const name = canonicalName(sent);
  if (!/^\w(?:[\w.-]{0,253}\w)?$/.test(name)) throw refuse(404, multiError('unsupported path'));
  return name;
}
