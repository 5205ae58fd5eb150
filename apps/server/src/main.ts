import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { Logger } from '@nestjs/common';
import { readConfig } from '@sallyport/platform';
import { stopOnSignals } from './http/shutdown.js';
import { bootstrapFile } from './start/bootstrap-file.js';
import { StartLogger } from './start/start-logger.js';
import { startServer } from './start/start-server.js';
import { welcome } from './start/welcome.js';

try {
  const config = readConfig(process.env);
  const logger = new StartLogger(config.logLevel);
  Logger.overrideLogger(logger);
  const server = await startServer(config, { logger });
  stopOnSignals(server);
  const file = bootstrapFile(config.dataDirectory);
  process.stdout.write(welcome(config, server.listeners.addresses, existsSync(file) ? file : null));
} catch (error) {
  // What the operator can mend is said in a sentence (a wrong setting by its name, never its value); the rest shows where it came from.
  const { name, message, stack } = error as Error;
  const reason = name === 'ConfigError' || name === 'AlreadyOwned' ? message : (stack ?? message);
  process.stderr.write(`Sallyport cannot start:\n${reason}\n`);
  process.exit(1);
}
