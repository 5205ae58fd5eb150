import { Get, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { Answer } from '../wire/answer.js';
import { actorOf } from '../wire/caller.js';
import { Fields } from '../wire/fields.js';
import { Describe, type RouteDescription } from '../wire/route-docs.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { MountPathFields } from './mount.dto.js';
import { MountTuner } from './mount-tuner.js';
import { TuneFields, TuneView } from './tune.dto.js';

const READ: RouteDescription = {
  summary: 'How an auth mount is tuned',
  params: { path: 'The mount path: one segment.' },
  data: TuneView,
  refuses: { 400: ['cannot fetch sysview for path "auth/foo/"'] },
};
const WRITE: RouteDescription = {
  summary: 'Tune an auth mount',
  description:
    'What is absent stays. The lockout settings feed the waits after wrong passwords; at `userpass` the threshold is the ' +
    '`userLockoutThreshold` of the provider `local` of `/admin`.',
  params: { path: 'The mount path: one segment.' },
  body: TuneFields,
  refuses: {
    400: [
      'tune of path "auth/foo/" failed: no mount entry found',
      'backend max lease TTL of 60 would be less than backend default lease TTL of 3600',
      'invalid listing_visibility',
    ],
  },
};

/** Tuning below `sys/auth`: needs sudo (§11). */
@VaultRoutes('sys/auth', 'auth mounts')
export class AuthTuneController {
  constructor(private readonly tuner: MountTuner) {}

  @Get(':path/tune')
  @Access({ kind: 'capability', capability: 'read', sudo: true })
  @Describe(READ)
  async read(@Fields() { path }: MountPathFields): Promise<Answer> {
    return Answer.data(await this.tuner.read(path));
  }

  @Post(':path/tune')
  @Access({ kind: 'capability', capability: 'update', sudo: true })
  @Describe(WRITE)
  async write(@Fields() fields: TuneFields, @Req() request: FastifyRequest): Promise<void> {
    await this.tuner.write(fields, actorOf(request));
  }
}

/** The same below `sys/mounts`, without sudo: the path Terraform uses (§11). */
@VaultRoutes('sys/mounts/auth', 'auth mounts')
export class MountsTuneController {
  constructor(private readonly tuner: MountTuner) {}

  @Get(':path/tune')
  @Access({ kind: 'capability', capability: 'read' })
  @Describe(READ)
  async read(@Fields() { path }: MountPathFields): Promise<Answer> {
    return Answer.data(await this.tuner.read(path));
  }

  @Post(':path/tune')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe(WRITE)
  async write(@Fields() fields: TuneFields, @Req() request: FastifyRequest): Promise<void> {
    await this.tuner.write(fields, actorOf(request));
  }
}
