import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, AuditService, type ChangingAction } from '@sallyport/audit';
import { Clock, Database, DomainError, type Sql, type Transaction } from '@sallyport/platform';
import { AuthMountsService } from '../mounts/auth-mounts.service.js';
import { canonicalName } from '../names/index.js';
import { type Group, type GroupAlias, isId } from './group.js';
import { findGroup, holdGroups, selectAliases } from './group-rows.js';
import { GroupsService } from './groups.service.js';

export interface GroupAliasValues {
  id?: string;
  name?: string;
  mountAccessor?: string;
  /** The external group; a new alias without one gets a group of its own. */
  canonicalId?: string;
}

/** What external groups are called at their mounts (contract vault.md §10). No mount of ours tells of groups yet, so nobody joins by one. */
@Injectable()
export class GroupAliasesService {
  constructor(
    private readonly database: Database,
    private readonly groups: GroupsService,
    private readonly mounts: AuthMountsService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  async find(id: string, tx?: Sql): Promise<GroupAlias | null> {
    if (!isId(id)) return null;
    return (await selectAliases(tx ?? this.database, 'id', id))[0] ?? null;
  }

  /** The one of this name at a mount. */
  async findByFactors(mountAccessor: string, name: string, tx?: Sql): Promise<GroupAlias | null> {
    return (
      (await selectAliases(tx ?? this.database, 'factors', mountAccessor, canonicalName(name)))[0] ?? null
    );
  }

  async list(): Promise<GroupAlias[]> {
    return selectAliases(this.database, 'all');
  }

  /**
   * Creates an alias, or changes the one of the id; another `canonicalId` moves it to that group.
   * @returns null where nothing changes.
   * @throws DomainError `invalid` codes, in this order, `unknown-group-alias`, `group-alias-incomplete`, `unknown-group`, `internal-group`,
   *   `unknown-mount`, `group-alias-taken`.
   */
  async write(tx: Transaction, values: GroupAliasValues, actor: Actor): Promise<GroupAlias | null> {
    await holdGroups(tx);
    const known = values.id ? await this.mustFind(values.id, tx) : null;
    const { name, mountAccessor, canonicalId } = values;
    if (!name) throw refused('group-alias-incomplete', 'missing alias name');
    if (!mountAccessor) throw refused('group-alias-incomplete', 'missing mount_accessor');
    const stays = known?.name === name && known.mountAccessor === mountAccessor;
    if (stays && (!canonicalId || canonicalId === known.groupId)) return null;
    if (canonicalId) await this.mustBeExternal(canonicalId, tx);
    const mountId = await this.mustFindMount(mountAccessor, tx);
    const holder = await this.findByFactors(mountAccessor, name, tx);
    if (holder !== null && holder.id !== known?.id)
      throw refused('group-alias-taken', 'combination of mount and group alias name is already in use');
    const groupId = canonicalId || (known?.groupId ?? (await this.groups.addExternal(tx, actor)));
    const id = await this.store(tx, { id: known?.id ?? randomUUID(), groupId, mountId, name });
    const alias = (await this.find(id, tx))!;
    if (known === null) await this.record(tx, actor, 'group-alias.created', null, alias);
    else await this.record(tx, actor, 'group-alias.changed', known, alias);
    return alias;
  }

  /** An unknown id changes nothing. */
  async remove(tx: Transaction, id: string, actor: Actor): Promise<void> {
    await holdGroups(tx);
    const alias = await this.find(id, tx);
    if (alias === null) return;
    await tx.execute('DELETE FROM identity_group_aliases WHERE id = $1', [id]);
    await this.record(tx, actor, 'group-alias.deleted', alias, null);
  }

  /** The group an alias leads to. */
  async groupOf(aliasId: string): Promise<Group | null> {
    return isId(aliasId) ? findGroup(this.database, 'aliasId', aliasId) : null;
  }

  private async mustFind(id: string, tx: Sql): Promise<GroupAlias> {
    const alias = await this.find(id, tx);
    if (alias === null) throw refused('unknown-group-alias', 'invalid group alias ID');
    return alias;
  }

  private async mustBeExternal(groupId: string, tx: Sql): Promise<void> {
    const group = await this.groups.find(groupId, tx);
    if (group === null) throw refused('unknown-group', `invalid group ID given in 'canonical_id'`);
    if (group.type !== 'external') throw refused('internal-group', `alias can't be set on an internal group`);
  }

  private async mustFindMount(accessor: string, tx: Transaction): Promise<string> {
    const mount = await this.mounts.hold(tx, { accessor });
    if (mount === null) throw refused('unknown-mount', `invalid mount accessor "${accessor}"`);
    return mount.id;
  }

  /** A group has one alias: the newest takes the place of one it had. */
  private async store(
    tx: Sql,
    { id, groupId, mountId, name }: { id: string; groupId: string; mountId: string; name: string },
  ): Promise<string> {
    await tx.execute('DELETE FROM identity_group_aliases WHERE group_id = $1 AND id <> $2', [groupId, id]);
    await tx.execute(UPSERT, [id, groupId, mountId, name, canonicalName(name), this.clock.now()]);
    return id;
  }

  private async record(
    tx: Transaction,
    actor: Actor,
    action: ChangingAction,
    before: GroupAlias | null,
    after: GroupAlias | null,
  ): Promise<void> {
    const alias = (after ?? before)!;
    await this.audit.record(tx, actor, {
      action,
      outcome: 'success',
      object: { type: 'group-alias', id: alias.id },
      detail: { name: alias.name, groupId: alias.groupId, mountAccessor: alias.mountAccessor },
      before,
      after,
    });
  }
}

const UPSERT = `
  INSERT INTO identity_group_aliases (id, group_id, mount_id, name, name_canonical, created_at, updated_at)
  VALUES ($1, $2, $3, $4, $5, $6, $6)
  ON CONFLICT (id) DO UPDATE SET group_id = excluded.group_id, mount_id = excluded.mount_id, name = excluded.name,
    name_canonical = excluded.name_canonical, updated_at = excluded.updated_at`;

function refused(code: string, text: string): DomainError {
  return new DomainError('invalid', code, text);
}
