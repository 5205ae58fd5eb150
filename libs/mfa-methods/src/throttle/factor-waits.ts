/** Failures in a row that disable an authenticator (NIST SP 800-63B-4 §3.2.2, S20). */
export const FAILURE_CAP = 100;

const LONGEST_WAIT = 900;

/**
 * Seconds to wait after so many failures in a row (S19): none before the free tries are used up, then one
 * period of the method, doubling with each failure, at most 15 minutes.
 */
export function waitAfter(failures: number, freeTries: number, period: number): number {
  if (failures < freeTries) return 0;
  return Math.min(period * 2 ** Math.min(failures - freeTries, 20), LONGEST_WAIT);
}

/** A method's `max_validation_attempts` as it counts: 1 to 10, 0 meaning 5 (contract vault.md §5.2). */
export function freeTriesOf(maxValidationAttempts: number): number {
  return Math.min(Math.max(maxValidationAttempts || 5, 1), 10);
}
