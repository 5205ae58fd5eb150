import type { Group, GroupAlias, GroupSummary } from '@sallyport/identity';
import { wireMap, wireTime } from '../wire/wire-time.js';
import type { GroupAliasView, GroupListItem, GroupView } from './group.dto.js';

/** A group as it is read (§10). */
export function groupView(group: Group): GroupView {
  return {
    id: group.id,
    name: group.name,
    type: group.type,
    policies: group.policies,
    metadata: wireMap(group.metadata),
    member_entity_ids: group.memberEntityIds,
    member_group_ids: group.memberGroupIds,
    parent_group_ids: group.parentGroupIds,
    alias: group.alias === null ? {} : groupAliasView(group.alias),
    namespace_id: 'root',
    modify_index: group.modifyIndex,
    creation_time: wireTime(group.createdAt),
    last_update_time: wireTime(group.updatedAt),
  };
}

/** What is told of the mount with an alias, in lists too. */
function atMount({ name, mountAccessor, mountType, mountPath }: GroupAlias) {
  return {
    name,
    mount_accessor: mountAccessor,
    mount_type: mountType,
    mount_path: `auth/${mountPath}/`,
  };
}

export function groupAliasView(alias: GroupAlias): GroupAliasView {
  return {
    id: alias.id,
    canonical_id: alias.groupId,
    ...atMount(alias),
    metadata: null,
    merged_from_canonical_ids: null,
    creation_time: wireTime(alias.createdAt),
    last_update_time: wireTime(alias.updatedAt),
  };
}

/** An alias as a list tells of it. */
export function groupAliasListItem(alias: GroupAlias): object {
  return { canonical_id: alias.groupId, ...atMount(alias) };
}

/** A group as a list tells of it. */
export function groupListItem({ name, memberEntities, parentGroups, alias }: GroupSummary): GroupListItem {
  return {
    name,
    num_member_entities: memberEntities,
    num_parent_groups: parentGroups,
    ...(alias === null ? {} : { alias: { id: alias.id, ...atMount(alias) } }),
  };
}
