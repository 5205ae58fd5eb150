import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, AuditService, type ChangingAction } from '@sallyport/audit';
import { Clock, Database, DomainError, type Transaction, violatedConstraint } from '@sallyport/platform';
import { IsNull, Not } from 'typeorm';
import { canonicalName } from '../names/index.js';
import { Account } from '../people/account.entity.js';
import { PeopleService } from '../people/people.service.js';
import { Principal } from '../people/principal.entity.js';

export interface EntityValues {
  id?: string;
  name?: string;
  metadata?: Record<string, string>;
  policies?: string[];
  disabled?: boolean;
}

/** Principals as `/v1` administers them: entities (vault.md §10). Only visible ones are found here. */
@Injectable()
export class EntitiesService {
  constructor(
    private readonly database: Database,
    private readonly people: PeopleService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  async find(id: string, tx?: Transaction): Promise<Principal | null> {
    return this.repository(tx).findOneBy({ id, name: Not(IsNull()) });
  }

  async findByName(name: string, tx?: Transaction): Promise<Principal | null> {
    return this.repository(tx).findOneBy({ nameCanonical: canonicalName(name) });
  }

  /** The accounts of these principals: their aliases. */
  async accountsOf(principalIds: string[]): Promise<Account[]> {
    if (principalIds.length === 0) return [];
    return this.database.manager
      .getRepository(Account)
      .createQueryBuilder('account')
      .where('account.principalId IN (:...principalIds)', { principalIds })
      .orderBy('account.createdAt')
      .getMany();
  }

  /**
   * Creates an entity, or changes the one the id or the name points at. Fields that are absent keep their value.
   * Disabling ends the person's tokens at once, and enabling again does not bring them back (S39).
   * @param judge runs inside the transaction after the change; throws to undo it (S50).
   * @param mayWrite runs inside it before, with the entity as it is, null for a new one; throws where the caller may not (S48, S49).
   * @throws DomainError `invalid` codes `entity-not-found`, `entity-name-taken`, `root-policy`.
   */
  async write(
    values: EntityValues,
    actor: Actor,
    judge: (tx: Transaction) => Promise<void>,
    mayWrite?: (tx: Transaction, entity: Principal | null) => Promise<void>,
  ): Promise<{ entity: Principal; created: boolean }> {
    if (values.policies?.includes('root'))
      throw new DomainError('invalid', 'root-policy', 'policies cannot contain root');
    return this.database.transaction(async (tx) => {
      // Of two first writes of one name the second is an update.
      if (values.name)
        await tx.execute('SELECT pg_advisory_xact_lock(hashtext($1))', [
          `entity/${canonicalName(values.name)}`,
        ]);
      const known = await this.locate(tx, values);
      await mayWrite?.(tx, known);
      if (known === null) return { entity: await this.create(tx, values, actor), created: true };
      const entity = await this.change(tx, known, values, actor);
      await judge(tx);
      return { entity, created: false };
    });
  }

  /**
   * Deleting an entity ends its tokens and removes its aliases and seeds; its local users begin anew as hidden principals.
   * An unknown id changes nothing.
   * @param judge as for `write`; `mayRemove` runs before.
   */
  async remove(
    id: string,
    actor: Actor,
    judge: (tx: Transaction) => Promise<void>,
    mayRemove?: (tx: Transaction) => Promise<void>,
  ): Promise<void> {
    await this.database.transaction(async (tx) => {
      if (await this.removeIn(tx, id, actor, mayRemove)) await judge(tx);
    });
  }

  /** The same inside a transaction, of which the caller judges the end. @returns false where there was none. */
  async removeIn(
    tx: Transaction,
    id: string,
    actor: Actor,
    mayRemove?: (tx: Transaction) => Promise<void>,
  ): Promise<boolean> {
    const entity = await this.find(id, tx);
    if (entity === null) return false;
    await mayRemove?.(tx);
    const accounts = await tx.manager.getRepository(Account).findBy({ principalId: id });
    for (const account of accounts) await this.detachLogin(tx, account);
    await tx.manager.getRepository(Principal).delete({ id });
    await this.record(tx, actor, 'entity.deleted', entity, null);
    return true;
  }

  /**
   * Takes a login away from its principal: a local user moves on to a new hidden principal, without seeds and tokens;
   * an account without user is removed.
   */
  async detachLogin(tx: Transaction, account: Account): Promise<void> {
    const hasUser =
      (await tx.query('SELECT 1 FROM local_users WHERE account_id = $1', [account.id])).length > 0;
    await this.people.endTokens(tx, account.principalId);
    await this.people.endSignIns(tx, account.principalId);
    if (!hasUser) {
      await tx.manager.getRepository(Account).delete({ id: account.id });
      return;
    }
    const principal = await this.people.addPrincipal(tx);
    // A new account id: the removed alias is gone for good, and its counters with it.
    const fresh = this.people.newAccount(account.identityProviderId, principal.id, account.name);
    await tx.execute('UPDATE accounts SET name_canonical = name_canonical || $2 WHERE id = $1', [
      account.id,
      `\u0001${account.id}`,
    ]);
    await tx.manager.getRepository(Account).insert(fresh);
    await tx.execute('UPDATE local_users SET account_id = $2 WHERE account_id = $1', [account.id, fresh.id]);
    await tx.manager.getRepository(Account).delete({ id: account.id });
  }

  /** An entity for an alias that names none: automatic name, nothing else. */
  async createFor(tx: Transaction, actor: Actor): Promise<Principal> {
    return this.create(tx, {}, actor);
  }

  private async locate(tx: Transaction, values: EntityValues): Promise<Principal | null> {
    if (values.id === undefined || values.id === '')
      return values.name ? this.findByName(values.name, tx) : null;
    const known = await this.find(values.id, tx);
    if (known === null) throw new DomainError('invalid', 'entity-not-found', 'entity not found from id');
    return known;
  }

  private async create(tx: Transaction, values: EntityValues, actor: Actor): Promise<Principal> {
    const now = this.clock.now();
    const entity = Object.assign(new Principal(), {
      id: randomUUID(),
      name: values.name || null,
      nameCanonical: values.name ? canonicalName(values.name) : null,
      metadata: values.metadata ?? {},
      policies: values.policies ?? [],
      disabled: values.disabled ?? false,
      mergedIds: [],
      createdAt: now,
      updatedAt: now,
    });
    await this.store(() => this.repository(tx).insert(entity));
    if (entity.name === null) await this.people.show(tx, entity.id, actor);
    const shown = await this.repository(tx).findOneByOrFail({ id: entity.id });
    await this.record(tx, actor, 'entity.created', null, shown);
    return shown;
  }

  private async change(
    tx: Transaction,
    entity: Principal,
    values: EntityValues,
    actor: Actor,
  ): Promise<Principal> {
    const changes: Partial<Principal> = { updatedAt: this.clock.now() };
    if (values.name) Object.assign(changes, { name: values.name, nameCanonical: canonicalName(values.name) });
    if (values.metadata !== undefined) changes.metadata = values.metadata;
    if (values.policies !== undefined) changes.policies = values.policies;
    if (values.disabled !== undefined) changes.disabled = values.disabled;
    await this.store(() => tx.manager.getRepository(Principal).update({ id: entity.id }, changes));
    if (changes.disabled === true && !entity.disabled) await this.people.endTokens(tx, entity.id);
    const changed = Object.assign(new Principal(), entity, changes);
    await this.record(tx, actor, 'entity.changed', entity, changed);
    return changed;
  }

  private async store(write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (violatedConstraint(error) === null) throw error;
      throw new DomainError(
        'invalid',
        'entity-name-taken',
        'entity name is already in use',
        {},
        { cause: error },
      );
    }
  }

  private repository(tx?: Transaction) {
    return (tx ?? this.database).manager.getRepository(Principal);
  }

  private async record(
    tx: Transaction,
    actor: Actor,
    action: ChangingAction,
    before: Principal | null,
    after: Principal | null,
  ): Promise<void> {
    const entity = (after ?? before)!;
    await this.audit.record(tx, actor, {
      action,
      outcome: 'success',
      object: { type: 'entity', id: entity.id },
      detail: { name: entity.name, disabled: entity.disabled, policies: entity.policies },
      before,
      after,
    });
  }
}
