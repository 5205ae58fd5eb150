import type { Token } from '@sallyport/tokens';
import { wireTime } from '../wire/wire-time.js';
import type { AuthView } from './auth.dto.js';
import type { TokenView } from './token.dto.js';

/** A token as it is looked up (§9). `id` is the secret where its holder asks, empty otherwise. */
export function tokenView(token: Token, id: string, now: Date): TokenView {
  const renewed = token.lastRenewedAt;
  return {
    id,
    accessor: token.accessor,
    policies: token.policies,
    path: token.path,
    meta: token.metadata,
    display_name: token.displayName,
    num_uses: token.usesLeft ?? 0,
    orphan: token.orphan,
    creation_time: unix(token.issuedAt),
    creation_ttl: token.creationTtl,
    expire_time: wireTime(token.expiresAt),
    ttl: secondsLeft(token, now),
    explicit_max_ttl: token.explicitMaxTtl,
    entity_id: token.principalId ?? '',
    type: 'service',
    renewable: token.renewable,
    issue_time: wireTime(token.issuedAt),
    ...(token.role === null ? {} : { role: token.role }),
    ...(token.period > 0 ? { period: token.period } : {}),
    ...(token.boundCidrs.length > 0 ? { bound_cidrs: token.boundCidrs } : {}),
    ...(renewed === null ? {} : { last_renewal: wireTime(renewed), last_renewal_time: unix(renewed) }),
    ...(token.identityPolicies.length > 0 ? { identity_policies: token.identityPolicies } : {}),
    mfa: token.factors.map(({ methodId, type, time }) => ({ method_id: methodId, type, time })),
  };
}

/** The `auth` block of a token, new or renewed (§3.5). */
export function authView(token: Token, secret: string, now: Date): AuthView {
  return {
    client_token: secret,
    accessor: token.accessor,
    policies: [...new Set([...token.policies, ...token.identityPolicies])].sort(),
    token_policies: token.policies,
    ...(token.identityPolicies.length > 0 ? { identity_policies: token.identityPolicies } : {}),
    metadata: token.metadata,
    lease_duration: secondsLeft(token, now),
    renewable: token.renewable,
    entity_id: token.principalId ?? '',
    token_type: 'service',
    orphan: token.orphan,
    mfa_requirement: null,
    num_uses: token.usesLeft ?? 0,
  };
}

function unix(instant: Date): number {
  return Math.floor(instant.getTime() / 1000);
}

/** Whole seconds until the end; 0 for a token that never ends. */
function secondsLeft({ expiresAt }: Token, now: Date): number {
  if (expiresAt === null) return 0;
  return Math.max(0, Math.round((expiresAt.getTime() - now.getTime()) / 1000));
}
