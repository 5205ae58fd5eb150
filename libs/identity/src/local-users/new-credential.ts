import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config, DomainError, type Violation } from '@sallyport/platform';
import { nameProblem } from '../names/index.js';
import {
  BreachedList,
  commonPasswords,
  HashQueue,
  hashPassword,
  passwordProblem,
  preparePassword,
} from '../passwords/index.js';
import type { IdentityProvider } from '../providers/identity-provider.entity.js';

/** Of a password nobody knows. */
const UNKNOWN_BYTES = 32;

type PasswordRules = Pick<IdentityProvider, 'minPasswordLength' | 'blockCommonPasswords'>;

/** The rules a user's name and password must meet wherever they are set (S01-S03, S80), and the hash that is stored (S04). */
@Injectable()
export class NewCredential {
  constructor(
    private readonly config: Config,
    private readonly hashes: HashQueue,
    private readonly breached: BreachedList,
  ) {}

  /** What is wrong with a user name, in words both dialects show; null when it may be used. */
  nameProblem(name: string): string | null {
    return nameProblem(name, { kind: 'user' });
  }

  /** What is wrong with a password; null when it may be set. No network call is made for this (S03). */
  async passwordProblem(password: string, username: string, rules: PasswordRules): Promise<string | null> {
    const problem = passwordProblem(password, {
      minLength: rules.minPasswordLength,
      common: rules.blockCommonPasswords ? await commonPasswords() : null,
      context: { username, host: this.config.publicHost, product: 'sallyport' },
    });
    if (problem !== null) return problem.message;
    if (rules.blockCommonPasswords && (await this.breached.contains(preparePassword(password))))
      return 'is too common';
    return null;
  }

  /**
   * Checks and hashes a new password. Takes a turn in the hash queue; call it before opening a transaction.
   * @throws DomainError `invalid` on field `password`; `unavailable` when the queue is full (S12).
   */
  async hash(password: string, username: string, rules: PasswordRules): Promise<string> {
    const message = await this.passwordProblem(password, username, rules);
    if (message !== null) throw DomainError.invalid('password', message);
    return this.hashes.run(() => hashPassword(preparePassword(password)));
  }

  /**
   * The hash of the password a user is made with. Where nobody sets another's (S58), one that nobody knows stands in its place until the
   * user sets one with a code (S57).
   * @throws DomainError as `hash`.
   */
  async hashForNew(password: string, username: string, rules: PasswordRules): Promise<string> {
    if (this.config.secretsSetByOthers) return this.hash(password, username, rules);
    const unknown = randomBytes(UNKNOWN_BYTES).toString('base64url');
    return this.hashes.run(() => hashPassword(unknown));
  }

  /** Whether somebody may set the password of a user there is (S58). @throws DomainError `invalid` on field `password`. */
  mustBeSettable(isOwn = false): void {
    if (!isOwn && !this.config.secretsSetByOthers) throw DomainError.invalid('password', 'is not applicable');
  }

  /** @throws DomainError `invalid` listing what is wrong with the name and, where given, the password. */
  async check(name: string, password: string | undefined, rules: PasswordRules): Promise<void> {
    const violations: Violation[] = [];
    const ofName = this.nameProblem(name);
    if (ofName !== null) violations.push({ field: 'name', message: ofName });
    const ofPassword = password === undefined ? null : await this.passwordProblem(password, name, rules);
    if (ofPassword !== null) violations.push({ field: 'password', message: ofPassword });
    if (violations.length > 0)
      throw new DomainError('invalid', 'invalid', 'The request is not valid.', { violations });
  }
}
