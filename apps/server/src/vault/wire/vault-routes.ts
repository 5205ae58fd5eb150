import { applyDecorators, Controller } from '@nestjs/common';
import { ApiExtraModels, ApiTags } from '@nestjs/swagger';
import { VaultEnvelope, VaultErrors } from './route-docs.js';

/** A controller of `/v1`: its path below the prefix, and its heading in the documentation. */
export function VaultRoutes(path: string, heading: string): ClassDecorator {
  return applyDecorators(
    Controller(`v1/${path}`),
    ApiTags(`Vault: ${heading}`),
    ApiExtraModels(VaultEnvelope, VaultErrors),
  );
}
