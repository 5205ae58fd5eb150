import { type AuthMount, LOCKOUT_DEFAULTS } from '@sallyport/identity';
import { MAX_TTL } from '@sallyport/tokens';
import type { TuneView } from './tune.dto.js';

/** How a mount is tuned (§11): the leases as logins have them. @param threshold of its provider. */
export function tuneView(mount: AuthMount, threshold: number | undefined): TuneView {
  const max = mount.maxLeaseTtl || MAX_TTL;
  return {
    description: mount.description,
    default_lease_ttl: Math.min(mount.defaultLeaseTtl || MAX_TTL, max),
    max_lease_ttl: max,
    force_no_cache: false,
    token_type: mount.tokenType,
    ...(mount.listingVisibility ? { listing_visibility: mount.listingVisibility } : {}),
    ...lockoutView(mount, threshold),
  };
}

/** The lockout settings under the names they have in answers; nothing where they were never tuned. */
export function lockoutView(
  { userLockout }: AuthMount,
  threshold: number = LOCKOUT_DEFAULTS.threshold,
): Pick<
  TuneView,
  | 'user_lockout_threshold'
  | 'user_lockout_duration'
  | 'user_lockout_counter_reset_duration'
  | 'user_lockout_disable'
> {
  if (userLockout === null) return {};
  return {
    user_lockout_counter_reset_duration: userLockout.counterReset ?? LOCKOUT_DEFAULTS.counterReset,
    user_lockout_threshold: threshold,
    user_lockout_duration: userLockout.duration ?? LOCKOUT_DEFAULTS.duration,
    user_lockout_disable: userLockout.disable ?? LOCKOUT_DEFAULTS.disable,
  };
}
