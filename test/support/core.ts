import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Actor, AuditModule } from '@sallyport/audit';
import { AuthModule } from '@sallyport/auth';
import { IdentityModule } from '@sallyport/identity';
import { MfaMethodsModule } from '@sallyport/mfa-methods';
import {
  createDataSource,
  type PlatformFacts,
  PlatformModule,
  readConfig,
  readMasterKey,
} from '@sallyport/platform';
import { PrivilegesModule } from '@sallyport/privileges';
import { TokensModule } from '@sallyport/tokens';
import pg from 'pg';
import { ENTITIES } from '../../apps/server/src/start/entities.js';
import { FirstStart } from '../../apps/server/src/start/first-start.service.js';
import { ADMIN_PASSWORD, ROOT_TOKEN, TestClock } from './sallyport.js';
import { createTestDatabase } from './test-database.js';
import { databaseSettings, serverUrlOf } from './test-server.js';

@Module({})
class CoreModule {
  static register(facts: PlatformFacts): DynamicModule {
    const libs = [AuditModule, IdentityModule, MfaMethodsModule, TokensModule, PrivilegesModule, AuthModule];
    return {
      module: CoreModule,
      imports: [PlatformModule.register(facts), ...libs],
      providers: [FirstStart],
    };
  }
}

export interface CoreOptions {
  /** Another replica over the same database, with the same master key and clock. */
  replicaOf?: Core;
  settings?: Record<string, string>;
  /** One that has been set before the first start. */
  clock?: TestClock;
  /** As the operator's console works: under the role that owns the tables, not the server's. */
  asOperator?: boolean;
}

/** The core without its dialects and listeners, over a database of its own in which the installation exists. */
export interface Core {
  clock: TestClock;
  /** For looking at rows, and for planting them: as the role that owns the tables. */
  database: pg.Pool;
  databaseUrl: string;
  masterKeyFile: string;
  /** A service of any lib, exported or not. */
  get<T>(service: Type<T>): T;
  stop(): Promise<void>;
}

export async function startCore({
  replicaOf,
  settings,
  asOperator,
  clock: given,
}: CoreOptions = {}): Promise<Core> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-core-'));
  const masterKeyFile = replicaOf?.masterKeyFile ?? join(folder, 'master.key');
  if (replicaOf === undefined)
    writeFileSync(masterKeyFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  const owned = replicaOf === undefined ? await createTestDatabase() : null;
  const databaseUrl = owned?.url ?? replicaOf!.databaseUrl;
  const clock = replicaOf?.clock ?? given ?? new TestClock();
  const config = readConfig({
    ...databaseSettings(databaseUrl),
    SALLYPORT_MASTER_KEY_FILE: masterKeyFile,
    SALLYPORT_DATA_DIR: folder,
    SALLYPORT_ADMIN_PASSWORD: ADMIN_PASSWORD,
    SALLYPORT_ROOT_TOKEN: ROOT_TOKEN,
    SALLYPORT_FAILURE_FLOOR_MS: '0',
    // Two workers of the tests and what else runs would leave the hashes nothing.
    SALLYPORT_HASH_NICENESS: '0',
    SALLYPORT_DATABASE_POOL: '40',
    ...settings,
  });
  const dataSource = createDataSource({
    url: asOperator === true ? databaseUrl : serverUrlOf(databaseUrl),
    poolSize: config.databasePoolSize,
    entities: ENTITIES,
  });
  await dataSource.initialize();
  const masterKey = readMasterKey(masterKeyFile);
  const app = await NestFactory.createApplicationContext(
    CoreModule.register({ config, dataSource, masterKey, clock }),
    {
      logger: false,
      abortOnError: false,
    },
  );
  const database = new pg.Pool({ connectionString: databaseUrl, max: 4 });
  // Sessions that are still ending when the database is dropped.
  database.on('error', () => undefined);
  return {
    clock,
    database,
    databaseUrl,
    masterKeyFile,
    get: (service) => app.get(service, { strict: false }),
    stop: async () => {
      await app.close();
      await dataSource.destroy();
      await database.end();
      await owned?.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Somebody at an address, not known yet. */
export function from(clientAddress: string): Actor {
  return {
    principalId: null,
    accountId: null,
    name: null,
    tokenAccessor: null,
    clientAddress,
    requestId: null,
  };
}
