import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { AuthMount, IdentityProvider } from '@sallyport/identity';
import { IdentityProvidersService } from '@sallyport/identity';
import type { FastifyRequest } from 'fastify';
import { BearerGuard } from '../../http/bearer.guard.js';
import { MountsOnPath } from '../wire/mounts-on-path.js';

/** An attached userpass mount and the users behind it. */
export interface UserpassMount {
  mount: AuthMount;
  provider: IdentityProvider;
}

const MOUNT = Symbol('userpass mount');

declare module 'fastify' {
  interface FastifyRequest {
    [MOUNT]?: UserpassMount;
  }
}

/** The mount a userpass route was called under. */
export function mountOf(request: FastifyRequest): UserpassMount {
  return request[MOUNT]!;
}

/**
 * Lets a request through to `auth/<mount>/…` only where that is an attached userpass mount. A path under any other counts as
 * authenticated, a login path too (§2.4), so the token is asked for before anything is told.
 */
@Injectable()
export class UserpassMountGuard implements CanActivate {
  constructor(
    private readonly mounts: MountsOnPath,
    private readonly providers: IdentityProvidersService,
    private readonly bearer: BearerGuard,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const found = await this.find((request.params as { mount: string }).mount);
    if (found === null) return this.refuseAuthenticated(request);
    request[MOUNT] = found;
    return true;
  }

  private async find(name: string): Promise<UserpassMount | null> {
    const mount = await this.mounts.find(name);
    if (mount === null || mount.identityProviderId === null) return null;
    const provider = await this.providers.find(mount.identityProviderId);
    return provider === null ? null : { mount, provider };
  }

  private async refuseAuthenticated(request: FastifyRequest): Promise<never> {
    const tokenSent = await this.bearer.identify(request);
    return request.dialect.notFound(request.caller, tokenSent, [], request);
  }
}
