import { Delete, Get, Post, Req, Search } from '@nestjs/common';
import { VaultAuthorityService } from '@sallyport/privileges';
import { TokenRolesService } from '@sallyport/tokens';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { Answer } from '../wire/answer.js';
import { authorityOf } from '../wire/authority.js';
import { actorOf } from '../wire/caller.js';
import { Fields } from '../wire/fields.js';
import { mustMayWrite } from '../wire/granted.js';
import { Describe } from '../wire/route-docs.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { roleName } from './role-name.js';
import { NoFields } from './token.dto.js';
import { RoleNameFields, TokenRoleFields, TokenRoleView } from './token-role.dto.js';
import { changedRole, roleView } from './token-role-view.js';

const NAME = { name: 'The role; compared in lower case.' };

/** Roles tokens are created by (§9). */
@VaultRoutes('auth/token/roles', 'tokens')
export class TokenRolesController {
  constructor(
    private readonly roles: TokenRolesService,
    private readonly authority: VaultAuthorityService,
  ) {}

  @Search()
  @Access({ kind: 'capability', capability: 'list' })
  @Describe({ summary: 'List the token roles', list: TokenRoleView, refuses: { 404: [''] } })
  async list(@Fields() _: NoFields): Promise<Answer> {
    return Answer.list(await this.roles.names());
  }

  @Get(':name')
  @Access({ kind: 'capability', capability: 'read' })
  @Describe({ summary: 'Read a token role', params: NAME, data: TokenRoleView, refuses: { 404: [''] } })
  async read(@Fields() { name }: RoleNameFields): Promise<Answer> {
    const role = await this.roles.find(roleName(name));
    return Answer.found(role && roleView(role));
  }

  @Post(':name')
  @Access({ kind: 'capability', capability: 'update', existence: 'token-role' })
  @Describe({
    summary: 'Create or change a token role',
    description:
      'Whoever writes a role holds every policy it allows by name; what it allows by pattern is judged when a token is made.',
    params: NAME,
    body: TokenRoleFields,
    refuses: { 400: ["invalid 'token_type' value", 'batch tokens are not supported'] },
  })
  async write(@Fields() fields: TokenRoleFields, @Req() request: FastifyRequest): Promise<void> {
    const mustMay = mustMayWrite(request);
    await this.roles.write(
      roleName(fields.name),
      (before) => changedRole(before, fields),
      async (tx, { allowedPolicies }, before) => {
        mustMay(before !== null);
        await this.authority.mustHandOut(tx, authorityOf(request), allowedPolicies);
      },
      actorOf(request),
    );
  }

  @Delete(':name')
  @Access({ kind: 'capability', capability: 'delete' })
  @Describe({
    summary: 'Delete a token role; 204 also where there is none. Its tokens are no longer renewed',
    params: NAME,
  })
  async remove(@Fields() { name }: RoleNameFields, @Req() request: FastifyRequest): Promise<void> {
    await this.roles.remove(roleName(name), actorOf(request));
  }
}
