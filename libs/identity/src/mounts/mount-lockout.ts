/** The waits after wrong passwords as `/v1` tunes them, in seconds; what is absent has its default (vault.md §7). */
export interface MountLockout {
  /** The longest wait; 900. */
  duration?: number;
  /** The peace after which failures are forgotten; 86 400. */
  counterReset?: number;
  /** Stored and shown; it switches nothing off. */
  disable?: boolean;
}

/** What a caller wants changed; 0 goes back to the default, what is absent stays. */
export interface LockoutChange extends MountLockout {
  /** Failures without a wait: the `userLockoutThreshold` of the mount's provider. */
  threshold?: number;
}

export const LOCKOUT_DEFAULTS = {
  threshold: 5,
  duration: 900,
  counterReset: 86_400,
  disable: false,
} as const;

/** A provider of `/admin` takes no higher threshold (appgate.md §5.3). */
const HIGHEST_THRESHOLD = 1_000;

/** The threshold a provider is to have; null where it stays. */
export function changedThreshold({ threshold }: LockoutChange): number | null {
  if (threshold === undefined) return null;
  return Math.min(threshold || LOCKOUT_DEFAULTS.threshold, HIGHEST_THRESHOLD);
}

/** What is stored with the mount after a change. */
export function changedLockout(before: MountLockout | null, change: LockoutChange): MountLockout {
  const { threshold: _, ...own } = change;
  const wanted = Object.entries(own).filter(([, value]) => value !== undefined);
  const after = { ...before, ...Object.fromEntries(wanted) };
  return Object.fromEntries(Object.entries(after).filter(([, value]) => value !== 0));
}
