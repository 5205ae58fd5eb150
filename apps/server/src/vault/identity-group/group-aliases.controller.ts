import { Delete, Get, Post, Req, Search } from '@nestjs/common';
import { GroupAliasesService } from '@sallyport/identity';
import { GroupAdministration } from '@sallyport/privileges';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { Answer } from '../wire/answer.js';
import { actorOf } from '../wire/caller.js';
import { Fields } from '../wire/fields.js';
import { Describe } from '../wire/route-docs.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { GroupAliasFields, NewGroupAliasView } from './group-alias.dto.js';
import { GroupAliasView, GroupIdFields } from './group.dto.js';
import { groupAliasListItem, groupAliasView } from './group-view.js';

const ID = { id: 'The alias: a lowercase UUID.' };
const WRITE = {
  body: GroupAliasFields,
  data: NewGroupAliasView,
  orNothing: true,
  refuses: {
    400: [
      'invalid group alias ID',
      'missing alias name',
      'missing mount_accessor',
      "invalid group ID given in 'canonical_id'",
      "alias can't be set on an internal group",
      'invalid mount accessor "auth_userpass_0"',
      'combination of mount and group alias name is already in use',
    ],
  },
};

/** Group aliases: what external groups are called at their mounts (§10). A write that changes nothing answers 204. */
@VaultRoutes('identity/group-alias', 'groups')
export class GroupAliasesController {
  constructor(
    private readonly aliases: GroupAliasesService,
    private readonly administration: GroupAdministration,
  ) {}

  @Post()
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Create a group alias, or change the one of this id',
    description: 'Another `canonical_id` moves it to that group.',
    ...WRITE,
  })
  async write(@Fields() fields: GroupAliasFields, @Req() request: FastifyRequest): Promise<Answer | void> {
    const values = {
      id: fields.id,
      name: fields.name,
      mountAccessor: fields.mount_accessor,
      canonicalId: fields.canonical_id,
    };
    const alias = await this.administration.writeAlias(values, actorOf(request));
    if (alias !== null) return Answer.data({ id: alias.id, canonical_id: alias.groupId });
  }

  @Search('id')
  @Access({ kind: 'capability', capability: 'list' })
  @Describe({ summary: 'List the group aliases', list: GroupAliasView, refuses: { 404: [''] } })
  async list(): Promise<Answer> {
    const aliases = await this.aliases.list();
    return Answer.list(
      aliases.map(({ id }) => id),
      Object.fromEntries(aliases.map((alias) => [alias.id, groupAliasListItem(alias)])),
    );
  }

  @Get('id/:id')
  @Access({ kind: 'capability', capability: 'read' })
  @Describe({ summary: 'Read a group alias', params: ID, data: GroupAliasView, refuses: { 404: [''] } })
  async read(@Fields() { id }: GroupIdFields): Promise<Answer> {
    const alias = await this.aliases.find(id);
    return Answer.found(alias && groupAliasView(alias));
  }

  @Post('id/:id')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({ summary: 'Change a group alias', params: ID, ...WRITE })
  async change(@Fields() fields: GroupAliasFields, @Req() request: FastifyRequest): Promise<Answer | void> {
    return this.write(fields, request);
  }

  @Delete('id/:id')
  @Access({ kind: 'capability', capability: 'delete' })
  @Describe({ summary: 'Delete a group alias; 204 also where there is none', params: ID })
  async remove(@Fields() { id }: GroupIdFields, @Req() request: FastifyRequest): Promise<void> {
    await this.administration.removeAlias(id, actorOf(request));
  }
}
