const FIRST_WAIT = 30;
const LONGEST_WAIT = 900;

/** Tries that run at once per (account, network), so that rightful parallel sign-ins pass (S06). */
export const PARALLEL_TRIES = 20;

/** Failures are forgotten after this many seconds of peace (S07). */
export const PEACE = 86_400;

/** Seconds to wait after so many failures (S07): 30 after the free tries, doubling, at most 15 minutes. */
export function passwordWaitAfter(failures: number, freeTries: number): number {
  if (failures < freeTries) return 0;
  return Math.min(FIRST_WAIT * 2 ** Math.min(failures - freeTries, 20), LONGEST_WAIT);
}

/** A provider's own threshold as it counts: the nearest of 3 to 10 (security.md, the numbers). */
export function passwordTriesOf(threshold: number): number {
  return Math.min(Math.max(threshold, 3), 10);
}
