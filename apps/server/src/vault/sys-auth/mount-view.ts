import type { AuthMount } from '@sallyport/identity';
import { VAULT_VERSION } from '../sys-status/server-version.js';
import type { MountView } from './mount.dto.js';
import { lockoutView } from './tune-view.js';

/** A mount as `sys/auth` answers it (§11). @param threshold of its provider. */
export function mountView(mount: AuthMount, threshold?: number): MountView {
  return {
    type: mount.type,
    description: mount.description,
    accessor: mount.accessor,
    uuid: mount.id,
    local: false,
    seal_wrap: false,
    external_entropy_access: false,
    options: null,
    plugin_version: '',
    running_plugin_version: `v${VAULT_VERSION}+builtin.vault`,
    running_sha256: '',
    deprecation_status: 'supported',
    config: {
      default_lease_ttl: mount.defaultLeaseTtl,
      max_lease_ttl: mount.maxLeaseTtl,
      force_no_cache: false,
      token_type: mount.tokenType,
      ...(mount.listingVisibility ? { listing_visibility: mount.listingVisibility } : {}),
      ...(mount.userLockout ? { user_lockout_config: lockoutView(mount, threshold) } : {}),
    },
  };
}
