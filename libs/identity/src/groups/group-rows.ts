import type { Sql } from '@sallyport/platform';
import type { Group, GroupAlias, GroupSummary } from './group.js';
import type { GroupAbove } from './group-rules.js';

interface AliasRow {
  alias_id: string | null;
  alias_group_id: string;
  alias_name: string;
  alias_created_at: Date;
  alias_updated_at: Date;
  accessor: string;
  mount_type: string;
  mount_path: string;
}

interface GroupRow extends AliasRow {
  id: string;
  name: string;
  type: Group['type'];
  policies: string[];
  metadata: Record<string, string>;
  modify_index: string;
  created_at: Date;
  updated_at: Date;
  member_entity_ids: string[];
  member_group_ids: string[];
  parent_group_ids: string[];
}

type SummaryRow = AliasRow & { id: string; name: string; member_entities: number; parent_groups: number };

const ALIAS = `
  x.id AS alias_id, x.group_id AS alias_group_id, x.name AS alias_name, x.created_at AS alias_created_at, x.updated_at AS alias_updated_at,
  m.accessor, m.type AS mount_type, m.path AS mount_path`;

const ITS_ALIAS =
  'LEFT JOIN identity_group_aliases x ON x.group_id = g.id LEFT JOIN auth_mounts m ON m.id = x.mount_id';

const groupBy = (condition: string) => `
  SELECT g.*, ${ALIAS},
    ARRAY(SELECT e.principal_id FROM identity_group_entities e WHERE e.group_id = g.id ORDER BY 1) AS member_entity_ids,
    ARRAY(SELECT s.member_group_id FROM identity_group_groups s WHERE s.group_id = g.id ORDER BY 1) AS member_group_ids,
    ARRAY(SELECT s.group_id FROM identity_group_groups s WHERE s.member_group_id = g.id ORDER BY 1) AS parent_group_ids
  FROM identity_groups g ${ITS_ALIAS}
  WHERE ${condition}`;

const GROUP_BY = {
  id: groupBy('g.id = $1'),
  name: groupBy('g.name_canonical = $1'),
  aliasId: groupBy('x.id = $1'),
};

/** A group by what points at it: its id, its canonical name, or the id of its alias. */
export async function findGroup(sql: Sql, by: keyof typeof GROUP_BY, key: string): Promise<Group | null> {
  const [row] = await sql.query<GroupRow>(GROUP_BY[by], [key]);
  if (row === undefined) return null;
  return {
    id: row.id,
    name: row.name,
    type: row.type,
    policies: row.policies,
    metadata: row.metadata,
    memberEntityIds: row.member_entity_ids,
    memberGroupIds: row.member_group_ids,
    parentGroupIds: row.parent_group_ids,
    alias: aliasOf(row),
    modifyIndex: Number(row.modify_index),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** All groups as lists tell of them, by name. */
export async function listGroups(sql: Sql): Promise<GroupSummary[]> {
  const rows = await sql.query<SummaryRow>(LIST);
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    memberEntities: row.member_entities,
    parentGroups: row.parent_groups,
    alias: aliasOf(row),
  }));
}

const LIST = `
  SELECT g.id, g.name, ${ALIAS},
    (SELECT count(*)::int FROM identity_group_entities e WHERE e.group_id = g.id) AS member_entities,
    (SELECT count(*)::int FROM identity_group_groups s WHERE s.member_group_id = g.id) AS parent_groups
  FROM identity_groups g ${ITS_ALIAS}
  ORDER BY g.name_canonical`;

const aliasesWhere = (condition: string) => `
  SELECT ${ALIAS} FROM identity_group_aliases x JOIN auth_mounts m ON m.id = x.mount_id WHERE ${condition} ORDER BY x.created_at, x.id`;

const ALIASES = {
  all: aliasesWhere('true'),
  id: aliasesWhere('x.id = $1'),
  factors: aliasesWhere('m.accessor = $1 AND x.name_canonical = $2'),
};

/** Group aliases: all, the one of an id, or the one of a mount accessor and a canonical name. */
export async function selectAliases(
  sql: Sql,
  by: keyof typeof ALIASES,
  ...keys: string[]
): Promise<GroupAlias[]> {
  const rows = await sql.query<AliasRow>(ALIASES[by], keys);
  return rows.flatMap((row) => aliasOf(row) ?? []);
}

function aliasOf(row: AliasRow): GroupAlias | null {
  if (row.alias_id === null) return null;
  return {
    id: row.alias_id,
    groupId: row.alias_group_id,
    name: row.alias_name,
    mountAccessor: row.accessor,
    mountType: row.mount_type,
    mountPath: row.mount_path,
    createdAt: row.alias_created_at,
    updatedAt: row.alias_updated_at,
  };
}

/** Writes of groups and of memberships wait for each other: of two that would close a ring between them one sees the other's half. */
export async function holdGroups(sql: Sql): Promise<void> {
  await sql.execute(`SELECT pg_advisory_xact_lock(hashtext('identity-groups'))`);
}

/** The groups above one: those it is a member of, those these are members of, and so on. */
export async function ancestorsOf(sql: Sql, groupId: string): Promise<GroupAbove[]> {
  return sql.query(ANCESTORS, [groupId]);
}

const ANCESTORS = `
  WITH RECURSIVE above AS (
    SELECT s.group_id FROM identity_group_groups s WHERE s.member_group_id = $1
    UNION SELECT s.group_id FROM identity_group_groups s JOIN above ON s.member_group_id = above.group_id
  )
  SELECT g.id, g.name, g.policies, g.metadata FROM above JOIN identity_groups g ON g.id = above.group_id`;
