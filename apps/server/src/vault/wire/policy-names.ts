import { isReservedName } from '@sallyport/identity';
import { refuse } from './vault-error.js';

const RESERVED = ['root', 'default'];

/** Names in one list (S81). */
const MOST_NAMES = 1_000;

/** Controls, invisible and unassigned characters, and blanks inside a name (S80). */
const UNFIT = /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Z}]/u;

/** A `/` stands between parts only: a path with one more or less names the same (§2.2). */
const EMPTY_PART = /^\/|\/\/|\/$/;

/**
 * Policy names in their canonical form, made before any check (S51): NFC, trimmed, lower-cased, sorted, each once.
 * Throws 400 for a name that could pass for another.
 */
export function policyNames(sent: readonly string[]): string[] {
  if (sent.length > MOST_NAMES) throw refuse(400, 'too many policies');
  const names = sent
    .map((name) => name.normalize('NFC').trim().toLowerCase().normalize('NFC'))
    .filter((name) => name !== '');
  for (const name of names)
    if (UNFIT.test(name) || EMPTY_PART.test(name) || isDisguise(name))
      throw refuse(400, 'invalid policy name');
  return [...new Set(names)].sort();
}

/** Full-width `root` and the like: another name, which looks like a reserved one. */
function isDisguise(name: string): boolean {
  return !RESERVED.includes(name) && isReservedName(name, RESERVED);
}
