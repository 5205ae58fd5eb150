import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import {
  Clock,
  Database,
  DomainError,
  readEntity,
  type Transaction,
  violatedConstraint,
} from '@sallyport/platform';
import { FactorHistory } from '../history/factor-history.service.js';
import { NoticesService } from '../history/notices.service.js';
import { canonicalName } from '../names/index.js';
import { Account } from '../people/account.entity.js';
import { PeopleService } from '../people/people.service.js';
import { IdentityProvider } from '../providers/identity-provider.entity.js';
import { forgetFailures, resumePassword } from './failed-passwords.js';
import { LocalUser, type TokenSettings } from './local-user.entity.js';

/** A user as its writer wants it. Names and passwords were checked by `NewCredential`. */
export interface LocalUserValues {
  name: string;
  firstName: string;
  lastName: string;
  email: string | null;
  phone: string | null;
  notes: string;
  tags: string[];
  disabled: boolean;
  failedLoginAttempts: number;
  lockStart: Date | null;
}

export interface NewLocalUser extends LocalUserValues {
  id?: string;
  identityProviderId: string;
  passwordHash: string;
  builtIn?: boolean;
  /** Whether an exemption that waits for this name counts for this user (S53): only if its maker may exempt. */
  exemptionCounts: boolean;
  tokenSettings?: TokenSettings;
}

/**
 * Users with a password: one store for both dialects (vault.md §1.1).
 * Writes take the caller's transaction, so that rules about privileges are judged inside it.
 */
