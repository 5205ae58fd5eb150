import { Logger } from '@nestjs/common';
import type { RunningServer } from './create-app.js';

/** Balancers get 5 s to notice, requests 25 s to finish (S90). */
const DRAIN_MS = 5_000;
const GRACE_MS = 25_000;

/** Ends the server, then the process, on SIGTERM (with the drain of S90) or SIGINT (at once, for a person at a terminal). */
export function stopOnSignals(server: RunningServer): void {
  const logger = new Logger('Shutdown');
  let stopping = false;
  const stop = async (signal: string, drainMs: number): Promise<void> => {
    if (stopping) return;
    stopping = true;
    logger.log(`${signal}: stopping`);
    try {
      await server.stop(drainMs, GRACE_MS);
      process.exit(0);
    } catch (error) {
      logger.error('The stop failed', error instanceof Error ? error.stack : undefined);
      process.exit(1);
    }
  };
  process.on('SIGTERM', () => void stop('SIGTERM', DRAIN_MS));
  process.on('SIGINT', () => void stop('SIGINT', 0));
}
