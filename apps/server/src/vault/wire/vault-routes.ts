import { applyDecorators, Controller, UseInterceptors } from '@nestjs/common';
import { ApiExtraModels, ApiTags } from '@nestjs/swagger';
import { Enveloped, EnvelopeInterceptor, type Envelope } from './envelope.interceptor.js';
import { VaultEnvelope, VaultErrors } from './route-docs.js';

/** A controller of `/v1`: its path below the prefix, how its answers are wrapped, and its heading in the documentation. */
export function VaultRoutes(path: string, envelope: Envelope, heading: string): ClassDecorator {
  return applyDecorators(
    Controller(`v1/${path}`),
    UseInterceptors(EnvelopeInterceptor),
    Enveloped(envelope),
    ApiTags(`Vault: ${heading}`),
    ApiExtraModels(VaultEnvelope, VaultErrors),
  );
}
