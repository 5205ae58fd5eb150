import { Injectable } from '@nestjs/common';
import { canonicalName, LocalUsersService } from '@sallyport/identity';
import { TokenRolesService } from '@sallyport/tokens';
import type { FastifyRequest } from 'fastify';
import type { AccessStatement } from '../../http/access.js';
import { MountsOnPath } from './mounts-on-path.js';

type Kind = NonNullable<Extract<AccessStatement, { kind: 'capability' }>['existence']>;

/** Looks whether the object of a write is there: the two endpoints where making and changing are different rights (vault.md §12). */
@Injectable()
export class ObjectExistence {
  constructor(
    private readonly mounts: MountsOnPath,
    private readonly users: LocalUsersService,
    private readonly roles: TokenRolesService,
  ) {}

  async of(kind: Kind, request: FastifyRequest): Promise<boolean> {
    const params = request.params as Record<string, string>;
    if (kind === 'token-role') return this.isRole(params.name ?? '');
    const mount = await this.mounts.find(params.mount ?? '');
    if (mount === null || mount.identityProviderId === null) return true;
    return (await this.users.findByName(mount.identityProviderId, params.username ?? '')) !== null;
  }

  private async isRole(sent: string): Promise<boolean> {
    return (await this.roles.find(canonicalName(sent))) !== null;
  }
}
