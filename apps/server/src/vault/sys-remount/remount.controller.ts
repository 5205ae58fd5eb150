import { Get, Post, Req } from '@nestjs/common';
import { LOCAL_MOUNT_PATH, MountTuningService } from '@sallyport/identity';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { Answer } from '../wire/answer.js';
import { actorOf } from '../wire/caller.js';
import { Fields } from '../wire/fields.js';
import { isMountName, MOUNT_PATH_RULE } from '../wire/mounts-on-path.js';
import { Describe } from '../wire/route-docs.js';
import { isUuid } from '../wire/uuid.js';
import { refuse } from '../wire/vault-error.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { MigrationFields, MigrationView, RemountFields, RemountView } from './remount.dto.js';

/** Mounts that stay where they are: what they are follows from their path (§1.4). */
const FIXED = ['token', LOCAL_MOUNT_PATH];

/** Moves an auth mount to another path (§11). It is done when it is answered; clients ask for its state all the same. */
@VaultRoutes('sys/remount', 'auth mounts')
export class RemountController {
  constructor(private readonly tuning: MountTuningService) {}

  @Post()
  @Access({ kind: 'capability', capability: 'update', sudo: true })
  @Describe({
    summary: 'Move an auth mount',
    description:
      'Accessor, users and entities stay; tokens issued through the mount end. `auth/userpass` and `auth/token` stay where they are.',
    body: RemountFields,
    data: RemountView,
    refuses: {
      400: [
        "both 'from' and 'to' path must be specified as a string",
        'no matching mount at "auth/foo/"',
        'path already in use at "auth/bar/"',
        'cannot remount "auth/userpass/"',
        'cannot remount auth mount to non-auth mount "secret/"',
        MOUNT_PATH_RULE,
      ],
    },
  })
  async move(@Fields() { from, to }: RemountFields, @Req() request: FastifyRequest): Promise<Answer> {
    if (from === '' || to === '')
      throw refuse(400, "both 'from' and 'to' path must be specified as a string");
    const [source, target] = [trimmed(from), trimmed(to)];
    const name = authMountOf(source);
    if (name === null) throw refuse(400, `no matching mount at "${source}/"`);
    if (FIXED.includes(name)) throw refuse(400, `cannot remount "${source}/"`);
    const wanted = authMountOf(target);
    if (wanted === null) throw refuse(400, `cannot remount auth mount to non-auth mount "${target}/"`);
    if (!isMountName(wanted)) throw refuse(400, MOUNT_PATH_RULE);
    const move = isMountName(name) ? await this.tuning.move(name, wanted, actorOf(request)) : null;
    if (move === null) throw refuse(400, `no matching mount at "${source}/"`);
    return Answer.data({ migration_id: move.id });
  }

  @Get('status/:migration_id')
  @Access({ kind: 'capability', capability: 'read' })
  @Describe({
    summary: 'The state of a move',
    params: { migration_id: 'What the move answered.' },
    data: MigrationView,
    refuses: { 404: [''] },
  })
  async status(@Fields() { migration_id: id }: MigrationFields): Promise<Answer> {
    const move = isUuid(id) ? await this.tuning.findMove(id) : null;
    if (move === null) throw refuse(404);
    return Answer.data({
      migration_id: move.id,
      migration_info: {
        source_mount: `auth/${move.source}/`,
        target_mount: `auth/${move.target}/`,
        status: 'success',
      },
    });
  }
}

function trimmed(path: string): string {
  return path.replace(/^\/+|(?<!\/)\/+$/g, '');
}

/** What follows `auth/`; null for any other path. */
function authMountOf(path: string): string | null {
  return path.startsWith('auth/') ? path.slice('auth/'.length) : null;
}
