import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Database } from '@sallyport/platform';

/** Code points below which a password alone is weak (NIST SP 800-63B-4, 3.1.1.2), and below which any is. */
const ADVISED = 15;
const LEAST = 8;

interface Row {
  name: string;
  least: number;
  factor_owed: boolean;
}

/** Says at the start where passwords may be shorter than they should be (S01). */
@Injectable()
export class PasswordAdvice implements OnApplicationBootstrap {
  private readonly logger = new Logger('Passwords');

  constructor(private readonly database: Database) {}

  async onApplicationBootstrap(): Promise<void> {
    const providers = await this.database.query<Row>(PROVIDERS, [ADVISED]);
    for (const { name, least } of providers.filter((provider) => provider.least < LEAST))
      this.logger.warn(
        `${JSON.stringify(name)} takes passwords of fewer than ${LEAST} characters (${least})`,
      );
    if (providers.length > 0 && !providers[0]!.factor_owed)
      this.logger.log(
        `no second factor is enforced: passwords of at least ${ADVISED} characters are advised`,
      );
  }
}

const PROVIDERS = `
  SELECT name, greatest(min_password_length, 5) AS least,
    EXISTS (SELECT 1 FROM admin_mfa_settings WHERE provider_id IS NOT NULL)
      OR EXISTS (SELECT 1 FROM login_enforcements) AS factor_owed
  FROM identity_providers
  WHERE type IN ('LocalDatabase', 'Userpass') AND min_password_length < $1
  ORDER BY name`;
