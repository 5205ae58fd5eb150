import { isLive } from '@sallyport/tokens';

/** A repeat of `GET /authorization` with the same partial token is answered for so many seconds (S36). */
export const REPEAT_SECONDS = 60;

/** Whether a sign-in was begun after everybody's were last ended, as a condition; those of `/v1` are not ended so (S40). */
function standing(signIn: string): string {
  return `(${signIn}.origin <> 'appgate' OR ${signIn}.sign_in_epoch = (SELECT sign_in_epoch FROM installation))`;
}

/**
 * The live unfinished sign-ins of a device at `/admin`, for the FROM and WHERE of a statement.
 * @param now the parameter that holds the present instant; `signInEpoch`: the stamp they carry.
 */
export function livePartial(
  alias: string,
  device: string,
  now: string,
  signInEpoch = '(SELECT sign_in_epoch FROM installation)',
): string {
  return `sign_ins ${alias} WHERE ${alias}.account_id = ${device}.account_id AND ${alias}.device_id = ${device}.device_id
    AND ${alias}.origin = 'appgate' AND ${alias}.sign_in_epoch = ${signInEpoch} AND ${alias}.expires_at > ${now}
    AND (${alias}.finished_at IS NULL OR ${alias}.finished_at > ${now} - interval '${REPEAT_SECONDS} seconds')`;
}

/** Whose sign-in a handle is, live or not: `$1` is the handle's hash. */
export const ACCOUNT_OF_HANDLE = '(SELECT account_id FROM sign_ins WHERE handle_hash = $1::bytea)';

export const INSERT = `
  INSERT INTO sign_ins (id, handle_hash, origin, principal_id, account_id, local_user_id, credential_version, mount_id, parent_token_id,
    device_id, factors, path, client_address, created_at, expires_at, session_expires_at, sign_in_epoch)
  SELECT $1, $2, $3, $4::uuid, $5::uuid, $6::uuid, $7::integer, $8::uuid, $9::uuid, $10::uuid, $11::jsonb, $12, $13, $14::timestamptz,
    $15::timestamptz, $16::timestamptz, sign_in_epoch
  FROM installation`;

/** A live sign-in with its person as of now. */
export const FIND = `
  SELECT s.id, s.principal_id, s.account_id, s.local_user_id, s.credential_version, s.mount_id, s.parent_token_id, s.device_id, s.factors, s.path,
    s.client_address, s.created_at, s.session_expires_at, u.disabled AS user_disabled, p.disabled AS principal_disabled, u.credential_version AS user_version, u.name AS username,
    i.name AS provider_name, i.admin_provider
  FROM sign_ins s JOIN local_users u ON u.id = s.local_user_id JOIN principals p ON p.id = s.principal_id
  JOIN identity_providers i ON i.id = u.identity_provider_id
  LEFT JOIN auth_mounts m ON m.id = s.mount_id
  WHERE s.handle_hash = $1::bytea AND s.origin = $2::text AND s.expires_at > $3::timestamptz
    AND (s.finished_at IS NULL OR s.finished_at > $4::timestamptz)
    AND (s.session_expires_at IS NULL OR s.session_expires_at > $3)
    AND (s.parent_token_id IS NULL OR ${isLive('s.parent_token_id', '$3')})
    AND (s.origin <> 'vault' OR s.mount_id IS NULL OR m.attached)
    AND ${standing('s')}`;

/** Of two who finish at once the slower finds what the faster issued. */
export const FINISH = `
  WITH before AS (
    SELECT id, final_token_id FROM sign_ins
    WHERE id = $1 AND handle_hash = $2 AND expires_at > $3 AND (finished_at IS NULL OR finished_at > $4) AND ${standing('sign_ins')}
    FOR UPDATE
  )
  UPDATE sign_ins s SET finished_at = coalesce(s.finished_at, $3), final_token_id = $5 FROM before WHERE s.id = before.id
  RETURNING before.final_token_id AS earlier`;

/** A sign-in moves on by the handle that is shown: of two who try at once one does (S36). */
export const ADVANCE = `
  UPDATE sign_ins SET handle_hash = $3, factors = $4::jsonb, expires_at = $5
  WHERE id = $1 AND handle_hash = $2 AND finished_at IS NULL AND expires_at > $6 AND ${standing('sign_ins')}`;

export const TAKE = 'DELETE FROM sign_ins WHERE id = $1 AND handle_hash = $2 AND expires_at > $3';

/** All but the newest `$2` of a person at `/v1`. */
export const DROP_OLDEST = `
  DELETE FROM sign_ins WHERE id IN (SELECT id FROM sign_ins WHERE principal_id = $1 AND origin = 'vault' ORDER BY created_at DESC, id OFFSET $2)`;
