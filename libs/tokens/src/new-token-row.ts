import { randomUUID } from 'node:crypto';
import { after } from '@sallyport/platform';
import { earlier } from './token-life.js';
import type { TokenRow } from './token-row.js';
import { newAccessor } from './token-secret.js';
import type { NewToken } from './token.js';

/**
 * A token as it is to be written; what the database knows better is missing.
 * @param inherited from its parent, where nothing else is wanted.
 */
export function newRow(
  wanted: NewToken,
  inherited: { boundCidrs: string[]; mountId: string | null },
  now: Date,
): Omit<TokenRow, 'identity_policies' | 'acl_epoch'> {
  const expiresAt = earlier(wanted.ttl === null ? null : after(now, wanted.ttl), wanted.endsBy ?? null);
  return {
    id: randomUUID(),
    accessor: newAccessor(),
    origin: wanted.origin,
    principal_id: wanted.principalId,
    account_id: wanted.accountId,
    local_user_id: wanted.localUserId,
    mount_id: wanted.mountId ?? inherited.mountId,
    session_id: wanted.sessionId,
    parent_id: wanted.parentId ?? null,
    device_id: wanted.deviceId ?? null,
    policies: wanted.policies,
    factors: wanted.factors,
    metadata: wanted.metadata,
    path: wanted.path,
    display_name: wanted.displayName,
    uses_left: wanted.usesLeft ?? null,
    orphan: wanted.orphan,
    renewable: wanted.renewable,
    creation_ttl: expiresAt === null ? 0 : Math.round((expiresAt.getTime() - now.getTime()) / 1000),
    period: wanted.period ?? 0,
    explicit_max_ttl: wanted.explicitMaxTtl ?? 0,
    bound_cidrs: wanted.boundCidrs ?? inherited.boundCidrs,
    client_address: wanted.clientAddress,
    issued_at: now,
    expires_at: expiresAt,
    last_used_at: now,
    last_renewed_at: null,
    role: wanted.role ?? null,
    password_proven_at: wanted.passwordProvenAt ?? null,
  };
}
