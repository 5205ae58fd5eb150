import { X509Certificate } from 'node:crypto';
import { Logger, type LoggerService } from '@nestjs/common';
import {
  bringUp,
  Clock,
  type Config,
  createDataSource,
  Metrics,
  openDataSource,
  openTracing,
  SALLYPORT_VERSION,
} from '@sallyport/platform';
import type { DataSource } from 'typeorm';
import { AppModule } from '../app.module.js';
import { createApp, type RunningServer } from '../http/create-app.js';
import { serverOptions } from '../http/server-options.js';
import { ENTITIES } from './entities.js';
import { listenRefusal } from './listen-refusal.js';
import { openDatabase } from './open-database.js';

export interface StartOptions {
  /** Tests move time with their own. */
  clock?: Clock;
  logger?: LoggerService | false;
}

/**
 * Starts the whole server: database, schema, application, listeners. Nothing is left running when it fails.
 * @throws ConfigError; DomainError `unavailable` where the database is not to be had; whatever else keeps it from opening.
 */
export async function startServer(
  config: Config,
  { clock = new Clock(), logger }: StartOptions = {},
): Promise<RunningServer> {
  const options = await serverOptions(config, clock.now());
  const metrics = new Metrics();
  if (options.tls !== undefined) metrics.certificateEnd.set(endOf(options.tls.cert));
  const tracing = await openTracing(config.tracing, SALLYPORT_VERSION, metrics);
  const database = await openDatabase(config);
  let dataSource: DataSource | undefined;
  const close = async () => {
    if (dataSource?.isInitialized === true) await dataSource.destroy();
    await database.close();
    await tracing.close();
  };
  try {
    const { server: url, shortcoming } = await bringUp(database.urls, database.masterKey);
    if (shortcoming !== null) new Logger('Start').warn(ownerServes(shortcoming));
    const { databasePoolSize: poolSize, databasePooled: pooled, databasePrepares: prepares } = config;
    dataSource = createDataSource({ url, poolSize, pooled, prepares, entities: ENTITIES });
    await openDataSource(dataSource, 'DATABASE_URL');
    clock.notBefore(await timeOf(dataSource));
    const { masterKey } = database;
    const module = AppModule.register({ config, dataSource, masterKey, clock, metrics, tracing });
    const server = await createApp(module, options, logger === undefined ? {} : { logger });
    return { ...server, stop: (drainMs, graceMs) => server.stop(drainMs, graceMs).finally(close) };
  } catch (error) {
    await close();
    throw listenRefusal(error, config) ?? error;
  }
}

/** S93: where a host's clock is behind, what has ended by the database's time is not revived by a start. */
async function timeOf(dataSource: DataSource): Promise<Date> {
  const [row] = await dataSource.query<{ now: Date }[]>('SELECT clock_timestamp() AS now');
  return row!.now;
}

/** When a certificate ends, in seconds since 1970. */
function endOf(certificate: string | Buffer): number {
  return new X509Certificate(certificate).validToDate.getTime() / 1000;
}

/** S96: told, not refused; a database whose owner may make no roles would otherwise not be served at all. */
function ownerServes(shortcoming: string): string {
  return `the server works as the role that owns its tables (${shortcoming}): what gets round it could change them and the audit. Give it a role of its own, see docs/operations.md#database-roles`;
}
