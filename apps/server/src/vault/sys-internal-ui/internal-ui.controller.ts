import { Get, Req } from '@nestjs/common';
import { type AuthMount, AuthMountsService, MountTuningService } from '@sallyport/identity';
import { AclService } from '@sallyport/privileges';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { BearerGuard } from '../../http/bearer.guard.js';
import { mountView } from '../sys-auth/mount-view.js';
import { Answer } from '../wire/answer.js';
import { aclSubjectOf, type VaultCaller } from '../wire/caller.js';
import { Fields } from '../wire/fields.js';
import { Describe } from '../wire/route-docs.js';
import { multiError, refuse } from '../wire/vault-error.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { ResultantAclView, UiMountFields, UiMountsView, UiMountView } from './internal-ui.dto.js';
import { reachesMount } from './mount-reach.js';

/** What user interfaces and the CLI ask to show the right things (§11). */
@VaultRoutes('sys/internal/ui', 'auth mounts')
export class InternalUiController {
  constructor(
    private readonly mounts: AuthMountsService,
    private readonly tuning: MountTuningService,
    private readonly acl: AclService,
    private readonly bearer: BearerGuard,
  ) {}

  @Get('mounts')
  @Access({ kind: 'open' })
  @Describe({
    summary: 'The mounts a caller may see',
    description: 'Without a token those with listing_visibility `unauth`; with one those its policies reach.',
    data: UiMountsView,
    open: true,
  })
  async visible(@Req() request: FastifyRequest): Promise<Answer> {
    const mounts = await this.mounts.attached();
    if (!(await this.bearer.identify(request))) return uiMounts(mounts.filter(isPublic), briefView);
    const caller = request.caller as VaultCaller | null;
    if (caller === null) throw refuse(403, multiError('permission denied', 'invalid token'));
    const resultant = await this.acl.resultant(aclSubjectOf(request));
    const reached = mounts.filter((mount) => isPublic(mount) || reachesMount(resultant, prefixOf(mount)));
    const thresholds = await this.tuning.thresholdsOf(reached);
    return uiMounts(reached, (mount) => mountView(mount, thresholds.get(mount.id)));
  }

  @Get('mounts/*')
  @Access({ kind: 'live-token' })
  @Describe({
    summary: 'The mount a path lies under',
    params: { path: 'A path such as `auth/userpass/users`.' },
    data: UiMountView,
    refuses: {
      403: [
        'preflight capability check returned 403, please ensure client\'s policies grant access to path "auth/foo/"',
      ],
    },
  })
  async under(@Fields() { '*': path = '' }: UiMountFields, @Req() request: FastifyRequest): Promise<Answer> {
    const resultant = await this.acl.resultant(aclSubjectOf(request));
    const mounts = await this.mounts.attached();
    const mount = mounts.find((each) => `${path}/`.startsWith(prefixOf(each)));
    if (mount === undefined || !reachesMount(resultant, prefixOf(mount)))
      throw refuse(
        403,
        `preflight capability check returned 403, please ensure client's policies grant access to path "${path.replace(/\/$/, '')}/"`,
      );
    const thresholds = await this.tuning.thresholdsOf([mount]);
    return Answer.data({ ...mountView(mount, thresholds.get(mount.id)), path: prefixOf(mount) });
  }

  @Get('resultant-acl')
  @Access({ kind: 'capability', capability: 'read' })
  @Describe({ summary: "What the caller's policies allow, by path", data: ResultantAclView })
  async resultant(@Req() request: FastifyRequest): Promise<Answer> {
    return Answer.data(await this.acl.resultant(aclSubjectOf(request)));
  }
}

function prefixOf({ path }: AuthMount): string {
  return `auth/${path}/`;
}

function isPublic({ listingVisibility }: AuthMount): boolean {
  return listingVisibility === 'unauth';
}

function briefView({ type, description }: AuthMount): object {
  return { type, description, options: null };
}

function uiMounts(mounts: AuthMount[], view: (mount: AuthMount) => object): Answer {
  return Answer.data({
    auth: Object.fromEntries(mounts.map((mount) => [`${mount.path}/`, view(mount)])),
    secret: {},
  });
}
