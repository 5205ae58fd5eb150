import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { IdentityProvider } from '@sallyport/identity';
import { Keyring } from '@sallyport/platform';
import { ObjectsService, type ObjectValues, type Writer } from '../objects/index.js';
import { IDENTITY_PROVIDERS } from './identity-provider-collection.js';

/** A provider as `/admin` writes it; `secret` is the one its type has, absent: the stored one stays. */
export type ProviderInput = Omit<ObjectValues<IdentityProvider>, 'sealedSecret' | 'blockCommonPasswords'> & {
  secret?: string;
};

/** Writes identity providers; their secrets are sealed before a transaction is opened (S65). */
@Injectable()
export class ProviderAdministrationService {
  constructor(
    private readonly objects: ObjectsService,
    private readonly keyring: Keyring,
  ) {}

  /** @throws DomainError as `ObjectsService.create`. */
  async create(input: ProviderInput, writer: Writer): Promise<IdentityProvider> {
    const id = input.id ?? randomUUID();
    const values = { ...(await this.sealed(id, input)), id, blockCommonPasswords: true };
    return this.objects.create(IDENTITY_PROVIDERS, values, writer);
  }

  /** @throws DomainError as `ObjectsService.replace`. */
  async replace(id: string, input: ProviderInput, writer: Writer): Promise<IdentityProvider> {
    const values = (await this.sealed(id, input)) as ObjectValues<IdentityProvider>;
    return this.objects.replace(IDENTITY_PROVIDERS, id, values, writer);
  }

  private async sealed(id: string, { secret, ...values }: ProviderInput) {
    if (secret === undefined) return values;
    const place = { table: 'identity_providers', column: 'sealed_secret', row: id };
    return { ...values, sealedSecret: await this.keyring.seal(Buffer.from(secret), place) };
  }
}
