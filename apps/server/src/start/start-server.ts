import type { LoggerService } from '@nestjs/common';
import {
  Clock,
  type Config,
  createDataSource,
  Database,
  migrate,
  mustOpenDataKeys,
} from '@sallyport/platform';
import { AppModule } from '../app.module.js';
import { createApp, type RunningServer } from '../http/create-app.js';
import { serverOptions } from '../http/server-options.js';
import { ENTITIES } from './entities.js';
import { openDatabase } from './open-database.js';

export interface StartOptions {
  /** Tests move time with their own. */
  clock?: Clock;
  logger?: LoggerService | false;
}

/**
 * Starts the whole server: database, schema, application, listeners. Nothing is left running when it fails.
 * @throws ConfigError, and whatever keeps the database or the listeners from opening.
 */
export async function startServer(
  config: Config,
  { clock, logger }: StartOptions = {},
): Promise<RunningServer> {
  const options = await serverOptions(config, (clock ?? new Clock()).now());
  const database = await openDatabase(config);
  const dataSource = createDataSource({
    url: database.url,
    poolSize: config.databasePoolSize,
    entities: ENTITIES,
  });
  const close = async () => {
    if (dataSource.isInitialized) await dataSource.destroy();
    await database.close();
  };
  try {
    await dataSource.initialize();
    // A wrong master key stops the start before any row or table is changed (S67).
    await mustOpenDataKeys(new Database(dataSource), database.masterKey);
    await migrate(database.url);
    const module = AppModule.register({ config, dataSource, masterKey: database.masterKey, clock });
    const server = await createApp(module, options, logger === undefined ? {} : { logger });
    return { ...server, stop: (drainMs, graceMs) => server.stop(drainMs, graceMs).finally(close) };
  } catch (error) {
    await close();
    throw error;
  }
}
