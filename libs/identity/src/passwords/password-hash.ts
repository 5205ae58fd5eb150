import { randomBytes } from 'node:crypto';
import { hash, parseOptions, verify, type Algorithm } from '@node-rs/argon2';
import { DomainError } from '@sallyport/platform';
import { isWellFormed, preparePassword } from './password-rules.js';

export interface Argon2Parameters {
  memoryKiB: number;
  passes: number;
  lanes: number;
  saltBytes: number;
  tagBytes: number;
}

/** What security.md asks for at least. */
export const ARGON2_PARAMETERS: Argon2Parameters = {
  memoryKiB: 19_456,
  passes: 2,
  lanes: 1,
  saltBytes: 16,
  tagBytes: 32,
};

/** The package's enum has no values at run time. */
const ARGON2ID = 2 as Algorithm;

const dummies = new Map<string, Promise<string>>();

/**
 * @returns the Argon2id string of a password, in PHC form
 * @throws DomainError invalid, for text with lone surrogates: two of those would hash alike
 */
export async function hashPassword(password: string, parameters = ARGON2_PARAMETERS): Promise<string> {
  if (!isWellFormed(password)) throw DomainError.invalid('password', 'contains invalid characters');
  return await hash(preparePassword(password), {
    algorithm: ARGON2ID,
    memoryCost: parameters.memoryKiB,
    timeCost: parameters.passes,
    parallelism: parameters.lanes,
    outputLen: parameters.tagBytes,
    salt: randomBytes(parameters.saltBytes),
  });
}

/** Whether the password is the one behind a PHC string. It always costs one Argon2 run (S05); throws when the string is broken. */
export async function verifyPassword(phc: string, password: string): Promise<boolean> {
  const matches = await verify(phc, preparePassword(password));
  return matches && isWellFormed(password);
}

/** Whether a stored string is weaker than `parameters` in any respect and must be replaced after a right password (S04). */
export function needsRehash(phc: string, parameters = ARGON2_PARAMETERS): boolean {
  const stored = parseOptions(phc);
  return (
    stored.algorithm !== ARGON2ID ||
    stored.version !== 1 || // 0x13, the current one
    stored.memoryCost < parameters.memoryKiB ||
    stored.timeCost < parameters.passes ||
    stored.parallelism < parameters.lanes ||
    stored.saltLen < parameters.saltBytes ||
    stored.outputLen < parameters.tagBytes
  );
}

/**
 * The string to verify against where there is none (unknown user, S05): of a random password nobody knows, with the current
 * parameters, made once. Ask for it at the start, so that no sign-in pays for it.
 */
export function dummyHash(parameters = ARGON2_PARAMETERS): Promise<string> {
  const key = JSON.stringify(parameters);
  const known = dummies.get(key);
  if (known) return known;
  const made = hashPassword(randomBytes(32).toString('base64url'), parameters);
  dummies.set(key, made);
  return made;
}
