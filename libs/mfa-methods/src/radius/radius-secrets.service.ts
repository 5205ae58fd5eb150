import { Injectable } from '@nestjs/common';
import { Database, Keyring, type SealPlace } from '@sallyport/platform';

type SecretColumn = 'sealed_shared_secret' | 'sealed_challenge_secret';

/** Where a method's secret lives, bound into its seal (S65). */
export function methodSecretPlace(column: SecretColumn, methodId: string): SealPlace {
  return { table: 'mfa_methods', column, row: methodId };
}

/** Opens the secrets of RADIUS methods. */
@Injectable()
export class RadiusSecretsService {
  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
  ) {}

  /** @returns the secret shared with the server, and what the first request of a challenge carries; null: not set. */
  async open(methodId: string): Promise<{ shared: Buffer | null; challenge: string | null }> {
    const [row] = await this.database.query<Record<SecretColumn, Buffer | null>>(
      'SELECT sealed_shared_secret, sealed_challenge_secret FROM mfa_methods WHERE id = $1',
      [methodId],
    );
    const unseal = async (column: SecretColumn) =>
      row?.[column] ? this.keyring.unseal(row[column], methodSecretPlace(column, methodId)) : null;
    const [shared, challenge] = [
      await unseal('sealed_shared_secret'),
      await unseal('sealed_challenge_secret'),
    ];
    return { shared, challenge: challenge?.toString() ?? null };
  }
}
