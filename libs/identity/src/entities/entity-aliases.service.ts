import { Injectable } from '@nestjs/common';
import { type Actor, AuditService, type ChangingAction } from '@sallyport/audit';
import { Clock, Database, DomainError, type Transaction } from '@sallyport/platform';
import { canonicalName } from '../names/index.js';
import { AuthMountsService } from '../mounts/auth-mounts.service.js';
import { Account } from '../people/account.entity.js';
import { PeopleService } from '../people/people.service.js';
import { EntitiesService } from './entities.service.js';

export interface AliasValues {
  id?: string;
  name?: string;
  canonicalId?: string;
  mountAccessor?: string;
  customMetadata?: Record<string, string>;
}

/** Where somebody signs in, and under which name. */
export type LoginName = Pick<Account, 'identityProviderId' | 'name'>;

/** What the caller may do with persons and their logins, asked inside the transaction before the change; each throws where they may not. */
export interface AliasRights {
  /** Acting on a person whose login this is or is to be (S49). */
  act: (tx: Transaction, principalId: string) => Promise<void>;
  /** Saying whose login this is: a new one, one under a new name, one that moves; null is a person yet to be made (S49). */
  give: (tx: Transaction, login: LoginName, toId: string | null) => Promise<void>;
  /** A login leaves a person, for another or (null) for nobody (S53). */
  take: (tx: Transaction, fromId: string, toId: string | null) => Promise<void>;
}

const nothingAsked = () => Promise.resolve();
const ALL_RIGHTS: AliasRights = { act: nothingAsked, give: nothingAsked, take: nothingAsked };

