import { Delete, Get, Post, Req, Search, UseGuards } from '@nestjs/common';
import { LocalUsersService } from '@sallyport/identity';
import { MountUsersService } from '@sallyport/privileges';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { Answer } from '../wire/answer.js';
import { authorityOf } from '../wire/authority.js';
import { actorOf } from '../wire/caller.js';
import { Fields } from '../wire/fields.js';
import { mustMayWrite } from '../wire/granted.js';
import { Describe } from '../wire/route-docs.js';
import { multiError, refuse } from '../wire/vault-error.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { changedSettings, userView } from './token-settings.js';
import { UserFields, UsernameFields, UserPasswordFields, UserPoliciesFields, UserView } from './user.dto.js';
import { mountOf, UserpassMountGuard } from './userpass-mount.guard.js';

const MOUNT = { mount: 'The mount path: one segment.' };
const USER = { ...MOUNT, username: 'The user name, in any case.' };
const UNKNOWN = multiError('username does not exist');
const PASSWORD_RULES = ['missing password', 'invalid username', 'password is too common'];

/** Users of a userpass mount (§8); those of `userpass/` are the local users of `/admin`. */
@UseGuards(UserpassMountGuard)
@VaultRoutes('auth/:mount/users', 'userpass')
export class UsersController {
  constructor(
    private readonly users: LocalUsersService,
    private readonly administration: MountUsersService,
  ) {}

  @Search()
  @Access({ kind: 'capability', capability: 'list' })
  @Describe({ summary: 'List the users', params: MOUNT, list: UserView, refuses: { 404: [''] } })
  async list(@Req() request: FastifyRequest): Promise<Answer> {
    return Answer.list(await this.users.namesOf(mountOf(request).provider.id));
  }

  @Get(':username')
  @Access({ kind: 'capability', capability: 'read' })
  @Describe({
    summary: 'Read a user; never the password',
    params: USER,
    data: UserView,
    refuses: { 404: [''] },
  })
  async read(@Fields() { username }: UsernameFields, @Req() request: FastifyRequest): Promise<Answer> {
    const user = await this.users.findByName(mountOf(request).provider.id, username);
    return Answer.found(user && userView(user.tokenSettings));
  }

  @Post(':username')
  @Access({ kind: 'capability', capability: 'update', existence: 'mount-user' })
  @Describe({
    summary: "Create or change a user; a new password ends the person's tokens",
    params: USER,
    body: UserFields,
    refuses: {
      400: [
        ...PASSWORD_RULES,
        'password_hash is not supported',
        "'token_ttl' cannot be greater than 'token_max_ttl'",
        "'token_ttl' cannot be negative",
        'batch tokens are not supported',
      ],
    },
  })
  async write(@Fields() fields: UserFields, @Req() request: FastifyRequest): Promise<void> {
    const change = {
      ...(fields.password ? { password: fields.password } : {}),
      tokenSettings: (before: Parameters<typeof changedSettings>[0]) => changedSettings(before, fields),
      mustMay: mustMayWrite(request),
    };
    const { provider } = mountOf(request);
    await this.administration.write(
      provider,
      fields.username,
      change,
      authorityOf(request),
      actorOf(request),
    );
  }

  @Delete(':username')
  @Access({ kind: 'capability', capability: 'delete' })
  @Describe({
    summary: 'Delete a user; entity, alias and seeds stay. 204 also where there is none',
    params: USER,
    refuses: { 400: ['built-in user cannot be deleted'] },
  })
  async remove(@Fields() { username }: UsernameFields, @Req() request: FastifyRequest): Promise<void> {
    const { provider } = mountOf(request);
    await this.administration.remove(provider, username, authorityOf(request), actorOf(request));
  }

  @Post(':username/password')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: "Set a user's password; it ends the person's tokens",
    params: USER,
    body: UserPasswordFields,
    refuses: { 400: [...PASSWORD_RULES, UNKNOWN] },
  })
  async setPassword(@Fields() fields: UserPasswordFields, @Req() request: FastifyRequest): Promise<void> {
    if (!fields.password) throw refuse(400, 'missing password');
    const change = { password: fields.password, mustExist: true };
    const { provider } = mountOf(request);
    await this.administration.write(
      provider,
      fields.username,
      change,
      authorityOf(request),
      actorOf(request),
    );
  }

  @Post(':username/policies')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: "Set the policies of a user's tokens",
    params: USER,
    body: UserPoliciesFields,
    refuses: { 400: [UNKNOWN] },
  })
  async setPolicies(@Fields() fields: UserPoliciesFields, @Req() request: FastifyRequest): Promise<void> {
    const { token_policies, policies } = fields;
    const change = {
      tokenSettings: (before: Parameters<typeof changedSettings>[0]) =>
        changedSettings(before, { token_policies, policies }),
      mustExist: true,
    };
    const { provider } = mountOf(request);
    await this.administration.write(
      provider,
      fields.username,
      change,
      authorityOf(request),
      actorOf(request),
    );
  }
}
