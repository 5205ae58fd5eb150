const ADMIN_EPOCH = '(SELECT admin_epoch FROM installation)';

/**
 * The live full tokens of `/admin` of a device, for the FROM and WHERE of a statement: exactly those `selectLive` would find (S42).
 * @param device alias of a row of `registered_devices`.
 * @param now the parameter that holds the present instant, such as `$1`.
 * @param adminEpoch the stamp they carry: where all those of another were ended, which ones these were.
 */
export function liveTokensOf(device: string, now: string, adminEpoch = ADMIN_EPOCH): string {
  return `
    tokens t
    JOIN installation i ON i.token_epoch = t.installation_epoch
    JOIN principals tp ON tp.id = t.principal_id AND tp.token_epoch = t.principal_epoch AND NOT tp.disabled
    JOIN local_users tu ON tu.id = t.local_user_id AND NOT tu.disabled
    WHERE t.account_id = ${device}.account_id AND t.device_id = ${device}.device_id AND t.device_epoch = ${device}.token_epoch
      AND t.admin_epoch = ${adminEpoch}
      AND t.revoked_at IS NULL AND t.expires_at > ${now}
      AND (t.idle_seconds IS NULL OR t.last_used_at + make_interval(secs => t.idle_seconds) > ${now})
      AND (t.mount_id IS NULL OR EXISTS (SELECT FROM auth_mounts tm WHERE tm.id = t.mount_id AND tm.attached AND tm.token_epoch = t.mount_epoch))`;
}

/**
 * Whether a device has one, as a condition. The LIMIT makes it one look into the index for each device, whatever the number of tokens
 * (S40): an EXISTS would be turned into a join over all of them.
 */
export function hasLiveToken(device: string, now: string, adminEpoch = ADMIN_EPOCH): string {
  return `coalesce((SELECT true FROM ${liveTokensOf(device, now, adminEpoch)} LIMIT 1), false)`;
}
