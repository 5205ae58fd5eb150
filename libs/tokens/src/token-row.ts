import { identityPoliciesOf } from '@sallyport/identity';
import { assuranceLevelOf } from './assurance-level.js';
import type { CompletedFactor, Token, TokenOrigin } from './token.js';

export interface TokenRow {
  id: string;
  accessor: string;
  origin: TokenOrigin;
  principal_id: string | null;
  account_id: string | null;
  local_user_id: string | null;
  mount_id: string | null;
  session_id: string;
  parent_id: string | null;
  device_id: string | null;
  policies: string[];
  identity_policies: string[] | null;
  acl_epoch: string;
  factors: CompletedFactor[];
  metadata: Record<string, string> | null;
  path: string;
  display_name: string;
  uses_left: number | null;
  orphan: boolean;
  renewable: boolean;
  creation_ttl: number;
  period: number;
  explicit_max_ttl: number;
  bound_cidrs: string[];
  client_address: string;
  issued_at: Date;
  expires_at: Date | null;
  last_used_at: Date;
  last_renewed_at: Date | null;
  role: string | null;
  password_proven_at: Date | null;
}

export function tokenOf(row: TokenRow): Token {
  return {
    id: row.id,
    accessor: row.accessor,
    origin: row.origin,
    principalId: row.principal_id,
    accountId: row.account_id,
    localUserId: row.local_user_id,
    mountId: row.mount_id,
    sessionId: row.session_id,
    parentId: row.parent_id,
    deviceId: row.device_id,
    policies: row.policies,
    identityPolicies: row.identity_policies ?? [],
    aclEpoch: Number(row.acl_epoch),
    factors: row.factors,
    assuranceLevel: assuranceLevelOf(row.factors),
    metadata: row.metadata,
    path: row.path,
    displayName: row.display_name,
    usesLeft: row.uses_left,
    orphan: row.orphan,
    renewable: row.renewable,
    creationTtl: row.creation_ttl,
    period: row.period,
    explicitMaxTtl: row.explicit_max_ttl,
    boundCidrs: row.bound_cidrs,
    clientAddress: row.client_address,
    issuedAt: row.issued_at,
    expiresAt: row.expires_at,
    lastRenewedAt: row.last_renewed_at,
    role: row.role,
    passwordProvenAt: row.password_proven_at,
  };
}

const COLUMNS = `t.id, t.accessor, t.origin, t.principal_id, t.account_id, t.local_user_id, t.mount_id, t.session_id, t.parent_id, t.device_id, t.policies,
  t.factors, t.metadata, t.path, t.display_name, t.uses_left, t.orphan, t.renewable, t.creation_ttl, t.period, t.explicit_max_ttl, t.bound_cidrs,
  t.client_address, t.issued_at, t.expires_at, t.last_used_at, t.last_renewed_at, t.role, t.password_proven_at`;

/** What a token is looked for by, and its type. */
const KEYS = { token_hash: 'bytea', accessor: 'text', id: 'uuid', origin: 'text', principal_id: 'uuid' };

/**
 * A token and the state of everybody it stands on, in one statement (S47). `$1` the key's value, `$2` now.
 * @param more columns of the same row, each with a comma after it; `u` is its user.
 */
export function selectLive(key: keyof typeof KEYS, more = ''): string {
  return `
    SELECT ${more} ${COLUMNS}, ${identityPoliciesOf('p')} AS identity_policies, coalesce(p.disabled, false) AS principal_disabled,
      i.acl_epoch
    ${live(`t.${key} = $1::${KEYS[key]}`, '$2::timestamptz')}`;
}

/**
 * Whether a token stands, and its person is not disabled, as a condition.
 * @param id an expression that gives its id; `now`: one that gives the present instant.
 */
export function isLive(id: string, now: string): string {
  return `EXISTS (SELECT ${live(`t.id = ${id}`, now)} AND p.disabled IS NOT TRUE)`;
}

/** Dead where revoked, at its end, idle too long, issued before a stamp (S40), or where its user, its person, its device or its mount is gone. */
function live(which: string, now: string): string {
  return `
    FROM tokens t
    JOIN installation i ON i.token_epoch = t.installation_epoch
    LEFT JOIN principals p ON p.id = t.principal_id
    LEFT JOIN local_users u ON u.id = t.local_user_id
    LEFT JOIN auth_mounts m ON m.id = t.mount_id
    LEFT JOIN registered_devices d ON d.account_id = t.account_id AND d.device_id = t.device_id
    WHERE ${which} AND t.revoked_at IS NULL
      AND (t.expires_at IS NULL OR t.expires_at > ${now})
      AND (t.idle_seconds IS NULL OR t.last_used_at + make_interval(secs => t.idle_seconds) > ${now})
      AND (t.uses_left IS NULL OR t.uses_left > 0)
      AND (t.principal_id IS NULL OR p.disabled OR p.token_epoch = t.principal_epoch)
      AND (t.local_user_id IS NULL OR NOT u.disabled)
      AND (t.device_id IS NULL OR d.token_epoch = t.device_epoch)
      AND (t.origin <> 'appgate' OR t.admin_epoch = i.admin_epoch)
      AND (t.mount_id IS NULL OR (m.attached AND m.token_epoch = t.mount_epoch))`;
}
