import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type MfaMethodType, type MfaProvider, methodSecretPlace } from '@sallyport/mfa-methods';
import { Keyring } from '@sallyport/platform';
import { ObjectsService, type ObjectValues, type Writer } from '@sallyport/privileges';
import { MFA_PROVIDERS } from './mfa-provider-collection.js';

/** A provider as `/admin` writes it; an absent secret: the stored one stays. */
export interface MfaProviderInput {
  id?: string;
  type: MfaMethodType;
  name: string;
  notes: string;
  tags: string[];
  config: Record<string, unknown> & { inputType: string };
  sharedSecret?: string;
  challengeSecret?: string;
}

/** Writes MFA providers; their secrets are sealed before a transaction is opened (S65). */
@Injectable()
export class MfaProvidersService {
  constructor(
    private readonly objects: ObjectsService,
    private readonly keyring: Keyring,
  ) {}

  /** @throws DomainError as `ObjectsService.create`. */
  async create(input: MfaProviderInput, writer: Writer): Promise<MfaProvider> {
    const id = input.id ?? randomUUID();
    const values = { ...(await this.sealed(id, input)), id, offeredAt: ['appgate'] };
    return this.objects.create(MFA_PROVIDERS, values as ObjectValues<MfaProvider>, writer);
  }

  /**
   * Replaces a provider whole; of a built-in one's settings only the input type.
   * @param before as the caller found it.
   * @throws DomainError as `ObjectsService.replace`.
   */
  async replace(before: MfaProvider, input: MfaProviderInput, writer: Writer): Promise<MfaProvider> {
    const config = before.builtIn ? { ...before.config, inputType: input.config.inputType } : input.config;
    const values = { ...(await this.sealed(before.id, { ...input, config })), offeredAt: before.offeredAt };
    return this.objects.replace(MFA_PROVIDERS, before.id, values, writer);
  }

  private async sealed(id: string, { sharedSecret, challengeSecret, ...values }: MfaProviderInput) {
    const seal = (column: Parameters<typeof methodSecretPlace>[0], secret: string | undefined) =>
      secret === undefined
        ? undefined
        : this.keyring.seal(Buffer.from(secret), methodSecretPlace(column, id));
    return {
      ...values,
      sealedSharedSecret: await seal('sealed_shared_secret', sharedSecret),
      sealedChallengeSecret: await seal('sealed_challenge_secret', challengeSecret),
    };
  }
}
