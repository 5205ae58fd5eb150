import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What policies keep for clients, criteria and user scripts, messages to administrators (contract appgate.md §5.4, §6.1, §6.4). */
export class PoliciesScriptsMessages1763700000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const script = (table: string) => `CREATE TABLE ${table} (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    name_canonical text NOT NULL CONSTRAINT ${table}__name_canonical UNIQUE,
    notes text NOT NULL DEFAULT '',
    tags text[] NOT NULL DEFAULT '{}',
    expression text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
  )`;

const UP = [
  // Stored and echoed, without effect here.
  `ALTER TABLE policies ADD COLUMN client_part jsonb NOT NULL DEFAULT '{}'`,
  `CREATE INDEX policies__administrative_roles ON policies USING gin (administrative_roles)`,
  `ALTER TABLE identity_providers ADD COLUMN IF NOT EXISTS user_scripts uuid[] NOT NULL DEFAULT '{}'`,
  script('criteria_scripts'),
  script('user_scripts'),

  // One for each distinct text: what an administrator has said about it.
  `CREATE TABLE admin_messages (
    id uuid PRIMARY KEY,
    level text NOT NULL,
    category text NOT NULL,
    message text NOT NULL,
    status text NOT NULL DEFAULT 'Unresolved',
    applied_at timestamptz,
    applied_by jsonb,
    CONSTRAINT admin_messages__text UNIQUE (message, level, category)
  )`,
  `CREATE TABLE admin_message_occurrences (
    id uuid PRIMARY KEY,
    admin_message_id uuid NOT NULL REFERENCES admin_messages ON DELETE CASCADE,
    source text NOT NULL,
    created_at timestamptz NOT NULL
  )`,
  `CREATE INDEX admin_message_occurrences__message ON admin_message_occurrences (admin_message_id, created_at)`,
];

const DOWN = [
  `DROP TABLE admin_message_occurrences, admin_messages, user_scripts, criteria_scripts`,
  `ALTER TABLE identity_providers DROP COLUMN IF EXISTS user_scripts`,
  `DROP INDEX policies__administrative_roles`,
  `ALTER TABLE policies DROP COLUMN client_part`,
];
