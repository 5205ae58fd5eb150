import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import {
  canonicalName,
  EntitiesService,
  EntityAliasesService,
  type AliasValues,
  type EntityValues,
  IdentityProvidersService,
  type IdentityProvider,
  type LocalUser,
  LocalUsersService,
  type LocalUserValues,
  NewCredential,
  type TokenSettings,
} from '@sallyport/identity';
import { Database, DomainError, type Transaction } from '@sallyport/platform';
import type { AdministrativePrivilege, ScopedObject } from '../administrative-privilege.js';
import { EffectivePrivilegesService } from '../effective-privileges.service.js';
import { mustCover } from '../escalation.js';
import { creators, grants, isFullAdministrator, reaches, reachOf } from '../grants.js';
import { LastAdministratorService } from '../last-administrator.service.js';
import { changedFields, mustMayEdit, objectNotFound, outOfScope } from '../objects/edit-rights.js';
import type { Subject } from '../policies/user-claims.js';

/** What a caller may do: `/admin` judges by privileges; at `/v1` the ACL has decided before. */
export type Rights = { privileges: AdministrativePrivilege[] } | { acl: true };

/** A user as `/admin` writes it; `id` only where the client chose one. */
export interface UserInput extends LocalUserValues {
  id?: string;
  password?: string;
}

const TARGET = 'LocalUser';

/** Writes users with every rule about privileges judged inside the writing transaction (contract appgate.md §3.4, §5.1; S45, S50). */
@Injectable()
export class UserAdministrationService {
  constructor(
    private readonly database: Database,
    private readonly providers: IdentityProvidersService,
    private readonly localUsers: LocalUsersService,
    private readonly entities: EntitiesService,
    private readonly aliases: EntityAliasesService,
    private readonly credential: NewCredential,
    private readonly lastAdministrator: LastAdministratorService,
    private readonly effective: EffectivePrivilegesService,
  ) {}

  /**
   * A new user of the provider `local`, with the default tags of every privilege that allowed it.
   * @param privileges what the caller held when the request began.
   * @param mayExempt whether an exemption waiting for this name shall count (S53).
   * @param subject the caller: judged again inside the transaction (S48). Absent: `privileges` are all there is to judge by.
   * @throws DomainError `invalid`, `forbidden`, `conflict`, `unavailable` (hash queue).
   */
  async createLocal(
    input: UserInput & { password: string },
    privileges: AdministrativePrivilege[],
    mayExempt: boolean,
    actor: Actor,
    subject?: Subject,
  ): Promise<LocalUser> {
    const provider = await this.providers.local();
    const { password, ...values } = input;
    await this.credential.check(values.name, password, provider);
    const id = values.id ?? randomUUID();
    mustMayCreate(privileges, { id, tags: values.tags });
    const passwordHash = await this.credential.hash(password, values.name, provider);
    return this.database.transaction(async (tx) => {
      const current = await this.judgedBy(tx, privileges, subject);
      const granting = mustMayCreate(current, { id, tags: values.tags });
      const tags = [...new Set([...values.tags, ...granting.flatMap((held) => held.defaultTags ?? [])])];
      const exemptionCounts = mayExempt || !(await this.isExempted(tx, provider, values.name));
      const row = { ...values, id, tags, identityProviderId: provider.id, passwordHash, exemptionCounts };
      const user = await this.localUsers.create(tx, row, actor);
      await this.mustCoverUser(tx, current, id);
      return user;
    });
  }

  /**
   * Replaces a user whole; an absent password stays.
   * @throws DomainError `not-found` (also for what the caller may not view), `forbidden`, `invalid`.
   */
  async replaceLocal(
    id: string,
    input: UserInput,
    privileges: AdministrativePrivilege[],
    mayExempt: boolean,
    actor: Actor,
    subject?: Subject,
  ): Promise<LocalUser> {
    const provider = await this.providers.local();
    const before = await this.mustView(id, privileges, provider);
    mayEdit(before, input, privileges);
    await this.credential.check(input.name, input.password, provider);
    if (before.builtIn && input.name !== before.name) throw DomainError.invalid('name', 'may not be changed');
    const hash =
      input.password === undefined ? null : await this.credential.hash(input.password, input.name, provider);
    return this.database.transaction(async (tx) => {
      const current = await this.judgedBy(tx, privileges, subject);
      const user = await this.mustView(id, current, provider, tx);
      mayEdit(user, input, current);
      await this.mustCoverUser(tx, current, id);
      const { password, id: _, ...values } = input;
      const replaced = await this.rename(tx, user, values, mayExempt, provider, actor);
      if (hash !== null) await this.localUsers.changePassword(tx, replaced, hash, actor);
      await this.mustCoverUser(tx, current, id);
      if (changedFields(user, values).length > 0) await this.judge(tx, 'disabled');
      return replaced;
    });
  }

