import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { Logger } from '@nestjs/common';
import { DomainError, readConfig } from '@sallyport/platform';
import { stopInOrder } from './http/shutdown.js';
import { MetricsListener } from './ops/metrics-listener.service.js';
import { bootstrapFile } from './start/bootstrap-file.js';
import { neverPretenure } from './start/never-pretenure.js';
import { StartLogger } from './start/start-logger.js';
import { startServer } from './start/start-server.js';
import { Welcome } from './start/welcome.js';

/** Their messages say what to do. */
const MENDABLE = ['ConfigError', 'AlreadyOwned', 'OwnedByAnother'];

neverPretenure();
try {
  const config = readConfig(process.env);
  const logger = new StartLogger(config.logLevel);
  Logger.overrideLogger(logger);
  const server = await startServer(config, { logger });
  stopInOrder(server);
  const file = bootstrapFile(config.dataDirectory);
  const { address } = server.app.get(MetricsListener, { strict: false });
  logger.greet(new Welcome(config, server.listeners.addresses, existsSync(file) ? file : null, address));
} catch (error) {
  // What the operator can mend is said in a sentence (a wrong setting by its name, never its value); the rest shows where it came from.
  const { name, message, stack } = error as Error;
  const reason = MENDABLE.includes(name) || isUnavailable(error) ? message : (stack ?? message);
  process.stderr.write(`Sallyport cannot start:\n${reason}\n`);
  process.exit(1);
}

function isUnavailable(error: unknown): boolean {
  return error instanceof DomainError && error.kind === 'unavailable';
}
