import { LOCKOUT_DEFAULTS, type IdentityProvider, type MountLockout } from '@sallyport/identity';

const FIRST_WAIT = 30;

/** How failures of one (account, network) are waited for; times in seconds (S07). */
export interface PasswordRule {
  /** Failures without a wait. */
  freeTries: number;
  longestWait: number;
  /** Failures are forgotten after so long without another. */
  peace: number;
}

/** Tries that run at once per (account, network), so that rightful parallel sign-ins pass (S06). */
export const PARALLEL_TRIES = 20;

/** Seconds to wait after so many failures (S07): 30 after the free tries, doubling, up to the longest. */
export function passwordWaitAfter(
  failures: number,
  { freeTries, longestWait }: Pick<PasswordRule, 'freeTries' | 'longestWait'>,
): number {
  if (failures < freeTries) return 0;
  return Math.min(FIRST_WAIT * 2 ** Math.min(failures - freeTries, 20), longestWait);
}

/**
 * The rule of a provider's users: its own threshold, and what its mount at `/v1` was tuned to (vault.md §7). Where both dialects name
 * a longest wait the longer holds; that of `/admin` only where it is longer than 15 minutes (appgate.md §2.10).
 */
export function passwordRuleOf(
  provider: IdentityProvider | null,
  lockout: MountLockout | null,
): PasswordRule {
  const { duration = LOCKOUT_DEFAULTS.duration, counterReset = LOCKOUT_DEFAULTS.counterReset } =
    lockout ?? {};
  const ofAdmin =
    provider === null || provider.type === 'Userpass'
      ? 0
      : Math.max(provider.userLockoutDurationMinutes * 60, LOCKOUT_DEFAULTS.duration);
  const longestWait = Math.max(duration, ofAdmin, FIRST_WAIT);
  return {
    freeTries: passwordTriesOf(provider?.userLockoutThreshold ?? LOCKOUT_DEFAULTS.threshold),
    longestWait,
    // A shorter peace would end a wait before its time.
    peace: Math.max(counterReset, longestWait),
  };
}

/** A threshold as it counts: the nearest of 3 to 10 (security.md, the numbers). */
export function passwordTriesOf(threshold: number): number {
  return Math.min(Math.max(threshold, 3), 10);
}
