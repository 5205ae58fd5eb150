export type GroupType = 'internal' | 'external';

/** What an external group is called at an auth mount. */
export interface GroupAlias {
  id: string;
  groupId: string;
  name: string;
  mountAccessor: string;
  mountType: string;
  mountPath: string;
  createdAt: Date;
  updatedAt: Date;
}

/** Persons and groups that share ACL policies (contract vault.md §10). */
export interface Group {
  id: string;
  /** As it was given; compared in canonical form. */
  name: string;
  type: GroupType;
  policies: string[];
  metadata: Record<string, string>;
  memberEntityIds: string[];
  memberGroupIds: string[];
  /** Groups this one is a member of. */
  parentGroupIds: string[];
  alias: GroupAlias | null;
  /** How often the group was written. */
  modifyIndex: number;
  createdAt: Date;
  updatedAt: Date;
}

/** A group as lists tell of it. */
export interface GroupSummary {
  id: string;
  name: string;
  memberEntities: number;
  parentGroups: number;
  alias: GroupAlias | null;
}

/** The groups of a person: those they are a member of, and what these are members of in turn. */
export interface Memberships {
  direct: string[];
  inherited: string[];
}

/** What a write names of a group; absent fields keep their value. */
export interface GroupValues {
  id?: string;
  name?: string;
  type?: string;
  policies?: string[];
  metadata?: Record<string, string>;
  memberEntityIds?: string[];
  memberGroupIds?: string[];
}

/** Ids as the wire and the database write them; anything else names nothing. */
export function isId(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}
