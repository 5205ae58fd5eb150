import { LOCKOUT_DEFAULTS, type IdentityProvider, type MountLockout } from '@sallyport/identity';

const FIRST_WAIT = 30;
const DAY = 86_400;

/** How failures of one (account, network) are waited for; times in seconds (S07). */
export interface PasswordRule {
  /** Failures without a wait. */
  freeTries: number;
  longestWait: number;
  /** Failures are forgotten after so long without another. */
  peace: number;
}

/** Tries that run at once per (account, network), and per account over all unknown networks, so that rightful parallel sign-ins pass (S06). */
export const PARALLEL_TRIES = 20;
/** Tries that run at once from one network for names it is not known to (S09). */
export const PARALLEL_NAMES = 100;
/** Days a network stays known to an account after a completed sign-in (security.md, Words). */
export const KNOWN_DAYS = 30;
/** What several networks or several names share is forgotten after so many seconds of peace (S08). */
export const SHARED_PEACE = DAY;
/** Seconds in which the different names that fail from one network are counted (S09). */
export const NAMES_WINDOW = 600;

/** From so many failures on the shared wait grows beyond a minute (S08). */
const MANY_FAILURES = 100;
const LONGEST_SHARED_WAIT = 60;
const LONGEST_WAIT = LOCKOUT_DEFAULTS.duration;

/** Seconds to wait after so many failures (S07): 30 after the free tries, doubling, up to the longest. */
export function passwordWaitAfter(
  failures: number,
  { freeTries, longestWait }: Pick<PasswordRule, 'freeTries' | 'longestWait'>,
): number {
  if (failures < freeTries) return 0;
  return doubling(FIRST_WAIT, failures - freeTries, longestWait);
}

/** Seconds all networks unknown to an account wait after so many failures from any of them (S08). */
export function sharedWaitAfter(failures: number, freeTries: number): number {
  if (failures < freeTries) return 0;
  if (failures < MANY_FAILURES) return doubling(1, failures - freeTries, LONGEST_SHARED_WAIT);
  return doubling(LONGEST_SHARED_WAIT, failures - MANY_FAILURES + 1, LONGEST_WAIT);
}

/** Seconds a network waits for names it is not known to after so many failures beyond the names it may fail on (S09). */
export function namesWaitAfter(excess: number): number {
  return excess === 0 ? 0 : doubling(FIRST_WAIT, excess - 1, LONGEST_WAIT);
}

function doubling(first: number, times: number, longest: number): number {
  return Math.min(first * 2 ** Math.min(times, 24), longest);
}

/**
 * The rule of a provider's users: its own threshold, and what its mount at `/v1` was tuned to (vault.md §7). Where both dialects name
 * a longest wait the longer holds; that of `/admin` only where it is longer than 15 minutes, and only for a network known to the
 * account: an outsider can make nobody wait for longer (appgate.md §2.9, S08).
 */
export function passwordRuleOf(
  provider: IdentityProvider | null,
  lockout: MountLockout | null,
  known: boolean,
): PasswordRule {
  const { duration = LOCKOUT_DEFAULTS.duration, counterReset = LOCKOUT_DEFAULTS.counterReset } =
    lockout ?? {};
  const ofAdmin =
    provider === null || provider.type === 'Userpass' || !known
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
