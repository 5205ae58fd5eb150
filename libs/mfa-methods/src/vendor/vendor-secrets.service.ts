import { Injectable } from '@nestjs/common';
import { Database, Keyring, type SealPlace } from '@sallyport/platform';

/** Where the keys of a method's push service live, bound into their seal (S65). */
export function vendorSecretsPlace(methodId: string): SealPlace {
  return { table: 'mfa_methods', column: 'sealed_vendor_secrets', row: methodId };
}

/** Opens the keys of push services. */
@Injectable()
export class VendorSecretsService {
  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
  ) {}

  /** @returns what was sealed for the method, by the names its type gave it; null where there is nothing. */
  async open<Name extends string>(methodId: string): Promise<Record<Name, string> | null> {
    const [row] = await this.database.query<{ sealed: Buffer | null }>(
      'SELECT sealed_vendor_secrets AS sealed FROM mfa_methods WHERE id = $1',
      [methodId],
    );
    if (!row?.sealed) return null;
    const opened = await this.keyring.unseal(row.sealed, vendorSecretsPlace(methodId));
    return JSON.parse(opened.toString()) as Record<Name, string>;
  }
}
