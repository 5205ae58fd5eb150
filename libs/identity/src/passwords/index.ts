export { BreachedList } from './breached-list.js';
export { commonPasswords } from './common-passwords.js';
export { HASH_QUEUE_OPTIONS, HashQueue, type HashQueueOptions } from './hash-queue.js';
export {
  ARGON2_PARAMETERS,
  dummyHash,
  hashPassword,
  needsRehash,
  verifyPassword,
  type Argon2Parameters,
} from './password-hash.js';
export {
  passwordProblem,
  preparePassword,
  type PasswordProblem,
  type PasswordRules,
} from './password-rules.js';