@Injectable()
export class LocalUsersService {
  constructor(
    private readonly database: Database,
    private readonly people: PeopleService,
    private readonly history: FactorHistory,
    private readonly notices: NoticesService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  async find(id: string, tx?: Transaction): Promise<LocalUser | null> {
    return readEntity(tx ?? this.database.gathered, LocalUser, 'o.id = $1::uuid', [id]);
  }

  /** @param name in any spelling. */
  async findByName(identityProviderId: string, name: string, tx?: Transaction): Promise<LocalUser | null> {
    const nameCanonical = canonicalName(name);
    return (tx ?? this.database).manager
      .getRepository(LocalUser)
      .findOneBy({ identityProviderId, nameCanonical });
  }

  async namesOf(identityProviderId: string): Promise<string[]> {
    const rows = await this.database.query<{ name_canonical: string }>(
      'SELECT name_canonical FROM local_users WHERE identity_provider_id = $1 ORDER BY name_canonical',
      [identityProviderId],
    );
    return rows.map((row) => row.name_canonical);
  }

  /** @throws DomainError `conflict` where the id or the name is taken. */
  async create(tx: Transaction, user: NewLocalUser, actor: Actor): Promise<LocalUser> {
    const account = await unlessTaken(() => this.people.accountFor(tx, user.identityProviderId, user.name));
    const now = this.clock.now();
    const row = Object.assign(new LocalUser(), {
      builtIn: false,
      tokenSettings: {},
      credentialVersion: 0,
      ...user,
      id: user.id ?? randomUUID(),
      accountId: account.id,
      nameCanonical: canonicalName(user.name),
      createdAt: now,
      updatedAt: now,
    });
    await unlessTaken(() => tx.manager.getRepository(LocalUser).insert(row));
    await this.recordChange(tx, actor, 'account.created', { before: null, after: row });
    await this.history.record(tx, actor, {
      kind: 'bind',
      principalId: account.principalId,
      factor: { type: 'password' },
    });
    return row;
  }

  /**
   * Replaces the values of a user; seeds and counters follow it through a rename (appgate.md §5.1).
   * A rename or disabling ends its tokens and unfinished sign-ins (S37, S39).
   * @throws DomainError `conflict` where another user has the name.
   */
  async replace(tx: Transaction, user: LocalUser, values: LocalUserValues, actor: Actor): Promise<LocalUser> {
    const nameCanonical = canonicalName(values.name);
    const renamed = nameCanonical !== user.nameCanonical;
    const ends = renamed || (values.disabled && !user.disabled);
    if (renamed) await unlessTaken(() => this.moveAccount(tx, user, values.name));
    if (values.name !== user.name)
      await tx.manager
        .getRepository(Account)
        .update({ id: user.accountId }, { name: values.name, updatedAt: this.clock.now() });
    const changed = Object.assign(new LocalUser(), user, values, {
      nameCanonical,
      updatedAt: this.clock.now(),
    });
    const write = { ...values, nameCanonical, updatedAt: changed.updatedAt };
    await unlessTaken(() => tx.manager.getRepository(LocalUser).update({ id: user.id }, write));
    // The count shown is cleared by a sign-in from a known network, what unknown ones share is not (S08).
    if (values.failedLoginAttempts === 0) {
      await resumePassword(tx, user.accountId);
      await forgetFailures(tx, user.accountId);
    }
    if (ends) await this.endEverything(tx, user);
    await this.tellOfAddress(tx, user, values.email, actor);
    await this.recordChange(tx, actor, 'account.changed', { before: user, after: changed });
    return changed;
  }

  /** What people say of themselves; nothing else of the user changes, and no wait is forgotten (S07). */
  async changeProfile(
    tx: Transaction,
    user: LocalUser,
    profile: Pick<LocalUserValues, 'firstName' | 'lastName' | 'email' | 'phone'>,
    actor: Actor,
  ): Promise<void> {
    const updatedAt = this.clock.now();
    await tx.manager.getRepository(LocalUser).update({ id: user.id }, { ...profile, updatedAt });
    await this.tellOfAddress(tx, user, profile.email, actor);
    await this.recordChange(tx, actor, 'account.changed', { before: user, after: { ...user, ...profile } });
  }

  /**
   * A new password ends every token and unfinished sign-in of the person (S13, S39); the owner is told (S64).
   * @param kind how it is remembered: `recovery` where a code stood for the old one.
   */
  async changePassword(
    tx: Transaction,
    user: LocalUser,
    passwordHash: string,
    actor: Actor,
    kind: 'change' | 'recovery' = 'change',
  ): Promise<void> {
    await tx.execute(
      'UPDATE local_users SET password_hash = $2, updated_at = $3, password_stopped_at = NULL WHERE id = $1',
      [user.id, passwordHash, this.clock.now()],
    );
    await this.endEverything(tx, user);
    await this.audit.record(tx, actor, {
      action: 'account.password-changed',
      outcome: 'success',
      object: { type: 'local-user', id: user.id },
      detail: { kind },
    });
    await this.history.record(tx, actor, {
      kind,
      principalId: await this.principalIdOf(tx, user),
      factor: { type: 'password' },
    });
  }

  async changeTokenSettings(
    tx: Transaction,
    user: LocalUser,
    tokenSettings: TokenSettings,
    actor: Actor,
  ): Promise<void> {
    await tx.manager
      .getRepository(LocalUser)
      .update({ id: user.id }, { tokenSettings, updatedAt: this.clock.now() });
    await this.recordChange(tx, actor, 'account.changed', {
      before: user,
      after: { ...user, tokenSettings },
    });
  }

  /** The user goes, and its tokens with it; a visible account, its person and their seeds stay (vault.md §8). */
  async remove(tx: Transaction, user: LocalUser, actor: Actor): Promise<void> {
    const principalId = await this.principalIdOf(tx, user);
    await this.endEverything(tx, user);
    await tx.execute('DELETE FROM local_users WHERE id = $1', [user.id]);
    await this.people.dropIfHidden(tx, principalId);
    await this.recordChange(tx, actor, 'account.deleted', { before: user, after: null });
  }

  /** Removes all users of a provider that goes away (a further userpass mount). */
  async removeAllOf(tx: Transaction, provider: IdentityProvider, actor: Actor): Promise<void> {
    const users = await tx.manager.getRepository(LocalUser).findBy({ identityProviderId: provider.id });
    for (const user of users) await this.remove(tx, user, actor);
  }

  /** The old address is told too: a trigger has kept it (S64). */
  private async tellOfAddress(
    tx: Transaction,
    user: LocalUser,
    email: string | null,
    actor: Actor,
  ): Promise<void> {
    if ((email || null) === (user.email || null)) return;
    await this.notices.post(tx, [await this.principalIdOf(tx, user)], 'address-changed', { by: actor.name });
  }

  private async endEverything(tx: Transaction, user: LocalUser): Promise<void> {
    const principalId = await this.principalIdOf(tx, user);
    await this.people.endTokens(tx, principalId);
    await tx.execute('UPDATE local_users SET credential_version = credential_version + 1 WHERE id = $1', [
      user.id,
    ]);
  }

  private async principalIdOf(tx: Transaction, user: LocalUser): Promise<string> {
    const account = await tx.manager.getRepository(Account).findOneByOrFail({ id: user.accountId });
    return account.principalId;
  }

  /** The account takes the new name; one left behind there by a deleted user gives way. */
  private async moveAccount(tx: Transaction, user: LocalUser, name: string): Promise<void> {
    const nameCanonical = canonicalName(name);
    const taken = await this.findByName(user.identityProviderId, name, tx);
    if (taken !== null) throw exists();
    const accounts = tx.manager.getRepository(Account);
    await accounts.delete({ identityProviderId: user.identityProviderId, nameCanonical });
    await accounts.update({ id: user.accountId }, { name, nameCanonical, updatedAt: this.clock.now() });
  }

  private async recordChange(
    tx: Transaction,
    actor: Actor,
    action: 'account.created' | 'account.changed' | 'account.deleted',
    { before, after }: { before: LocalUser; after: LocalUser | null } | { before: null; after: LocalUser },
  ): Promise<void> {
    const { id, name } = before ?? after;
    const fields = before && after && changedFields(before, after);
    await this.audit.record(tx, actor, {
      action,
      outcome: 'success',
      object: { type: 'local-user', id },
      detail: fields === null ? { name } : { name, fields },
      before,
      after,
    });
  }
}

/** Of two who take a name at once one runs into the index. */
async function unlessTaken<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    throw violatedConstraint(error) === null ? error : exists(error);
  }
}

function exists(cause?: unknown): DomainError {
  return new DomainError(
    'conflict',
    'exists',
    'An object with the same id or name already exists.',
    {},
    { cause },
  );
}

/** What its writer decides of a user. */
const DECIDED = [
  'name',
  'firstName',
  'lastName',
  'email',
  'phone',
  'notes',
  'tags',
  'disabled',
  'failedLoginAttempts',
  'lockStart',
  'tokenSettings',
] as const satisfies (keyof LocalUser)[];

function changedFields(before: LocalUser, after: LocalUser): string[] {
  return DECIDED.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
}
