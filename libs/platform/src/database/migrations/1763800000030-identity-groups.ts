import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Groups of persons and of groups, and what a merge leaves behind (contract vault.md §10). */
export class IdentityGroups1763800000030 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  `CREATE TABLE identity_groups (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    name_canonical text NOT NULL CONSTRAINT identity_groups__name_canonical UNIQUE,
    type text NOT NULL CHECK (type IN ('internal', 'external')),
    policies text[] NOT NULL DEFAULT '{}',
    metadata jsonb NOT NULL DEFAULT '{}',
    modify_index bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
  )`,

  `CREATE TABLE identity_group_entities (
    group_id uuid NOT NULL REFERENCES identity_groups ON DELETE CASCADE,
    principal_id uuid NOT NULL REFERENCES principals ON DELETE CASCADE,
    PRIMARY KEY (group_id, principal_id)
  )`,
  `CREATE INDEX identity_group_entities__principal_id ON identity_group_entities (principal_id)`,

  // Longer cycles are refused under the lock that every write of a group takes.
  `CREATE TABLE identity_group_groups (
    group_id uuid NOT NULL REFERENCES identity_groups ON DELETE CASCADE,
    member_group_id uuid NOT NULL REFERENCES identity_groups ON DELETE CASCADE,
    PRIMARY KEY (group_id, member_group_id),
    CHECK (group_id <> member_group_id)
  )`,
  `CREATE INDEX identity_group_groups__member_group_id ON identity_group_groups (member_group_id)`,

  // What an external group is called at a mount.
  `CREATE TABLE identity_group_aliases (
    id uuid PRIMARY KEY,
    group_id uuid NOT NULL CONSTRAINT identity_group_aliases__group_id UNIQUE REFERENCES identity_groups ON DELETE CASCADE,
    mount_id uuid NOT NULL REFERENCES auth_mounts ON DELETE CASCADE,
    name text NOT NULL,
    name_canonical text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT identity_group_aliases__mount_name UNIQUE (mount_id, name_canonical)
  )`,

  `ALTER TABLE principals ADD COLUMN merged_ids uuid[] NOT NULL DEFAULT '{}'`,
  `ALTER TABLE accounts ADD COLUMN merged_from_ids uuid[] NOT NULL DEFAULT '{}'`,
];

const DOWN = [
  'ALTER TABLE accounts DROP COLUMN merged_from_ids',
  'ALTER TABLE principals DROP COLUMN merged_ids',
  'DROP TABLE identity_group_aliases',
  'DROP TABLE identity_group_groups',
  'DROP TABLE identity_group_entities',
  'DROP TABLE identity_groups',
];
