import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, AuditService, type ChangingAction } from '@sallyport/audit';
import { canonicalName } from '@sallyport/identity';
import {
  Clock,
  Database,
  DomainError,
  type Listed,
  listRows,
  type ListSource,
  type ListWish,
  type Transaction,
} from '@sallyport/platform';
import { Any } from 'typeorm';
import type { AdministrativePrivilege } from '../administrative-privilege.js';
import { EffectivePrivilegesService } from '../effective-privileges.service.js';
import { creators, grants, reaches, reachOf } from '../grants.js';
import { LastAdministratorService } from '../last-administrator.service.js';
import { NAMED_FIELDS, NAMED_SEARCH } from '../named-list.js';
import type { Subject } from '../policies/user-claims.js';
import { reachValues, withinReach } from '../scoped-rows.js';
import type { Change, Collection } from './collection.js';
import {
  changedFields,
  mustBeChangeableWhenBuiltIn,
  mustMayEdit,
  objectNotFound,
  outOfScope,
} from './edit-rights.js';
import type { NamedObject, ObjectValues } from './named-object.js';
import { deleteRow, findRow, insertRow, unlessTaken, updateRow } from './object-rows.js';

/** Who writes: `/admin` hands its caller on as it is. */
export interface Writer {
  subject: Subject;
  actor: Actor;
}

/**
 * The one way named objects are read and written (contract appgate.md §1.5-§1.7, §3.4, §3.5): what a caller may not view does not
 * exist, every write is judged by the privileges the caller holds inside its transaction (S45, S48), and leaves an audit event.
 */
