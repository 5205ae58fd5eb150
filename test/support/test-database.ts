import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, inject } from 'vitest';
import { mustHoldNoSecret } from './dump-search.js';
import { databaseUrl, sendStatement, serverUrlOf, TEMPLATE } from './test-server.js';

/** SQLSTATE: somebody else is looking at the template just now. */
const OBJECT_IN_USE = '55006';
const ATTEMPTS = 20;

export interface TestDatabase {
  /** Of the role that owns the tables: for looking at rows and planting them. For pg and TypeORM's `url` alike. */
  url: string;
  /** Of the role the server serves as. */
  serverUrl: string;
  /** Ends the sessions that are left and removes the database. @throws Error where it held a secret as it is (S69). */
  drop(): Promise<void>;
}

/** A migrated, empty database for one test file. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const socketDirectory = inject('socketDirectory');
  const name = `test_${randomBytes(8).toString('hex')}`;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await sendStatement(socketDirectory, `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE} OWNER sallyport`);
      break;
    } catch (failure) {
      if ((failure as { code?: string }).code !== OBJECT_IN_USE || attempt === ATTEMPTS) throw failure;
      await pause(50);
    }
  }
  return {
    url: databaseUrl(socketDirectory, name),
    serverUrl: serverUrlOf(databaseUrl(socketDirectory, name)),
    drop: async () => {
      await sendStatement(socketDirectory, awaitNoSessions(name));
      try {
        await mustHoldNoSecret(databaseUrl(socketDirectory, name));
      } finally {
        await sendStatement(socketDirectory, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      }
    },
  };
}

/** Sessions whose clients have just ended go by themselves within a second; ended by force they would tell those clients. */
function awaitNoSessions(name: string): string {
  return `DO $$ BEGIN
    FOR round IN 1..20 LOOP
      EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = '${name}');
      PERFORM pg_sleep(0.05);
      PERFORM pg_stat_clear_snapshot();
    END LOOP;
  END $$`;
}

/** The same around all tests of a file or a `describe`; read the URLs inside hooks and tests only. */
export function withTestDatabase(): Readonly<Omit<TestDatabase, 'drop'>> {
  let database: TestDatabase | undefined;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database?.drop());
  const present = (): TestDatabase => {
    if (!database) throw new Error('The test database exists only while tests run.');
    return database;
  };
  return {
    get url(): string {
      return present().url;
    },
    get serverUrl(): string {
      return present().serverUrl;
    },
  };
}
