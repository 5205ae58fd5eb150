import { Delete, Get, Post, Req } from '@nestjs/common';
import { AuthMountsService, MountTuningService } from '@sallyport/identity';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { Answer } from '../wire/answer.js';
import { actorOf } from '../wire/caller.js';
import { Fields, readFields } from '../wire/fields.js';
import { isMountName, MOUNT_PATH_RULE } from '../wire/mounts-on-path.js';
import { Describe } from '../wire/route-docs.js';
import { refuse } from '../wire/vault-error.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { lockoutOf } from './lockout-fields.js';
import { MountReader } from './mount-reader.js';
import { mountView } from './mount-view.js';
import {
  EnableMountFields,
  MountConfigFields,
  MountPathFields,
  MountTableView,
  MountView,
} from './mount.dto.js';

const PATH = { path: 'The mount path: one segment.' };

/** Auth mounts (§11): list, read, enable, disable. */
@VaultRoutes('sys/auth', 'auth mounts')
export class SysAuthController {
  constructor(
    private readonly mounts: AuthMountsService,
    private readonly tuning: MountTuningService,
    private readonly reader: MountReader,
  ) {}

  @Get()
  @Access({ kind: 'capability', capability: 'read' })
  @Describe({ summary: 'The attached auth mounts, by path', data: MountTableView })
  async all(): Promise<Answer> {
    const mounts = await this.mounts.attached();
    const thresholds = await this.tuning.thresholdsOf(mounts);
    const views = mounts.map((mount) => [`${mount.path}/`, mountView(mount, thresholds.get(mount.id))]);
    return Answer.data(Object.fromEntries(views));
  }

  @Get(':path')
  @Access({ kind: 'capability', capability: 'read', sudo: true })
  @Describe({
    summary: 'One auth mount',
    params: PATH,
    data: MountView,
    refuses: { 400: ['No auth engine at foo/'] },
  })
  async read(@Fields() { path }: MountPathFields): Promise<Answer> {
    const mount = await this.reader.find(path);
    if (mount === null) throw refuse(400, `No auth engine at ${path}/`);
    return Answer.data(mount);
  }

  @Post(':path')
  @Access({ kind: 'capability', capability: 'update', sudo: true })
  @Describe({
    summary: 'Enable a userpass mount',
    description:
      'At `userpass` it attaches the users of `/admin`; at any other path it makes a user store of its own.',
    params: PATH,
    body: EnableMountFields,
    refuses: {
      400: [
        'backend type must be specified as a string',
        'plugin not found in the catalog: ldap',
        'path is already in use at userpass/',
        MOUNT_PATH_RULE,
      ],
    },
  })
  async enable(@Fields() fields: EnableMountFields, @Req() request: FastifyRequest): Promise<void> {
    const { path, type, description } = fields;
    const config = readFields(MountConfigFields, fields.config);
    if (!isMountName(path)) throw refuse(400, MOUNT_PATH_RULE);
    if (type !== 'userpass') throw refuse(400, `plugin not found in the catalog: ${type}`);
    if (config.max_lease_ttl > 0 && config.default_lease_ttl > config.max_lease_ttl) {
      throw refuse(400, 'default_lease_ttl cannot be greater than max_lease_ttl');
    }
    const mount = {
      description,
      defaultLeaseTtl: config.default_lease_ttl,
      maxLeaseTtl: config.max_lease_ttl,
      listingVisibility: config.listing_visibility || null,
      tokenType: config.token_type || 'default-service',
      lockout: lockoutOf(config),
    };
    await this.mounts.attach(path, mount, actorOf(request));
  }

  @Delete(':path')
  @Access({ kind: 'capability', capability: 'delete', sudo: true })
  @Describe({
    summary: 'Disable a mount; its tokens end',
    description:
      '`userpass` keeps its users and its accessor, another mount loses them. 204 also where there is none.',
    params: PATH,
    refuses: { 400: ['token credential backend cannot be disabled'] },
  })
  async disable(@Fields() { path }: MountPathFields, @Req() request: FastifyRequest): Promise<void> {
    if (path === 'token') throw refuse(400, 'token credential backend cannot be disabled');
    await this.mounts.detach(path, actorOf(request));
  }
}