  /** @throws DomainError `not-found`, `forbidden` (also code `built-in`), `conflict` code `last-administrator`. */
  async removeLocal(
    id: string,
    privileges: AdministrativePrivilege[],
    actor: Actor,
    subject?: Subject,
  ): Promise<void> {
    const provider = await this.providers.local();
    await this.database.transaction(async (tx) => {
      const current = await this.judgedBy(tx, privileges, subject);
      const user = await this.mustView(id, current, provider, tx);
      if (!grants(current, 'Delete', TARGET, user)) throw outOfScope();
      if (user.builtIn) throw new DomainError('forbidden', 'built-in', 'Built-in objects cannot be deleted.');
      await this.localUsers.remove(tx, user, actor);
      await this.lastAdministrator.mustRemain(tx);
    });
  }

  /** One user the caller may view. @throws DomainError `not-found`. */
  async get(id: string, privileges: AdministrativePrivilege[]): Promise<LocalUser> {
    return this.mustView(id, privileges, await this.providers.local());
  }

  /**
   * Asked before the body of a change is validated (appgate.md §1.3 g).
   * @throws DomainError `not-found`; `forbidden` where the user may be viewed, and neither changed nor retagged.
   */
  async mustBeChangeable(id: string, privileges: AdministrativePrivilege[]): Promise<void> {
    const user = await this.get(id, privileges);
    if (!grants(privileges, 'Edit', TARGET, user) && !grants(privileges, 'Tag', TARGET, user))
      throw outOfScope();
  }

  /**
   * `/v1`: makes or changes a user of a mount. A new one needs a password and gets its name as first and last name (vault.md §1.1).
   * @throws DomainError `invalid`; codes `missing-password`, and `unknown-user` where `mustExist` and there is none.
   */
  async writeAtMount(
    provider: IdentityProvider,
    name: string,
    change: {
      password?: string;
      tokenSettings?: (before: TokenSettings) => TokenSettings;
      mayExempt: boolean;
      mustExist?: boolean;
    },
    actor: Actor,
  ): Promise<void> {
    const known = await this.localUsers.findByName(provider.id, name);
    if (known === null && change.mustExist) throw unknownUser();
    if (known === null && change.password === undefined)
      throw new DomainError('invalid', 'missing-password', 'missing password');
    await this.credential.check(name, change.password, provider);
    const hash =
      change.password === undefined ? null : await this.credential.hash(change.password, name, provider);
    await this.database.transaction(async (tx) => {
      const user = await this.localUsers.findByName(provider.id, name, tx);
      if (user !== null) {
        if (hash !== null) await this.localUsers.changePassword(tx, user, hash, actor);
        if (change.tokenSettings)
          await this.localUsers.changeTokenSettings(
            tx,
            user,
            change.tokenSettings(user.tokenSettings),
            actor,
          );
        return;
      }
      if (change.mustExist) throw unknownUser();
      if (hash === null) throw new DomainError('invalid', 'missing-password', 'missing password');
      await this.localUsers.create(
        tx,
        {
          ...newValues(name),
          identityProviderId: provider.id,
          passwordHash: hash,
          exemptionCounts: change.mayExempt || !(await this.isExempted(tx, provider, name)),
          tokenSettings: change.tokenSettings?.({}) ?? {},
        },
        actor,
      );
    });
  }

