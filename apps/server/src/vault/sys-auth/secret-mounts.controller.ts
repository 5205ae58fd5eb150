import { Get } from '@nestjs/common';
import { Access } from '../../http/access.js';
import { Answer } from '../wire/answer.js';
import { Fields } from '../wire/fields.js';
import { Describe } from '../wire/route-docs.js';
import { refuse } from '../wire/vault-error.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { MountReader } from './mount-reader.js';
import { MountPathFields, MountView, SecretMountsView } from './mount.dto.js';

/** Secret engines, of which there are none: `vault secrets list` and user interfaces ask before they do anything else. */
@VaultRoutes('sys/mounts', 'auth mounts')
export class SecretMountsController {
  constructor(private readonly mounts: MountReader) {}

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

  @Get('auth/:path')
  @Access({ kind: 'capability', capability: 'read' })
  @Describe({
    summary: 'One auth mount, without sudo',
    description: '`Sys().GetAuth` of the Go client, and with it Terraform, reads an auth mount here.',
    params: { path: 'The mount path: one segment.' },
    data: MountView,
    refuses: { 400: ['No secret engine mount at auth/foo/'] },
  })
  async read(@Fields() { path }: MountPathFields): Promise<Answer> {
    const mount = await this.mounts.find(path);
    if (mount === null) throw refuse(400, `No secret engine mount at auth/${path}/`);
    return Answer.data(mount);
  }
}
