import type { Scene } from '../appgate/scene.js';

/** A device for each local user who has none. */
export async function plantDevices(scene: Pick<Scene, 'rows'>): Promise<void> {
  await scene.rows(
    `INSERT INTO registered_devices (account_id, device_id, on_boarded_at, last_seen_at)
     SELECT account_id, gen_random_uuid(), now(), now() FROM local_users u
     WHERE NOT EXISTS (SELECT FROM registered_devices d WHERE d.account_id = u.account_id)`,
  );
  await scene.rows('ANALYZE');
}

/** `each` live full tokens for each device there is. Nobody knows their secrets. */
export async function plantTokens(scene: Pick<Scene, 'rows'>, each: number): Promise<void> {
  await scene.rows(
    `INSERT INTO tokens
       (id, token_hash, accessor, origin, principal_id, principal_epoch, installation_epoch, admin_epoch, account_id, local_user_id, session_id, device_id,
        device_epoch, policies, factors, path, display_name, orphan, renewable, creation_ttl, client_address, issued_at, expires_at, last_used_at)
     SELECT drawn, sha256(uuid_send(drawn)), drawn::text, 'appgate', p.id, p.token_epoch, i.token_epoch, i.admin_epoch, a.id, u.id, drawn, d.device_id,
       d.token_epoch, '{}', '[]', 'login', a.name, true, false, 86400, '127.0.0.1', now(), now() + interval '1 day', now()
     FROM registered_devices d JOIN accounts a ON a.id = d.account_id JOIN principals p ON p.id = a.principal_id
     JOIN local_users u ON u.account_id = a.id CROSS JOIN installation i
     CROSS JOIN LATERAL (SELECT gen_random_uuid() AS drawn FROM generate_series(1, $1::integer) WHERE d.device_id IS NOT NULL) AS token`,
    [each],
  );
  await scene.rows('ANALYZE');
}

/** How many planted and issued tokens their devices still let live. */
export async function liveTokens(scene: Pick<Scene, 'rows'>): Promise<number> {
  const [{ live }] = (await scene.rows<{ live: number }>(
    `SELECT count(*)::integer AS live FROM tokens t JOIN registered_devices d USING (account_id, device_id)
     CROSS JOIN installation i
     WHERE t.device_epoch = d.token_epoch AND t.admin_epoch = i.admin_epoch AND t.revoked_at IS NULL AND t.expires_at > now()`,
  )) as [{ live: number }];
  return live;
}
