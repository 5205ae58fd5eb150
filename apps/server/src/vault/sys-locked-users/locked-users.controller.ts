import { Get, Post, Req } from '@nestjs/common';
import { LockedUsersService } from '@sallyport/auth';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { Answer } from '../wire/answer.js';
import { actorOf } from '../wire/caller.js';
import { Fields } from '../wire/fields.js';
import { Describe } from '../wire/route-docs.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { LockedUsersFields, LockedUsersView, UnlockFields } from './locked-users.dto.js';

/** Users who wait after wrong passwords (§7). */
@VaultRoutes('sys/locked-users', 'auth mounts')
export class LockedUsersController {
  constructor(private readonly locked: LockedUsersService) {}

  @Get()
  @Access({ kind: 'capability', capability: 'read' })
  @Describe({
    summary: 'Users who wait after wrong passwords, by mount',
    description:
      'Nobody is locked out for good here: from another network the same user may sign in. `mount_accessor` narrows it to one mount.',
    data: LockedUsersView,
  })
  async list(@Fields() { mount_accessor: accessor }: LockedUsersFields): Promise<Answer> {
    const mounts = (await this.locked.list(accessor || null)).map(({ mountAccessor, names }) => ({
      mount_accessor: mountAccessor,
      counts: names.length,
      alias_identifiers: names,
    }));
    const total = mounts.reduce((sum, { counts }) => sum + counts, 0);
    const root = { namespace_id: 'root', namespace_path: '', counts: total, mount_accessors: mounts };
    return Answer.data({ by_namespace: [root], total });
  }

  @Post(':mount_accessor/unlock/:alias')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Forget the failed passwords of a user',
    description:
      'Ends the waits of that user from every network. A disabled authenticator stays disabled. 204 also where there is no such user.',
    params: { mount_accessor: 'The accessor of the mount.', alias: 'The user name, in any case.' },
  })
  async unlock(
    @Fields() { mount_accessor: accessor, alias }: UnlockFields,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.locked.unlock(accessor, alias, actorOf(request));
  }
}
