import { createHash } from 'node:crypto';
import type { BenchPostgres } from './postgres.ts';

/** Ids follow from numbers, so that rows need not be read back: the same in SQL and here. */
export function idOf(kind: string, number: number): string {
  const hex = createHash('md5').update(`${kind}/${number}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

const idSql = (kind: string, number: string) => `md5('${kind}/' || ${number})::uuid`;

export const METHOD = 'b6f3c1d2-7a54-4e0b-9c8e-2f1d6a90e401';
export const DEVICE = idOf('device', 0);

/** People `<kind>-1` … of one provider, visible as entities, who have all signed in from this machine before. */
export async function plantPeople(
  postgres: BenchPostgres,
  database: string,
  {
    kind,
    count,
    provider,
    passwordHash,
  }: { kind: string; count: number; provider: string; passwordHash: string },
): Promise<void> {
  const rows = (text: string, values: unknown[]) => postgres.rows(database, text, values);
  const name = `'${kind}-' || n`;
  await rows(
    `INSERT INTO principals (id, name, name_canonical, created_at, updated_at)
     SELECT ${idSql(`${kind}-person`, 'n')}, 'entity_' || ${name}, 'entity_' || ${name}, now(), now() FROM generate_series(1, $1::integer) n`,
    [count],
  );
  await rows(
    `INSERT INTO accounts (id, identity_provider_id, principal_id, name, name_canonical, created_at, updated_at)
     SELECT ${idSql(`${kind}-account`, 'n')}, $2, ${idSql(`${kind}-person`, 'n')}, ${name}, ${name}, now(), now()
     FROM generate_series(1, $1::integer) n`,
    [count, provider],
  );
  await rows(
    `INSERT INTO known_networks (account_id, network, last_sign_in_at)
     SELECT ${idSql(`${kind}-account`, 'n')}, '127.0.0.0/24', now() FROM generate_series(1, $1::integer) n`,
    [count],
  );
  await rows(
    `INSERT INTO local_users (id, account_id, identity_provider_id, name, name_canonical, password_hash, first_name, last_name, created_at, updated_at)
     SELECT ${idSql(`${kind}-user`, 'n')}, ${idSql(`${kind}-account`, 'n')}, $2, ${name}, ${name}, $3, 'First', 'Last', now(), now()
     FROM generate_series(1, $1::integer) n`,
    [count, provider, passwordHash],
  );
  await rows(
    `INSERT INTO registered_devices (account_id, device_id, on_boarded_at, last_seen_at)
     SELECT ${idSql(`${kind}-account`, 'n')}, $2, now(), now() FROM generate_series(1, $1::integer) n`,
    [count, DEVICE],
  );
}

/** A bound authenticator for each of them, that was used before. */
export async function plantSeeds(
  postgres: BenchPostgres,
  database: string,
  kind: string,
  sealedSeeds: readonly Buffer[],
): Promise<void> {
  await postgres.rows(
    database,
    `INSERT INTO totp_enrollments (id, method_id, principal_id, sealed_seed, algorithm, digits, period, skew, bound_at, created_at)
     SELECT gen_random_uuid(), $1, ${idSql(`${kind}-person`, 'n')}, seed, 'SHA1', 6, 30, 1, now(), now()
     FROM unnest($2::bytea[]) WITH ORDINALITY AS sealed (seed, n)`,
    [METHOD, sealedSeeds],
  );
  await postgres.rows(
    database,
    `INSERT INTO factor_throttles (principal_id, method_id, booked, booked_at, updated_at)
     SELECT ${idSql(`${kind}-person`, 'n')}, $1, 0, now(), now() FROM generate_series(1, $2::integer) n`,
    [METHOD, sealedSeeds.length],
  );
}

/** What a sign-in's holder shows. */
export function handleOf(origin: 'vault' | 'appgate', number: number): string {
  return idOf(`handle-${origin}`, number);
}

/** Everybody's password was right a moment ago, and their authenticators are as good as unused: what a round of sign-ins uses up. */
export async function plantSignIns(
  postgres: BenchPostgres,
  database: string,
  {
    kind,
    count,
    origin,
    mount,
  }: { kind: string; count: number; origin: 'vault' | 'appgate'; mount: string | null },
): Promise<void> {
  const rows = (text: string, values: unknown[] = []) => postgres.rows(database, text, values);
  await rows('DELETE FROM sign_ins');
  await rows('UPDATE totp_enrollments SET last_used_step = NULL WHERE last_used_step IS NOT NULL');
  await rows(
    `INSERT INTO sign_ins (id, handle_hash, origin, principal_id, account_id, local_user_id, credential_version, mount_id, device_id, factors, path,
       client_address, created_at, expires_at, session_expires_at, sign_in_epoch)
     SELECT gen_random_uuid(), sha256(${idSql(`handle-${origin}`, 'n')}::text::bytea), '${origin}', ${idSql(`${kind}-person`, 'n')},
       ${idSql(`${kind}-account`, 'n')}, ${idSql(`${kind}-user`, 'n')}, 0, $2::uuid, $3::uuid, '[]', 'auth/userpass/login/${kind}-' || n, '127.0.0.1',
       now(), now() + interval '1 hour', CASE WHEN '${origin}' = 'appgate' THEN now() + interval '1 hour' END, i.sign_in_epoch
     FROM generate_series(1, $1::integer) n, installation i`,
    [count, mount, origin === 'appgate' ? DEVICE : null],
  );
  await rows('VACUUM ANALYZE sign_ins');
  await rows('VACUUM ANALYZE totp_enrollments');
}

/** The secret of a planted token. */
export function secretOf(kind: string, number: number): string {
  return `hvs.bench-${kind}-${number}`;
}

/** A live token of `/v1` for each of them. */
export async function plantServiceTokens(
  postgres: BenchPostgres,
  database: string,
  { kind, count, mount }: { kind: string; count: number; mount: string },
): Promise<void> {
  await postgres.rows(
    database,
    `INSERT INTO tokens (id, token_hash, accessor, origin, principal_id, principal_epoch, installation_epoch, admin_epoch, account_id, local_user_id,
       mount_id, mount_epoch, session_id, policies, factors, metadata, path, display_name, orphan, renewable, creation_ttl, client_address, issued_at,
       expires_at, last_used_at)
     SELECT gen_random_uuid(), sha256(('hvs.bench-${kind}-' || n)::bytea), 'accessor-${kind}-' || n, 'vault', p.id, p.token_epoch, i.token_epoch,
       i.admin_epoch, ${idSql(`${kind}-account`, 'n')}, ${idSql(`${kind}-user`, 'n')}, m.id, m.token_epoch, gen_random_uuid(), '{default}', '[]',
       jsonb_build_object('username', '${kind}-' || n), 'auth/userpass/login/${kind}-' || n, 'userpass-${kind}-' || n, true, true, 86400, '127.0.0.1',
       now(), now() + interval '1 day', now() + interval '1 hour'
     FROM generate_series(1, $1::integer) n CROSS JOIN installation i JOIN principals p ON p.id = ${idSql(`${kind}-person`, 'n')}
     JOIN auth_mounts m ON m.id = $2`,
    [count, mount],
  );
}

/** Full tokens of `/admin` of the built-in administrator, earned with the built-in method. */
export async function plantAdminTokens(
  postgres: BenchPostgres,
  database: string,
  count: number,
): Promise<void> {
  await postgres.rows(
    database,
    `INSERT INTO registered_devices (account_id, device_id, on_boarded_at, last_seen_at)
     SELECT account_id, $1, now(), now() FROM local_users WHERE built_in ON CONFLICT DO NOTHING`,
    [DEVICE],
  );
  await postgres.rows(
    database,
    `INSERT INTO tokens (id, token_hash, accessor, origin, principal_id, principal_epoch, installation_epoch, admin_epoch, account_id, local_user_id,
       session_id, device_id, device_epoch, policies, factors, path, display_name, orphan, renewable, creation_ttl, client_address, issued_at, expires_at,
       last_used_at)
     SELECT gen_random_uuid(), sha256(('hvs.bench-admin-' || n)::bytea), 'accessor-admin-' || n, 'appgate', p.id, p.token_epoch, i.token_epoch,
       i.admin_epoch, a.id, u.id, gen_random_uuid(), d.device_id, d.token_epoch, '{}',
       jsonb_build_array(jsonb_build_object('methodId', $2::text, 'type', 'totp', 'time', '2026-01-01T00:00:00.000Z')),
       '/admin/authorization', 'Administration', true, false, 86400, '127.0.0.1', now(), now() + interval '1 day', now() + interval '1 hour'
     FROM generate_series(1, $1::integer) n CROSS JOIN installation i JOIN local_users u ON u.built_in JOIN accounts a ON a.id = u.account_id
     JOIN principals p ON p.id = a.principal_id JOIN registered_devices d ON d.account_id = a.id AND d.device_id = $3`,
    [count, METHOD, DEVICE],
  );
}
