import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What an outside server was asked in a sign-in in progress (S25). */
export class FactorChallenges1763700000030 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  // `sign_in_id` is a sign-in or, where a token owes a factor later, that token. Without a round nothing is open.
  `CREATE TABLE factor_challenges (
    sign_in_id uuid NOT NULL,
    method_id uuid NOT NULL REFERENCES mfa_methods ON DELETE CASCADE,
    principal_id uuid NOT NULL REFERENCES principals ON DELETE CASCADE,
    host text NOT NULL,
    username text NOT NULL,
    round uuid,
    state bytea,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (sign_in_id, method_id)
  )`,
  `CREATE INDEX factor_challenges__principal_id ON factor_challenges (principal_id)`,
  `CREATE INDEX factor_challenges__expires_at ON factor_challenges (expires_at)`,

  `CREATE TABLE factor_pushes (
    id uuid PRIMARY KEY,
    principal_id uuid NOT NULL REFERENCES principals ON DELETE CASCADE,
    sent_at timestamptz NOT NULL
  )`,
  `CREATE INDEX factor_pushes__principal_id ON factor_pushes (principal_id, sent_at)`,
  `CREATE INDEX factor_pushes__sent_at ON factor_pushes (sent_at)`,
];

const DOWN = [`DROP TABLE factor_pushes`, `DROP TABLE factor_challenges`];
