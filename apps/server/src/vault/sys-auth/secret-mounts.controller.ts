import { Get } from '@nestjs/common';
import { Access } from '../../http/access.js';
import { Answer } from '../wire/answer.js';
import { Describe } from '../wire/route-docs.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { SecretMountsView } from './mount.dto.js';

/** Secret engines, of which there are none: `vault secrets list` and user interfaces ask before they do anything else. */
@VaultRoutes('sys/mounts', 'auth mounts')
export class SecretMountsController {
  @Get()
  @Access({ kind: 'capability', capability: 'read' })
  @Describe({
    summary: 'The secret engines: none',
    description: 'Sallyport keeps no secrets of others; auth mounts are at `sys/auth`.',
    data: SecretMountsView,
  })
  none(): Answer {
    return Answer.data({});
  }
}
