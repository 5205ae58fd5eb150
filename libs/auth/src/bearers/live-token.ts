import type { AclSubject } from '@sallyport/privileges';
import type { Token } from '@sallyport/tokens';
import type { AdminSession } from '../sign-in/admin-session.js';

/** A full token of either dialect that its own dialect would let in now. */
export interface LiveToken {
  token: Token;
  /** By what names its user signs in, without a provider at a further mount of `/v1`; null where it belongs to no user, as the root token. */
  user: { name: string; providerName: string | null } | null;
  /** Of a token of `/admin`; null for one of `/v1`. */
  session: AdminSession | null;
}

/** By whose policies a token of `/v1` is judged. */
export function aclSubjectOfToken({ policies, identityPolicies, principalId, aclEpoch }: Token): AclSubject {
  return {
    policies: [...policies, ...identityPolicies],
    tokenPolicies: policies,
    entityId: principalId,
    version: aclEpoch,
  };
}
