import type { Actor, AuditAction } from '@sallyport/audit';
import type { ListField, Transaction } from '@sallyport/platform';
import type { AdministrativePrivilege } from '../administrative-privilege.js';
import type { Subject } from '../policies/user-claims.js';
import type { NamedObject } from './named-object.js';

type NounOf<Action> = Action extends `${infer Noun}.created` ? Noun : never;

/** What the audit calls an object: its events are `<noun>.created`, `.changed` and `.deleted`. */
export type AuditedNoun = NounOf<AuditAction>;

/** One act on one object, seen inside its transaction: `before` is null for a new one, `after` for one that goes. */
export interface Change<T extends NamedObject> {
  tx: Transaction;
  before: T | null;
  after: T | null;
  /** Fields that differ; for a new object all of them, for one that goes none. */
  changed: string[];
  /** What the caller may do as of this transaction (S48). */
  privileges: AdministrativePrivilege[];
  /** The caller. */
  subject: Subject;
}

/** Writes what is more than a row of its own, and leaves the audit event. Throws `conflict` code `exists` for a name that is taken. */
export interface Store<T extends NamedObject> {
  /** @returns the object as it stands now. */
  insert(change: Change<T> & { after: T }, actor: Actor): Promise<T>;
  update(change: Change<T> & { before: T; after: T }, actor: Actor): Promise<T>;
  remove(change: Change<T> & { before: T }, actor: Actor): Promise<void>;
}

type Hook<T extends NamedObject> = (change: Change<T>) => Promise<void> | void;

/**
 * Everything that tells one collection of named objects from another. The rules they share are in `ObjectsService`.
 * Hooks run in the writing transaction, in the order in which they stand here.
 */
export interface Collection<T extends NamedObject> {
  entity: new () => T;
  /** The target privileges name it by (contract appgate.md §3.1). */
  target: string;
  noun: AuditedNoun;
  /** What the audit calls the object's type, where other writers call it otherwise than its noun. */
  auditedType?: string;
  /** Fields of its own for order and filter. */
  fields?: Readonly<Record<string, ListField>>;
  /** Which rows of the table belong to it: a condition over alias `o`, written by us. Absent: all. */
  within?: string;
  /** A SELECT of how many objects there are, where this is known: told to whoever may view all of them. Absent: they are counted. */
  count?: string;
  /** JSON columns each of which holds several fields of the object. */
  parts?: readonly string[];
  /** What of a built-in object may change; `all` where hooks decide. Absent: notes and tags (§9). */
  changeableWhenBuiltIn?: readonly string[] | 'all';
  /** Acts on it can give or take privileges: they wait for each other, and a full administrator must remain (S50). */
  decidesPrivileges?: boolean;
  /** References and whatever else needs the database. Throws `invalid`; `conflict` code `in-use` where an object is still needed. */
  validate?: Hook<T>;
  /** No escalation (§3.5). Throws `forbidden`. */
  mayChange?: Hook<T>;
  /** After the row was written or removed, before the last administrator is looked for: rows that follow it. */
  written?: Hook<T>;
  /** Who writes its rows. Absent: an object is its row. */
  store?: Store<T>;
}
