import { setTimeout as pause } from 'node:timers/promises';
import type { PushPatience } from './push-patience.js';

/**
 * Asks again and again until there is an answer, patience is over, or whoever waits has gone.
 * @param ask answers null while nothing is decided; it is not interrupted but by itself.
 */
export async function pollPush<Answer>(
  { waitMs, pauseMs }: PushPatience,
  signal: AbortSignal | undefined,
  ask: () => Promise<Answer | null>,
): Promise<Answer | null> {
  const end = performance.now() + waitMs;
  const over = () => signal?.aborted === true || performance.now() >= end;
  while (!over()) {
    const answer = await ask();
    if (answer !== null) return answer;
    // Cut short when the waiting is called off; the loop sees why.
    await pause(Math.min(pauseMs, Math.max(0, end - performance.now())), null, { signal }).catch(() => null);
  }
  return null;
}
