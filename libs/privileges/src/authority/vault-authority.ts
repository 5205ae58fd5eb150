import type { AclSubject } from '../acl/acl-subject.js';

/** Whoever writes at `/v1`, as far as it decides what they may hand out and whom they may touch (S48, S49). */
export interface VaultAuthority {
  /** A token with the policy `root` holds everything, at `/admin` too. */
  root: boolean;
  subject: AclSubject;
  /** The user the token was given to; null: one without privileges at `/admin`. */
  localUserId: string | null;
}
