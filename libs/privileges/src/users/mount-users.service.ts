import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import {
  AuthMountsService,
  type IdentityProvider,
  LocalUser,
  LocalUsersService,
  type LocalUserValues,
  NewCredential,
  type TokenSettings,
} from '@sallyport/identity';
import { Database, DomainError, type Transaction } from '@sallyport/platform';
import { DenialsService } from '../authority/denials.service.js';
import type { VaultAuthority } from '../authority/vault-authority.js';
import { VaultAuthorityService } from '../authority/vault-authority.service.js';
import { LastAdministratorService } from '../last-administrator.service.js';
import { isExempted } from './waiting-exemption.js';

/** What a write at a mount asks for; what is absent stays. */
export interface MountUserChange {
  password?: string;
  /** The settings of the user's tokens after the write; policies in canonical names (S51). */
  tokenSettings?: (before: TokenSettings) => TokenSettings;
  /** Whether a user that is not there is a refusal. */
  mustExist?: boolean;
  /** Throws where the caller may not make, or not change, a user; asked inside the transaction. */
  mustMay?: (isThere: boolean) => void;
}

/** Writes users of a userpass mount for `/v1` (contract vault.md §1.1, §8): the ACL let the caller in, the rest is judged here. */
@Injectable()
export class MountUsersService {
  constructor(
    private readonly database: Database,
    private readonly mounts: AuthMountsService,
    private readonly users: LocalUsersService,
    private readonly credential: NewCredential,
    private readonly authorities: VaultAuthorityService,
    private readonly denials: DenialsService,
    private readonly lastAdministrator: LastAdministratorService,
  ) {}

  /**
   * Makes or changes a user. A new one needs a password and gets its name as first and last name.
   * @throws DomainError `invalid`; codes `missing-password`, `unknown-user` where `mustExist`; `forbidden` for policies the caller does
   * not hold (S48), a person who may do more (S49), and a new name that is exempt from MFA already (S53); `not-found` code `mount-gone`
   * where the mount was disabled meanwhile; `unavailable` (hash queue).
   */
  async write(
    provider: IdentityProvider,
    name: string,
    change: MountUserChange,
    authority: VaultAuthority,
    actor: Actor,
  ): Promise<void> {
    const known = await this.users.findByName(provider.id, name);
    if (known === null && change.mustExist) throw unknownUser();
    if (known === null && change.password === undefined) throw missingPassword();
    await this.credential.check(name, change.password, provider);
    const hash = await this.hashOf(change.password, name, provider, known !== null);
    await this.database.transaction(async (tx) => {
      await this.begin(tx, provider);
      const user = await this.users.findByName(provider.id, name, tx);
      change.mustMay?.(user !== null);
      if (user !== null) return this.change(tx, user, hash, change, authority, actor);
      if (change.mustExist) throw unknownUser();
      if (hash === null) throw missingPassword();
      await this.make(tx, provider, name, hash, change, authority, actor);
    });
  }

  /**
   * Removes a user; an unknown name changes nothing.
   * @throws DomainError `conflict` codes `built-in-user`, `last-administrator` (S50); `forbidden` (S49); `not-found` code `mount-gone`.
   */
  async remove(
    provider: IdentityProvider,
    name: string,
    authority: VaultAuthority,
    actor: Actor,
  ): Promise<void> {
    await this.database.transaction(async (tx) => {
      await this.begin(tx, provider);
      const user = await this.users.findByName(provider.id, name, tx);
      if (user === null) return;
      await this.authorities.mustReachLogin(tx, authority, user);
      if (user.builtIn) throw new DomainError('conflict', 'built-in-user', 'built-in user cannot be deleted');
      await this.users.remove(tx, user, actor);
      await this.lastAdministrator.mustRemain(tx);
    });
  }

  private async begin(tx: Transaction, provider: IdentityProvider): Promise<void> {
    await this.authorities.begin(tx);
    if ((await this.mounts.hold(tx, { identityProviderId: provider.id })) === null)
      throw new DomainError('not-found', 'mount-gone', 'The mount was disabled meanwhile.');
  }

  private async change(
    tx: Transaction,
    user: LocalUser,
    hash: string | null,
    { tokenSettings }: MountUserChange,
    authority: VaultAuthority,
    actor: Actor,
  ): Promise<void> {
    const settings = tokenSettings?.(user.tokenSettings);
    await this.authorities.mustReachLogin(tx, authority, user);
    await this.authorities.mustHandOut(tx, authority, added(user.tokenSettings, settings));
    const isOwn = await this.isOwn(tx, user, authority);
    if (settings !== undefined && isOwn)
      await this.denials.mustAnswerForUser(tx, authority, user.tokenSettings, settings);
    if (hash !== null) {
      this.credential.mustBeSettable(isOwn);
      await this.users.changePassword(tx, user, hash, actor);
    }
    if (settings !== undefined) await this.users.changeTokenSettings(tx, user, settings, actor);
  }

  private async hashOf(
    password: string | undefined,
    name: string,
    provider: IdentityProvider,
    known: boolean,
  ): Promise<string | null> {
    if (password === undefined) return null;
    return known
      ? this.credential.hash(password, name, provider)
      : this.credential.hashForNew(password, name, provider);
  }

  private async isOwn(
    tx: Transaction,
    { accountId }: LocalUser,
    { subject }: VaultAuthority,
  ): Promise<boolean> {
    const owned = await tx.query('SELECT 1 FROM accounts WHERE id = $1 AND principal_id = $2::uuid', [
      accountId,
      subject.entityId,
    ]);
    return owned.length > 0;
  }

  private async make(
    tx: Transaction,
    provider: IdentityProvider,
    name: string,
    passwordHash: string,
    { tokenSettings }: MountUserChange,
    authority: VaultAuthority,
    actor: Actor,
  ): Promise<void> {
    const settings = tokenSettings?.({}) ?? {};
    // A login may have been there before its user, or outlived one: whoever signs in with it is that person.
    await this.authorities.mustReachLogin(tx, authority, { identityProviderId: provider.id, name });
    await this.authorities.mustHandOut(tx, authority, added({}, settings));
    const row = { ...newValues(name), id: randomUUID(), identityProviderId: provider.id };
    await this.authorities.mustCoverNew(tx, authority, Object.assign(new LocalUser(), row));
    if (!authority.root && (await isExempted(tx, provider, name)))
      throw new DomainError('forbidden', 'exempt-name', 'permission denied');
    const user = { ...row, passwordHash, exemptionCounts: true, tokenSettings: settings };
    await this.users.create(tx, user, actor);
  }
}

/** The policies a write hands out: those that were there are nobody's gift any more. */
function added(before: TokenSettings, after: TokenSettings | undefined): string[] {
  return (after?.policies ?? []).filter((name) => !before.policies?.includes(name));
}

function newValues(name: string): LocalUserValues {
  return {
    name,
    firstName: name,
    lastName: name,
    email: null,
    phone: null,
    notes: '',
    tags: [],
    disabled: false,
    failedLoginAttempts: 0,
    lockStart: null,
  };
}

function missingPassword(): DomainError {
  return new DomainError('invalid', 'missing-password', 'missing password');
}

function unknownUser(): DomainError {
  return new DomainError('invalid', 'unknown-user', 'username does not exist');
}
