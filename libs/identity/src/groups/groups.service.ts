import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, AuditService, type ChangingAction } from '@sallyport/audit';
import { Clock, Database, DomainError, type Sql, type Transaction } from '@sallyport/platform';
import { canonicalName } from '../names/index.js';
import { type Group, type GroupSummary, type GroupValues, isId, type Memberships } from './group.js';
import { groupsOfPerson } from './group-closure.js';
import {
  effectOf,
  type GroupContent,
  type GroupEffect,
  leftBy,
  mustAllowMembers,
  mustInclude,
  mustNotCircle,
  typeOf,
} from './group-rules.js';
import { ancestorsOf, findGroup, holdGroups, listGroups } from './group-rows.js';

/** Decides before anything is written whether the act may be; throws to refuse it. */
export type JudgeGroupEffect = (effect: GroupEffect) => Promise<void>;

/** Groups as `/v1` administers them (contract vault.md §10). */
@Injectable()
export class GroupsService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  async find(id: string, tx?: Sql): Promise<Group | null> {
    return isId(id) ? findGroup(tx ?? this.database, 'id', id) : null;
  }

  async findByName(name: string, tx?: Sql): Promise<Group | null> {
    return findGroup(tx ?? this.database, 'name', canonicalName(name));
  }

  /** All of them, by name. */
  async list(): Promise<GroupSummary[]> {
    return listGroups(this.database);
  }

  /** The groups of a person, sorted by id; a group that is both counts as direct. */
  async membershipsOf(principalId: string): Promise<Memberships> {
    const rows = await this.database.query<{ group_id: string; direct: boolean }>(MEMBERSHIPS, [principalId]);
    const ids = (direct: boolean) => rows.filter((row) => row.direct === direct).map((row) => row.group_id);
    return { direct: ids(true), inherited: ids(false) };
  }

  /**
   * Creates a group, or changes the one the id or else the name points at. Fields that are absent keep their value; without a name a new
   * one is called `group_` and 8 hex digits.
   * @throws DomainError `invalid` codes, in this order, `group-not-found`, `root-policy`, `group-type-fixed`, `group-type-unknown`,
   *   `group-name-taken`, `external-member-entities`, `external-member-groups`, `unknown-member`, `group-cycle`; what `judge` throws.
   */
  async write(
    tx: Transaction,
    values: GroupValues,
    actor: Actor,
    judge: JudgeGroupEffect,
  ): Promise<{ group: Group; created: boolean }> {
    await holdGroups(tx);
    const known = await this.locate(tx, values);
    const id = known?.id ?? randomUUID();
    const wanted = await this.contentOf(tx, known, values);
    await this.mustHoldMembers(tx, wanted);
    const above = known === null ? [] : await ancestorsOf(tx, id);
    mustNotCircle(wanted.memberGroupIds, [id, ...above.map((group) => group.id)]);
    await judge(effectOf({ id, above, known, wanted }));
    await this.store(tx, id, wanted);
    const group = (await this.find(id, tx))!;
    if (known === null) await this.record(tx, actor, 'group.created', null, group);
    else await this.record(tx, actor, 'group.changed', known, group);
    return { group, created: known === null };
  }

  /** Its members lose what they had by it. An unknown id changes nothing. */
  async remove(tx: Transaction, id: string, actor: Actor, judge: JudgeGroupEffect): Promise<void> {
    await holdGroups(tx);
    const group = await this.find(id, tx);
    if (group === null) return;
    const above = await ancestorsOf(tx, id);
    const left = [id, ...above.map((parent) => parent.id)];
    await judge({ granted: [], lost: [leftBy(group, above)], left, filled: [] });
    await tx.execute('DELETE FROM identity_groups WHERE id = $1', [id]);
    await this.record(tx, actor, 'group.deleted', group, null);
  }

  /** Where one person was a member, another is; for two who become one. */
  async moveMemberships(tx: Sql, fromId: string, toId: string): Promise<void> {
    await holdGroups(tx);
    await tx.execute(JOIN_INSTEAD, [fromId, toId]);
    await tx.execute(WRITE_AGAIN, [fromId, this.clock.now()]);
    await tx.execute('DELETE FROM identity_group_entities WHERE principal_id = $1', [fromId]);
  }

  /** A group for an alias that names none; the caller holds the groups. */
  async addExternal(tx: Transaction, actor: Actor): Promise<string> {
    const id = randomUUID();
    const name = await this.freeName(tx);
    const none = { policies: [], metadata: {}, memberEntityIds: [], memberGroupIds: [] };
    await this.store(tx, id, { name, type: 'external', ...none });
    await this.record(tx, actor, 'group.created', null, await this.find(id, tx));
    return id;
  }

  /** A name nobody has: `group_` and 8 hex digits (vault.md §10). */
  private async freeName(tx: Sql): Promise<string> {
    for (;;) {
      const name = `group_${randomBytes(4).toString('hex')}`;
      if ((await findGroup(tx, 'name', name)) === null) return name;
    }
  }

  private async locate(tx: Sql, { id, name }: GroupValues): Promise<Group | null> {
    if (!id) return name ? this.findByName(name, tx) : null;
    const known = await this.find(id, tx);
    if (known === null) throw new DomainError('invalid', 'group-not-found', 'invalid group ID');
    return known;
  }

  private async contentOf(tx: Sql, known: Group | null, values: GroupValues): Promise<GroupContent> {
    const policies = values.policies ?? known?.policies ?? [];
    if (policies.includes('root'))
      throw new DomainError('invalid', 'root-policy', 'policies cannot contain root');
    const type = typeOf(known, values.type);
    await this.mustBeFree(tx, known, values.name);
    mustAllowMembers(type, values);
    return {
      type,
      policies,
      name: values.name || (known?.name ?? (await this.freeName(tx))),
      metadata: values.metadata ?? known?.metadata ?? {},
      memberEntityIds: [...new Set(values.memberEntityIds ?? known?.memberEntityIds)],
      memberGroupIds: [...new Set(values.memberGroupIds ?? known?.memberGroupIds)],
    };
  }

  private async mustBeFree(tx: Sql, known: Group | null, name: string | undefined): Promise<void> {
    const holder = name ? await this.findByName(name, tx) : null;
    if (holder !== null && holder.id !== known?.id)
      throw new DomainError('invalid', 'group-name-taken', 'group name is already in use');
  }

  /** The row locks keep a person from being deleted while being made a member. */
  private async mustHoldMembers(tx: Sql, { memberEntityIds, memberGroupIds }: GroupContent): Promise<void> {
    const entities = await tx.query<{ id: string }>(
      'SELECT id FROM principals WHERE id = ANY($1::uuid[]) AND name IS NOT NULL FOR KEY SHARE',
      [memberEntityIds.filter(isId)],
    );
    mustInclude(memberEntityIds, entities, 'entity ID');
    const groups = await tx.query<{ id: string }>(
      'SELECT id FROM identity_groups WHERE id = ANY($1::uuid[])',
      [memberGroupIds.filter(isId)],
    );
    mustInclude(memberGroupIds, groups, 'member group ID');
  }

  private async store(tx: Sql, id: string, wanted: GroupContent): Promise<void> {
    const { name, type, policies, metadata, memberEntityIds, memberGroupIds } = wanted;
    const now = this.clock.now();
    await tx.execute(UPSERT, [id, name, canonicalName(name), type, policies, JSON.stringify(metadata), now]);
    await tx.execute(
      'DELETE FROM identity_group_entities WHERE group_id = $1 AND principal_id <> ALL($2::uuid[])',
      [id, memberEntityIds],
    );
    await tx.execute(
      'INSERT INTO identity_group_entities (group_id, principal_id) SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING',
      [id, memberEntityIds],
    );
    await tx.execute(
      'DELETE FROM identity_group_groups WHERE group_id = $1 AND member_group_id <> ALL($2::uuid[])',
      [id, memberGroupIds],
    );
    await tx.execute(
      'INSERT INTO identity_group_groups (group_id, member_group_id) SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING',
      [id, memberGroupIds],
    );
  }

  private async record(
    tx: Transaction,
    actor: Actor,
    action: ChangingAction,
    before: Group | null,
    after: Group | null,
  ): Promise<void> {
    const group = (after ?? before)!;
    const { name, type, policies, memberEntityIds, memberGroupIds } = group;
    await this.audit.record(tx, actor, {
      action,
      outcome: 'success',
      object: { type: 'group', id: group.id },
      detail: { name, type, policies, memberEntityIds, memberGroupIds },
      before,
      after,
    });
  }
}

const UPSERT = `
  INSERT INTO identity_groups (id, name, name_canonical, type, policies, metadata, created_at, updated_at)
  VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $7)
  ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_canonical = excluded.name_canonical, policies = excluded.policies,
    metadata = excluded.metadata, updated_at = excluded.updated_at, modify_index = identity_groups.modify_index + 1`;

const JOIN_INSTEAD = `
  INSERT INTO identity_group_entities (group_id, principal_id)
  SELECT group_id, $2 FROM identity_group_entities WHERE principal_id = $1 ON CONFLICT DO NOTHING`;

const WRITE_AGAIN = `
  UPDATE identity_groups SET modify_index = modify_index + 1, updated_at = $2
  WHERE id IN (SELECT group_id FROM identity_group_entities WHERE principal_id = $1)`;

const MEMBERSHIPS = `
  SELECT held.group_id, EXISTS (
    SELECT 1 FROM identity_group_entities e WHERE e.group_id = held.group_id AND e.principal_id = $1) AS direct
  FROM ${groupsOfPerson('$1::uuid')} held
  ORDER BY 1`;
