import { isReservedName } from '@sallyport/identity';
import { policyNames } from '../wire/policy-names.js';
import { refuse } from '../wire/vault-error.js';

const RESERVED = ['root', 'default'];

/** The one form of a policy's name (S51), and the warning where it was sent in another. Throws 400 for what could pass for a reserved name. */
export function policyName(sent: string): { name: string; warnings: string[] } {
  const [name] = policyNames([sent]);
  if (name === undefined || (!RESERVED.includes(name) && isReservedName(name, RESERVED)))
    throw refuse(400, 'invalid policy name');
  return { name, warnings: name === sent ? [] : [`policy name was converted to ${name}`] };
}