/** Accounts as `/v1` administers them: entity aliases (vault.md §10). Only those of visible principals are found here. */
@Injectable()
export class EntityAliasesService {
  constructor(
    private readonly database: Database,
    private readonly entities: EntitiesService,
    private readonly people: PeopleService,
    private readonly mounts: AuthMountsService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  async find(id: string, tx?: Transaction): Promise<Account | null> {
    const account = await (tx ?? this.database).manager.getRepository(Account).findOneBy({ id });
    if (account === null) return null;
    return (await this.entities.find(account.principalId, tx)) === null ? null : account;
  }

  /** The alias of this name at the mount of this accessor. */
  async findByFactors(mountAccessor: string, name: string): Promise<Account | null> {
    const mount = await this.mounts.findByAccessor(mountAccessor);
    if (mount === null || mount.identityProviderId === null) return null;
    const account = await this.database.manager
      .getRepository(Account)
      .findOneBy({ identityProviderId: mount.identityProviderId, nameCanonical: canonicalName(name) });
    return account && this.find(account.id);
  }

  async list(): Promise<Account[]> {
    return this.database.manager
      .getRepository(Account)
      .createQueryBuilder('account')
      .where('account.principalId IN (SELECT id FROM principals WHERE name IS NOT NULL)')
      .orderBy('account.createdAt')
      .getMany();
  }

  /**
   * Creates an alias, or changes the one its id or its (mount, name) points at; another `canonicalId` moves the login, not the seeds.
   * Without a `canonicalId` a new alias gets an entity of its own.
   * @param judge runs inside the transaction after the change; throws to undo it (S50).
   * @throws DomainError `invalid` codes `alias-incomplete`, `unknown-mount`, `unknown-entity`, `alias-exists`, `alias-name-taken`.
   */
  async write(
    values: AliasValues,
    actor: Actor,
    judge: (tx: Transaction) => Promise<void>,
    may: AliasRights = ALL_RIGHTS,
  ): Promise<{ alias: Account; changed: boolean }> {
    return this.database.transaction(async (tx) => {
      const known = values.id ? await this.find(values.id, tx) : null;
      const written =
        known === null
          ? await this.writeByName(tx, values, actor, may)
          : await this.change(tx, known, values, actor, may);
      await judge(tx);
      return written;
    });
  }

  /** An unknown id changes nothing. The rest is as for `write`. */
  async remove(
    id: string,
    actor: Actor,
    judge: (tx: Transaction) => Promise<void>,
    mayAct: AliasRights['act'] = nothingAsked,
  ): Promise<void> {
    await this.database.transaction(async (tx) => {
      const alias = await this.find(id, tx);
      if (alias === null) return;
      await mayAct(tx, alias.principalId);
      await this.entities.detachLogin(tx, alias);
      await this.record(tx, actor, 'entity-alias.deleted', alias, null);
      await judge(tx);
    });
  }

  private async writeByName(
    tx: Transaction,
    values: AliasValues,
    actor: Actor,
    may: AliasRights,
  ): Promise<{ alias: Account; changed: boolean }> {
    if (!values.mountAccessor || !values.name)
      throw new DomainError(
        'invalid',
        'alias-incomplete',
        `'id' or 'mount_accessor' and 'name' must be provided`,
      );
    const mount = await this.mounts.hold(tx, { accessor: values.mountAccessor });
    if (mount === null || mount.identityProviderId === null)
      throw new DomainError('invalid', 'unknown-mount', `invalid mount accessor "${values.mountAccessor}"`);
    const identityProviderId = mount.identityProviderId;
    const nameCanonical = canonicalName(values.name);
    // Of two first writes of one name the second is an update.
    await tx.execute('SELECT pg_advisory_xact_lock(hashtext($1))', [
      `entity-alias/${identityProviderId}/${nameCanonical}`,
    ]);
    const known = await tx.manager.getRepository(Account).findOneBy({ identityProviderId, nameCanonical });
    if (known !== null) return this.change(tx, known, values, actor, may);
    if (values.canonicalId) await may.act(tx, values.canonicalId);
    await may.give(tx, { identityProviderId, name: values.name }, values.canonicalId || null);
    const entityId = values.canonicalId || (await this.entities.createFor(tx, actor)).id;
    await this.mustBeFree(tx, entityId, identityProviderId, null);
    const alias = Object.assign(this.people.newAccount(identityProviderId, entityId, values.name), {
      customMetadata: values.customMetadata ?? {},
    });
    await tx.manager.getRepository(Account).insert(alias);
    await this.record(tx, actor, 'entity-alias.created', null, alias);
    return { alias, changed: true };
  }

  private async change(
    tx: Transaction,
    alias: Account,
    values: AliasValues,
    actor: Actor,
    may: AliasRights,
  ): Promise<{ alias: Account; changed: boolean }> {
    await may.act(tx, alias.principalId);
    const changes: Partial<Account> = {};
    const moves =
      values.canonicalId !== undefined &&
      values.canonicalId !== '' &&
      values.canonicalId !== alias.principalId;
    if (moves) {
      await may.act(tx, values.canonicalId!);
      await may.give(tx, alias, values.canonicalId!);
      await may.take(tx, alias.principalId, values.canonicalId!);
      await this.mustBeFree(tx, values.canonicalId!, alias.identityProviderId, alias.id);
      changes.principalId = values.canonicalId!;
    }
    if (values.name && canonicalName(values.name) !== alias.nameCanonical) {
      await this.mustNotBeTaken(tx, alias, values.name);
      await may.give(tx, { ...alias, name: values.name }, alias.principalId);
      await may.take(tx, alias.principalId, null);
      Object.assign(changes, { name: values.name, nameCanonical: canonicalName(values.name) });
    }
    if (
      values.customMetadata !== undefined &&
      JSON.stringify(values.customMetadata) !== JSON.stringify(alias.customMetadata)
    )
      changes.customMetadata = values.customMetadata;
    const nowVisible = !moves && (await this.entities.find(alias.principalId, tx)) === null;
    if (nowVisible) await this.people.show(tx, alias.principalId, actor);
    if (Object.keys(changes).length === 0) return { alias, changed: nowVisible };
    await tx.manager
      .getRepository(Account)
      .update({ id: alias.id }, { ...changes, updatedAt: this.clock.now() });
    if (moves) await this.leave(tx, alias.principalId);
    const changed = Object.assign(new Account(), alias, changes);
    await this.record(tx, actor, 'entity-alias.changed', alias, changed);
    return { alias: changed, changed: true };
  }

  /** What was issued to the login's former principal ends; a principal nobody saw goes with it. */
  private async leave(tx: Transaction, principalId: string): Promise<void> {
    await this.people.endTokens(tx, principalId);
    await this.people.endSignIns(tx, principalId);
    await this.people.dropIfHidden(tx, principalId);
  }

  private async mustBeFree(
    tx: Transaction,
    entityId: string,
    identityProviderId: string,
    except: string | null,
  ): Promise<void> {
    if ((await this.entities.find(entityId, tx)) === null)
      throw new DomainError('invalid', 'unknown-entity', 'invalid canonical ID');
    const other = await tx.manager
      .getRepository(Account)
      .findOneBy({ principalId: entityId, identityProviderId });
    if (other !== null && other.id !== except)
      throw new DomainError(
        'invalid',
        'alias-exists',
        'Alias already exists for requested entity and mount accessor',
      );
  }

  private async mustNotBeTaken(tx: Transaction, alias: Account, name: string): Promise<void> {
    const nameCanonical = canonicalName(name);
    const other = await tx.manager
      .getRepository(Account)
      .findOneBy({ identityProviderId: alias.identityProviderId, nameCanonical });
    const user = await tx.query('SELECT 1 FROM local_users WHERE account_id = $1', [alias.id]);
    // The account of a user bears that user's name: it is renamed with the user, not here.
    if (other !== null || user.length > 0)
      throw new DomainError(
        'invalid',
        'alias-name-taken',
        'alias with combination of mount accessor and name already exists',
      );
  }

  private async record(
    tx: Transaction,
    actor: Actor,
    action: ChangingAction,
    before: Account | null,
    after: Account | null,
  ): Promise<void> {
    const alias = (after ?? before)!;
    await this.audit.record(tx, actor, {
      action,
      outcome: 'success',
      object: { type: 'entity-alias', id: alias.id },
      detail: { name: alias.name, entityId: alias.principalId, identityProviderId: alias.identityProviderId },
      before,
      after,
    });
  }
}
