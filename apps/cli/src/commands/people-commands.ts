import { Injectable } from '@nestjs/common';
import { OPERATOR } from '@sallyport/audit';
import { FactorResetService, LockedUsersService } from '@sallyport/auth';
import {
  IdentityProvidersService,
  LocalUsersService,
  NewCredential,
  type LocalUser,
} from '@sallyport/identity';
import { EnrolmentWindowService } from '@sallyport/mfa-methods';
import { Database, DomainError } from '@sallyport/platform';
import type { Answer } from '../console/terminal.js';

/** Somebody with a password: a name and the provider it belongs to. */
export interface UserWish {
  name: string;
  provider: string;
}

/** What the operator may do for people who cannot get in. */
@Injectable()
export class PeopleCommands {
  constructor(
    private readonly database: Database,
    private readonly providers: IdentityProvidersService,
    private readonly users: LocalUsersService,
    private readonly credential: NewCredential,
    private readonly locked: LockedUsersService,
    private readonly factors: FactorResetService,
    private readonly window: EnrolmentWindowService,
  ) {}

  /**
   * Sets a password; every token and unfinished sign-in of the person ends (S39), and what stopped the old password is forgotten.
   * @param generated whether it is shown: nobody else knows it.
   * @throws DomainError `not-found`; `invalid` where the password is refused (S01, S03).
   */
  async resetPassword(
    wish: UserWish,
    { password, generated, enable }: { password: string; generated: boolean; enable: boolean },
  ): Promise<Answer> {
    const { user, provider } = await this.find(wish);
    const hash = await this.credential.hash(password, user.name, provider);
    await this.database.transaction(async (tx) => {
      const current = (await this.users.find(user.id, tx)) ?? user;
      await this.users.changePassword(tx, current, hash, OPERATOR);
      if (enable && current.disabled)
        await this.users.replace(tx, current, { ...valuesOf(current), disabled: false }, OPERATOR);
    });
    await this.locked.clearThrottle(wish.provider, user.name, OPERATOR);
    return {
      data: {
        user: user.name,
        provider: wish.provider,
        enabled: enable || !user.disabled,
        ...(generated && { password }),
      },
      lines: [
        `The password of ${user.name} is set; every session of this person has ended.`,
        ...(enable && user.disabled ? ['The user is enabled again.'] : []),
        ...(user.disabled && !enable ? ['The user is still disabled: --enable lets it in.'] : []),
        ...(generated ? ['', `  ${password}`, '', 'It is shown this once.'] : []),
      ],
    };
  }

  /** Failed passwords are forgotten, from every network. A second factor that failures have stopped stays so: `mfa reset`. */
  async clearThrottle({ name, provider }: UserWish): Promise<Answer> {
    if (!(await this.locked.clearThrottle(provider, name, OPERATOR))) throw unknownUser(name, provider);
    return {
      data: { user: name, provider, cleared: true },
      lines: [`${name} may try passwords again, from everywhere.`],
    };
  }

  /** Takes every authenticator of a person away and lets a first one be bound anew; the owner is told, with the reason (S63). */
  async resetFactors(wish: UserWish, reason: string): Promise<Answer> {
    const { user } = await this.find(wish);
    const principalId = await this.personOf(user);
    const methods = await this.database.query<{ id: string; name: string }>(METHODS, [principalId]);
    const reset: string[] = [];
    for (const { id, name } of methods)
      if (await this.factors.reset(id, principalId, OPERATOR, undefined, reason)) reset.push(name);
    const nothing = `${user.name} has no authenticator; where the time for binding the first one was over, it is open again.`;
    if (methods.length === 0) await this.reopenFor(principalId);
    return {
      data: { user: user.name, provider: wish.provider, reset },
      lines:
        reset.length === 0
          ? [nothing]
          : [
              `Taken from ${user.name}: ${reset.join(', ')}. Every session of this person has ended.`,
              'The next sign-in binds a new one.',
            ],
    };
  }

  /** A password alone may bind the first factor again, once (S60). */
  async reopenEnrolment(wish: UserWish): Promise<Answer> {
    const { user } = await this.find(wish);
    await this.reopenFor(await this.personOf(user));
    return {
      data: { user: user.name, provider: wish.provider, reopened: true },
      lines: [`${user.name} may bind a first authenticator with the password alone, once.`],
    };
  }

  private async reopenFor(principalId: string): Promise<void> {
    await this.database.transaction((tx) => this.window.reopen(tx, principalId, OPERATOR));
  }

  private async find({ name, provider: providerName }: UserWish) {
    const provider = await this.providers.findByExactName(providerName);
    const user = provider && (await this.users.findByName(provider.id, name));
    if (!provider || !user) throw unknownUser(name, providerName);
    return { user, provider };
  }

  private async personOf(user: LocalUser): Promise<string> {
    const [row] = await this.database.query<{ principal_id: string }>(
      'SELECT principal_id FROM accounts WHERE id = $1',
      [user.accountId],
    );
    return row!.principal_id;
  }
}

function valuesOf({
  name,
  firstName,
  lastName,
  email,
  phone,
  notes,
  tags,
  disabled,
  failedLoginAttempts,
  lockStart,
}: LocalUser) {
  return { name, firstName, lastName, email, phone, notes, tags, disabled, failedLoginAttempts, lockStart };
}

function unknownUser(name: string, provider: string): DomainError {
  return new DomainError(
    'not-found',
    'user-not-found',
    `There is no user ${name} at the identity provider ${provider}.`,
  );
}

// Those that are bound here, and those of outside servers that failures have stopped.
const METHODS = `
  SELECT m.id, coalesce(m.name, m.provider_name, m.type) AS name FROM mfa_methods m
  WHERE EXISTS (SELECT 1 FROM totp_enrollments e WHERE e.method_id = m.id AND e.principal_id = $1)
     OR EXISTS (SELECT 1 FROM factor_throttles t WHERE t.method_id = m.id AND t.principal_id = $1 AND m.type <> 'totp')
  ORDER BY 2`;
