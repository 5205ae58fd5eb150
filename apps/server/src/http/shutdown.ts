import { Logger } from '@nestjs/common';
import type { RunningServer } from './create-app.js';

/** Balancers get 5 s to notice, requests 25 s to finish (S90). */
const DRAIN_MS = 5_000;
const GRACE_MS = 25_000;
/** After an error nobody caught the stop itself may hang. */
const LONGEST_MS = 45_000;

/**
 * Ends the server, then the process: on SIGTERM with the drain of S90 and exit code 0, on SIGINT at once (a person at a terminal), and
 * after an error that nobody caught with the same drain and exit code 1: what it left behind cannot be trusted, what is under way can
 * finish (S97).
 */
export function stopInOrder(server: RunningServer): void {
  const logger = new Logger('Shutdown');
  let stopping = false;
  const stop = async (reason: string, drainMs: number, code: number): Promise<void> => {
    if (stopping) return;
    stopping = true;
    logger.log(`${reason}: stopping`);
    try {
      await server.stop(drainMs, GRACE_MS);
      process.exit(code);
    } catch (error) {
      logger.error('The stop failed', error instanceof Error ? error.stack : undefined);
      process.exit(1);
    }
  };
  const giveUp = (reason: string) => (error: unknown) => {
    logger.error(reason, error instanceof Error ? error.stack : typeof error);
    setTimeout(() => process.exit(1), LONGEST_MS).unref();
    void stop(reason, DRAIN_MS, 1);
  };
  process.on('SIGTERM', () => void stop('SIGTERM', DRAIN_MS, 0));
  process.on('SIGINT', () => void stop('SIGINT', 0, 0));
  process.on('uncaughtException', giveUp('uncaught exception'));
  process.on('unhandledRejection', giveUp('unhandled rejection'));
}