  /** `/v1`: removes a user of a mount; an unknown name changes nothing. @throws DomainError `conflict` codes `built-in-user`, `last-administrator`. */
  async removeAtMount(provider: IdentityProvider, name: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      await this.lastAdministrator.hold(tx);
      const user = await this.localUsers.findByName(provider.id, name, tx);
      if (user === null) return;
      if (user.builtIn) throw new DomainError('conflict', 'built-in-user', 'built-in user cannot be deleted');
      await this.localUsers.remove(tx, user, actor);
      await this.lastAdministrator.mustRemain(tx);
    });
  }

  /** Writes an entity; disabling the last full administrator's is a conflict (S50). */
  async writeEntity(values: EntityValues, actor: Actor) {
    // Of an entity's values only `disabled` takes privileges at `/admin` away.
    return this.entities.write(values, actor, async (tx) => {
      if (values.disabled) await this.lastAdministrator.mustRemain(tx);
    });
  }

  async removeEntity(id: string, actor: Actor): Promise<void> {
    await this.entities.remove(id, actor, (tx) => this.lastAdministrator.mustRemain(tx));
  }

  async writeAlias(values: AliasValues, actor: Actor) {
    return this.aliases.write(values, actor, (tx) => this.lastAdministrator.mustRemain(tx));
  }

  async removeAlias(id: string, actor: Actor): Promise<void> {
    await this.aliases.remove(id, actor, (tx) => this.lastAdministrator.mustRemain(tx));
  }

  private async rename(
    tx: Transaction,
    user: LocalUser,
    values: LocalUserValues,
    mayExempt: boolean,
    provider: IdentityProvider,
    actor: Actor,
  ): Promise<LocalUser> {
    try {
      const replaced = await this.localUsers.replace(tx, user, values, actor);
      if (values.name !== user.name) {
        const counts = mayExempt || !(await this.isExempted(tx, provider, values.name));
        await tx.execute('UPDATE local_users SET exemption_counts = $2 WHERE id = $1', [user.id, counts]);
      }
      return replaced;
    } catch (error) {
      if (error instanceof DomainError && error.code === 'exists')
        throw DomainError.invalid('name', 'must be unique');
      throw error;
    }
  }

  /** What the caller may do as of this transaction (S48); acts that could end the last administrator wait for each other (S50). */
  private async judgedBy(
    tx: Transaction,
    privileges: AdministrativePrivilege[],
    subject?: Subject,
  ): Promise<AdministrativePrivilege[]> {
    await this.lastAdministrator.hold(tx);
    return subject === undefined ? privileges : this.effective.ofActing(subject, tx);
  }

  /** What a user may do, as the transaction leaves it, is no more than the caller may (appgate.md §3.5; S48, S49). */
  private async mustCoverUser(
    tx: Transaction,
    privileges: AdministrativePrivilege[],
    localUserId: string,
  ): Promise<void> {
    if (isFullAdministrator(privileges)) return;
    mustCover(
      privileges,
      await this.effective.of({ localUserId, deviceId: null, clientAddress: null, connectTime: null }, tx),
    );
  }

  /** On PUT the end of the last administrator is a value that is refused (appgate.md §1.4). */
  private async judge(tx: Transaction, field: string): Promise<void> {
    try {
      await this.lastAdministrator.mustRemain(tx);
    } catch (error) {
      if (error instanceof DomainError && error.code === 'last-administrator')
        throw DomainError.invalid(field, 'must leave a full administrator');
      throw error;
    }
  }

  private async isExempted(tx: Transaction, provider: IdentityProvider, name: string): Promise<boolean> {
    const rows = await tx.query(
      'SELECT 1 FROM mfa_exemptions WHERE provider_canonical = $1 AND username_canonical = $2',
      [provider.nameCanonical, canonicalName(name)],
    );
    return rows.length > 0;
  }

  private async mustView(
    id: string,
    privileges: AdministrativePrivilege[],
    provider: IdentityProvider,
    tx?: Transaction,
  ): Promise<LocalUser> {
    const user = await this.mustFind(id, provider, tx);
    if (!reaches(reachOf(privileges, 'View', TARGET), user)) throw objectNotFound();
    return user;
  }

  private async mustFind(id: string, provider: IdentityProvider, tx?: Transaction): Promise<LocalUser> {
    const user = await this.localUsers.find(id, tx);
    if (user === null || user.identityProviderId !== provider.id) throw objectNotFound();
    return user;
  }
}

function mayEdit(
  before: LocalUser,
  { id: _, password, ...values }: UserInput,
  privileges: AdministrativePrivilege[],
): void {
  const changed = [...changedFields(before, values), ...(password === undefined ? [] : ['password'])];
  mustMayEdit(TARGET, before, values.tags, changed, privileges);
}

/** @returns the privileges that allow it. @throws DomainError `forbidden`. */
function mustMayCreate(privileges: AdministrativePrivilege[], user: ScopedObject): AdministrativePrivilege[] {
  const granting = creators(privileges, TARGET, user);
  if (granting.length === 0) throw outOfScope();
  return granting;
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

function unknownUser(): DomainError {
  return new DomainError('invalid', 'unknown-user', 'username does not exist');
}
