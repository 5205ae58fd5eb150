import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Migration, migrations } from '@sallyport/platform';
import { buildWhenNeeded } from '../../tools/build.ts';

const ROOT = join(import.meta.dirname, '../..');
const MIGRATIONS = 'dist/libs/platform/src/database/migrations';

/** The number of this version's last migration. */
const LAST = Number(/\d+$/.exec(migrations.at(-1)!.name)![0]);

/** What a version to come does to the tables every sign-in passes, and how it is undone. */
const TABLES = ['tokens', 'sign_ins', 'local_users', 'totp_enrollments', 'installation', 'tags'];
const UP = [
  ...TABLES.map((table) => `ALTER TABLE ${table} ADD COLUMN remark text NOT NULL DEFAULT 'next'`),
  'CREATE INDEX tokens__remark ON tokens (remark)',
];
const DOWN = TABLES.map((table) => `ALTER TABLE ${table} DROP COLUMN remark`);

/** A migration of the version after this one: it leaves this one working. */
export const NextVersion = migrationOf('NextVersion9000000000001', UP, DOWN, LAST);
/** One of a version that says nothing of the kind. */
export const BreakingVersion = migrationOf('BreakingVersion9000000000002', ['SELECT 1'], ['SELECT 1']);

function migrationOf(name: string, up: string[], down: string[], servesFrom?: number): new () => Migration {
  const migration = class implements Migration {
    readonly servesFrom = servesFrom;

    async up(runner: Parameters<Migration['up']>[0]): Promise<void> {
      for (const statement of up) await runner.query(statement);
    }

    async down(runner: Parameters<Migration['up']>[0]): Promise<void> {
      for (const statement of down) await runner.query(statement);
    }
  };
  Object.defineProperty(migration, 'name', { value: name });
  return migration;
}

/** The present build with `NextVersion` besides, in a folder of its own. @returns its main file. */
export function buildNextVersion(folder: string): string {
  if (!existsSync(join(ROOT, 'dist/apps/server/src/main.js'))) buildWhenNeeded();
  mkdirSync(folder, { recursive: true });
  cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const index = join(folder, MIGRATIONS, 'index.js');
  const next = `
class NextVersion9000000000001 {
  servesFrom = ${LAST};
  async up(runner) { for (const statement of ${JSON.stringify(UP)}) await runner.query(statement); }
  async down(runner) { for (const statement of ${JSON.stringify(DOWN)}) await runner.query(statement); }
}
migrations.push(NextVersion9000000000001);
`;
  writeFileSync(index, readFileSync(index, 'utf8') + next);
  return join(folder, 'dist/apps/server/src/main.js');
}
