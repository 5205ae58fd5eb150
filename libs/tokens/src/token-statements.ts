import { identityPoliciesOf } from '@sallyport/identity';
import { isLive, selectLive } from './token-row.js';

/** Whose token a secret is, live or not: `$1` is the secret's hash. */
export const ACCOUNT_OF_TOKEN = '(SELECT account_id FROM tokens WHERE token_hash = $1::bytea)';
export const USER_OF_TOKEN = '(SELECT local_user_id FROM tokens WHERE token_hash = $1::bytea)';

// `$3` of all of these: of which dialect, null for either.
const OF_ORIGIN = ' AND ($3::text IS NULL OR t.origin = $3)';
export const LIVE_BY_HASH = selectLive('token_hash') + OF_ORIGIN;
// The store of a further mount is no identity provider: its name is the mount's path, and may be that of a provider too.
export const HELD_BY_HASH =
  selectLive(
    'token_hash',
    `u.name AS user_name, (SELECT ip.name FROM identity_providers ip WHERE ip.id = u.identity_provider_id AND ip.type <> 'Userpass') AS provider_name,`,
  ) + OF_ORIGIN;
// What is not to be found is not read either: a disabled person's token, or one of the other dialect, takes the time of an unknown one (S42).
const ENABLED = ' AND p.disabled IS NOT TRUE';
export const FOUND_BY_HASH = LIVE_BY_HASH + ENABLED;
export const FOUND_WITH_USER = HELD_BY_HASH + ENABLED;
export const FOUND_BY_ACCESSOR = selectLive('accessor') + OF_ORIGIN + ENABLED;
export const HELD_BY_ID = `${selectLive('id')} FOR SHARE OF t`;
export const LIVE_ACCESSORS = `SELECT accessor FROM (${selectLive('origin')}) live WHERE NOT principal_disabled ORDER BY accessor`;

// The epochs are read by the statement that writes them: a token begun before a stamp moved is dead, whoever commits first.
export const INSERT = `
  INSERT INTO tokens (id, token_hash, accessor, origin, principal_id, principal_epoch, installation_epoch, admin_epoch, account_id, local_user_id,
    mount_id, mount_epoch, session_id, parent_id, device_id, device_epoch, policies, factors, metadata, path, display_name, uses_left, orphan, renewable,
    creation_ttl, period, explicit_max_ttl, bound_cidrs, client_address, issued_at, expires_at, idle_seconds, last_used_at, role, password_proven_at)
  SELECT $1, $2, $3, $4, $5::uuid, coalesce((SELECT token_epoch FROM principals WHERE id = $5::uuid), 0), i.token_epoch, i.admin_epoch, $6::uuid, $7, $8::uuid,
    (SELECT token_epoch FROM auth_mounts WHERE id = $8::uuid), $9, $10, $11::uuid,
    (SELECT token_epoch FROM registered_devices WHERE account_id = $6::uuid AND device_id = $11::uuid), $12, $13::jsonb, $14::jsonb, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24, $25, $26, $27, $25, $28, $29::timestamptz
  FROM installation i
  RETURNING (SELECT ${identityPoliciesOf('p')} FROM principals p WHERE p.id = $5::uuid) AS identity_policies,
    (SELECT acl_epoch FROM installation) AS acl_epoch`;

export const STANDS = `SELECT 1 WHERE ${isLive('$1::uuid', '$2::timestamptz')}`;

export const GIVE_UP = `
  UPDATE tokens SET revoked_at = $2::timestamptz
  WHERE id = $1::uuid AND revoked_at IS NULL AND ${isLive('$1::uuid', '$2::timestamptz')}`;

export const REVOKE_TREE = `
  WITH RECURSIVE tree AS (
    SELECT id FROM tokens WHERE id = $1
    UNION SELECT child.id FROM tokens child JOIN tree ON child.parent_id = tree.id
  )
  UPDATE tokens SET revoked_at = $2 WHERE id IN (SELECT id FROM tree) AND revoked_at IS NULL`;

export const REVOKE_SESSION = `
  WITH RECURSIVE tree AS (
    SELECT id FROM tokens WHERE session_id = $1
    UNION SELECT child.id FROM tokens child JOIN tree ON child.parent_id = tree.id
  )
  UPDATE tokens SET revoked_at = $2 WHERE id IN (SELECT id FROM tree) AND revoked_at IS NULL`;
