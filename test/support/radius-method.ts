import { randomUUID } from 'node:crypto';
import { methodSecretPlace, type RadiusConfig } from '@sallyport/mfa-methods';
import { Keyring } from '@sallyport/platform';
import type { Sallyport } from './sallyport.js';

export interface PlantedMethod extends Partial<RadiusConfig> {
  sharedSecret: string;
  challengeSharedSecret?: string;
  inputType?: string;
}

/** Plants a RADIUS provider as the one of `/admin`. @returns its id. */
export async function plantRadius(server: Sallyport, method: PlantedMethod): Promise<string> {
  const { sharedSecret, challengeSharedSecret, ...config } = method;
  const id = randomUUID();
  const keyring = server.app.get(Keyring, { strict: false });
  const seal = (secret: string, column: Parameters<typeof methodSecretPlace>[0]) =>
    keyring.seal(Buffer.from(secret), methodSecretPlace(column, id));
  await server.database.query(
    `INSERT INTO mfa_methods (id, type, provider_name, offered_at, config, sealed_shared_secret, sealed_challenge_secret,
       created_at, updated_at) VALUES ($1, 'radius', $2, '{appgate}', $3, $4, $5, $6, $6)`,
    [
      id,
      `radius ${id}`,
      { hostnames: ['127.0.0.1'], ...config },
      await seal(sharedSecret, 'sealed_shared_secret'),
      challengeSharedSecret === undefined
        ? null
        : await seal(challengeSharedSecret, 'sealed_challenge_secret'),
      server.clock.now(),
    ],
  );
  await server.database.query('UPDATE admin_mfa_settings SET provider_id = $1', [id]);
  return id;
}