@Injectable()
export class ObjectsService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly audit: AuditService,
    private readonly effective: EffectivePrivilegesService,
    private readonly lastAdministrator: LastAdministratorService,
  ) {}

  /** One page of what these privileges let view. */
  async list<T extends NamedObject>(
    collection: Collection<T>,
    wish: ListWish,
    privileges: AdministrativePrivilege[],
  ): Promise<Listed<T>> {
    const repository = this.database.manager.getRepository(collection.entity);
    const source: ListSource = {
      ...NAMED_SEARCH,
      select: `SELECT o.* FROM ${repository.metadata.tableName} o WHERE ${collection.within ?? 'true'} AND ${withinReach('o', 1)}`,
      fields: { ...NAMED_FIELDS, ...collection.fields },
    };
    const reach = reachOf(privileges, 'View', collection.target);
    if (reach === 'all') source.count = collection.count;
    const listed = await listRows<{ id: string }>(this.database, source, reachValues(reach), wish);
    const ids = listed.rows.map(({ id }) => id);
    const objects = await repository.findBy({ id: Any(ids) } as never);
    const byId = new Map(objects.map((object) => [object.id, object]));
    return { ...listed, rows: ids.flatMap((id) => byId.get(id) ?? []) };
  }

  /** @throws DomainError `not-found`, also for what these privileges do not let view. */
  async get<T extends NamedObject>(
    collection: Collection<T>,
    id: string,
    privileges: AdministrativePrivilege[],
    tx?: Transaction,
  ): Promise<T> {
    const object = await findRow(this.database, collection, id, tx);
    if (object === null || !reaches(reachOf(privileges, 'View', collection.target), object))
      throw objectNotFound();
    return object;
  }

  /**
   * Asked before the body of a change is validated (appgate.md §1.3 g).
   * @throws DomainError `not-found`; `forbidden` where the object may be viewed, and neither changed nor retagged.
   */
  async mustBeChangeable<T extends NamedObject>(
    collection: Collection<T>,
    id: string,
    privileges: AdministrativePrivilege[],
  ): Promise<void> {
    const object = await this.get(collection, id, privileges);
    const may = (type: string) => grants(privileges, type, collection.target, object);
    if (!may('Edit') && !may('Tag')) throw outOfScope();
  }

  /**
   * Whether a replacement is granted, asked before something costly is done for it; `replace` judges again.
   * @throws DomainError `not-found`, `forbidden`.
   */
  async mustMayReplace<T extends NamedObject>(
    collection: Collection<T>,
    id: string,
    values: ObjectValues<T>,
    { subject }: Writer,
  ): Promise<void> {
    const privileges = await this.effective.of(subject);
    const before = await this.get(collection, id, privileges);
    const changed = changedFields(before, { ...values, id }, collection.parts);
    mustMayEdit(collection.target, before, values.tags, changed, privileges);
  }

  /**
   * A new object, with the default tags of every privilege that allowed it.
   * @throws DomainError `forbidden`, `invalid`, `conflict` code `exists`.
   */
  async create<T extends NamedObject>(
    collection: Collection<T>,
    values: ObjectValues<T>,
    writer: Writer,
  ): Promise<T> {
    return this.database.transaction(async (tx) => {
      const privileges = await this.judgedBy(tx, collection, writer);
      const id = values.id ?? randomUUID();
      const granting = creators(privileges, collection.target, { id, tags: values.tags });
      if (granting.length === 0) throw outOfScope();
      const tags = [...new Set([...values.tags, ...granting.flatMap((held) => held.defaultTags ?? [])])];
      const now = this.clock.now();
      const managed = { id, tags, nameCanonical: canonicalName(values.name), createdAt: now, updatedAt: now };
      const repository = tx.manager.getRepository(collection.entity);
      const after = repository.create({ ...values, builtIn: false, ...managed } as never) as unknown as T;
      const { subject } = writer;
      const change = { tx, privileges, subject, before: null, after, changed: Object.keys(values) };
      const { store } = collection;
      const insert = async () => {
        if (store !== undefined) return store.insert({ ...change, after }, writer.actor);
        await insertRow(repository, after);
        return after;
      };
      return this.write(collection, change, writer, 'created', insert);
    });
  }

  /**
   * Replaces an object whole; fields that are undefined stay as they are.
   * @throws DomainError `not-found`, `forbidden`, `invalid` (also for a name that is taken).
   */
  async replace<T extends NamedObject>(
    collection: Collection<T>,
    id: string,
    { id: _, ...values }: ObjectValues<T>,
    writer: Writer,
  ): Promise<T> {
    return this.database.transaction(async (tx) => {
      const privileges = await this.judgedBy(tx, collection, writer);
      const before = await this.get(collection, id, privileges, tx);
      const changed = changedFields(before, values, collection.parts);
      mustMayEdit(collection.target, before, values.tags, changed, privileges);
      mustBeChangeableWhenBuiltIn(collection, before, changed);
      const present = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
      const managed = { nameCanonical: canonicalName(values.name), updatedAt: this.clock.now() };
      const after: T = Object.assign(
        Object.create(Object.getPrototypeOf(before) as object),
        before,
        present,
        managed,
      );
      const repository = tx.manager.getRepository(collection.entity);
      const change = { tx, privileges, subject: writer.subject, before, after, changed };
      const { store } = collection;
      const update = async () => {
        if (store !== undefined) return unlessTaken(store.update(change, writer.actor));
        await updateRow(repository, id, { ...present, ...managed });
        return after;
      };
      return this.write(collection, change, writer, 'changed', update);
    });
  }

  /** @throws DomainError `not-found`, `forbidden` (code `built-in` for what comes with the installation), `conflict`. */
  async remove<T extends NamedObject>(collection: Collection<T>, id: string, writer: Writer): Promise<void> {
    await this.database.transaction(async (tx) => {
      const privileges = await this.judgedBy(tx, collection, writer);
      const before = await this.get(collection, id, privileges, tx);
      if (!grants(privileges, 'Delete', collection.target, before)) throw outOfScope();
      if (before.builtIn)
        throw new DomainError('forbidden', 'built-in', 'Built-in objects cannot be deleted.');
      const repository = tx.manager.getRepository(collection.entity);
      const change = { tx, privileges, subject: writer.subject, before, after: null, changed: [] };
      const { store } = collection;
      const remove = async () => {
        await (store === undefined
          ? deleteRow(repository, id)
          : store.remove({ ...change, before }, writer.actor));
        return before;
      };
      await this.write(collection, change, writer, 'deleted', remove);
    });
  }

  /** The rules around one written row, in the order of appgate.md §1.3: validation, escalation, the row, what must remain. */
  private async write<T extends NamedObject>(
    collection: Collection<T>,
    change: Change<T>,
    { actor }: Writer,
    act: 'created' | 'changed' | 'deleted',
    row: () => Promise<T>,
  ): Promise<T> {
    await collection.validate?.(change);
    await collection.mayChange?.(change);
    const object = await row();
    await collection.written?.(change);
    if (collection.decidesPrivileges) await this.mustLeaveAdministrator(change);
    if (collection.store !== undefined) return object;
    await this.audit.record(change.tx, actor, {
      action: `${collection.noun}.${act}` as ChangingAction,
      outcome: 'success',
      object: { type: collection.auditedType ?? collection.noun, id: object.id },
      detail: { name: object.name, ...(act === 'changed' && { changed: change.changed }) },
      before: change.before,
      after: change.after && object,
    });
    return object;
  }

  /** On PUT the end of the last administrator is a value that is refused (appgate.md §1.4). */
  private async mustLeaveAdministrator<T extends NamedObject>({
    tx,
    before,
    after,
    changed,
  }: Change<T>): Promise<void> {
    try {
      await this.lastAdministrator.mustRemain(tx);
    } catch (error) {
      if (
        before === null ||
        after === null ||
        !(error instanceof DomainError) ||
        error.code !== 'last-administrator'
      )
        throw error;
      const field = changed.includes('disabled') ? 'disabled' : changed[0];
      throw DomainError.invalid(field ?? 'name', 'must leave a full administrator');
    }
  }

  /** What the writer may do as of this transaction, not as of the start of the request. */
  private async judgedBy<T extends NamedObject>(
    tx: Transaction,
    collection: Collection<T>,
    { subject }: Writer,
  ): Promise<AdministrativePrivilege[]> {
    if (collection.decidesPrivileges) await this.lastAdministrator.hold(tx);
    return this.effective.ofActing(subject, tx);
  }
}
