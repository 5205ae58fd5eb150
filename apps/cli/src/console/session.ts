import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Account, AuthMount, IdentityProvider, LocalUser, Principal, ServiceUser } from '@sallyport/identity';
import { LoginEnforcement, MfaMethod, MfaProvider, TotpEnrollment } from '@sallyport/mfa-methods';
import {
  type Config,
  createDataSource,
  Database,
  DomainError,
  Installation,
  mustOpenDataKeys,
  readMasterKey,
  schemaStanding,
} from '@sallyport/platform';
import { AdministrativeRole, CriteriaScript, Policy, UserScript } from '@sallyport/privileges';
import { TokenRole } from '@sallyport/tokens';
import { CliModule } from '../cli.module.js';
import { openConsoleDatabase } from './console-database.js';

const PEOPLE = [Principal, Account, IdentityProvider, AuthMount, LocalUser, ServiceUser];
const FACTORS = [MfaMethod, MfaProvider, TotpEnrollment, LoginEnforcement];
const RIGHTS = [AdministrativeRole, Policy, CriteriaScript, UserScript, TokenRole];

/** One command at a time, and a session of its own for a lock. */
const CONNECTIONS = 5;

/**
 * Opens the core over the server's database for one piece of work. The schema must be this version's: it is not migrated by the way.
 * @throws ConfigError; DomainError `conflict` codes `schema-behind`, `schema-ahead`, `no-installation`; `unavailable`.
 */
export async function inSession<T>(
  config: Config,
  work: (core: INestApplicationContext) => Promise<T>,
): Promise<T> {
  const database = await openConsoleDatabase(config);
  const dataSource = createDataSource({
    url: database.url,
    pooled: database.pooled,
    poolSize: CONNECTIONS,
    entities: [...PEOPLE, ...FACTORS, ...RIGHTS],
  });
  try {
    const masterKey = readMasterKey(database.masterKeyFile);
    await dataSource.initialize();
    const sql = new Database(dataSource);
    await mustBeThisVersion(sql);
    await mustOpenDataKeys(sql, masterKey);
    const module = CliModule.register({ config, dataSource, masterKey });
    const core = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
    try {
      await openInstallation(core.get(Installation));
      return await work(core);
    } finally {
      await core.close();
    }
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
    await database.leave();
  }
}

async function mustBeThisVersion(sql: Database): Promise<void> {
  const { pending, unknown } = await schemaStanding(sql);
  if (unknown.length > 0)
    throw new DomainError(
      'conflict',
      'schema-ahead',
      'A newer version has changed this database: use its command line.',
    );
  if (pending.length > 0)
    throw new DomainError(
      'conflict',
      'schema-behind',
      'The database is of an older version: run `sallyport migrate` first.',
    );
}

async function openInstallation(installation: Installation): Promise<void> {
  if (!(await installation.exists()))
    throw new DomainError(
      'conflict',
      'no-installation',
      'There is no installation yet: start the server once.',
    );
  await installation.open();
}
