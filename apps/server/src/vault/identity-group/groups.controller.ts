import { Delete, Get, Post, Req, Search } from '@nestjs/common';
import { GroupsService } from '@sallyport/identity';
import { GroupAdministration } from '@sallyport/privileges';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { Answer } from '../wire/answer.js';
import { authorityOf } from '../wire/authority.js';
import { actorOf } from '../wire/caller.js';
import { Fields } from '../wire/fields.js';
import { policyNames } from '../wire/policy-names.js';
import { Describe } from '../wire/route-docs.js';
import { multiError } from '../wire/vault-error.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import {
  GroupFields,
  GroupIdFields,
  GroupListItem,
  GroupNameFields,
  GroupView,
  NewGroupView,
} from './group.dto.js';
import { groupListItem, groupView } from './group-view.js';

const ID = { id: 'The group: a lowercase UUID.' };
const NAME = { name: 'The name of the group.' };
const WRITE = {
  body: GroupFields,
  data: NewGroupView,
  orNothing: true,
  refuses: {
    400: [
      'invalid group ID',
      'policies cannot contain root',
      'group type cannot be changed',
      'invalid group type "other"',
      'group name is already in use',
      "member entities can't be set manually for external groups",
      "member groups can't be set for external groups",
      multiError('invalid entity ID "x"'),
      multiError('invalid member group ID "x"'),
      'cyclic relationship detected for member group ID "6f1c0a52-8f0e-4d53-9f3e-0c7e6f5f2d11"',
    ],
  },
};

/** Groups: ACL policies shared by persons and by groups (§10). A write answers 200 for a new one, 204 for one that existed. */
@VaultRoutes('identity/group', 'groups')
export class GroupsController {
  constructor(
    private readonly groups: GroupsService,
    private readonly administration: GroupAdministration,
  ) {}

  @Post()
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({ summary: 'Create a group, or change the one of this id or name', ...WRITE })
  async write(@Fields() fields: GroupFields, @Req() request: FastifyRequest): Promise<Answer | void> {
    const values = {
      id: fields.id,
      name: fields.name?.trim(),
      type: fields.type,
      policies: fields.policies && policyNames(fields.policies),
      metadata: fields.metadata,
      memberEntityIds: fields.member_entity_ids,
      memberGroupIds: fields.member_group_ids,
    };
    const { group, created } = await this.administration.write(
      values,
      authorityOf(request),
      actorOf(request),
    );
    if (created) return Answer.data({ id: group.id, name: group.name });
  }

  @Search('id')
  @Access({ kind: 'capability', capability: 'list' })
  @Describe({ summary: 'List the groups by id', list: GroupListItem, refuses: { 404: [''] } })
  async listIds(): Promise<Answer> {
    return this.listBy('id');
  }

  @Search('name')
  @Access({ kind: 'capability', capability: 'list' })
  @Describe({ summary: 'List the groups by name', list: GroupListItem, refuses: { 404: [''] } })
  async listNames(): Promise<Answer> {
    return this.listBy('name');
  }

  @Get('id/:id')
  @Access({ kind: 'capability', capability: 'read' })
  @Describe({ summary: 'Read a group', params: ID, data: GroupView, refuses: { 404: [''] } })
  async readById(@Fields() { id }: GroupIdFields): Promise<Answer> {
    const group = await this.groups.find(id);
    return Answer.found(group && groupView(group));
  }

  @Get('name/:name')
  @Access({ kind: 'capability', capability: 'read' })
  @Describe({ summary: 'Read a group by its name', params: NAME, data: GroupView, refuses: { 404: [''] } })
  async readByName(@Fields() { name }: GroupNameFields): Promise<Answer> {
    const group = await this.groups.findByName(name.trim());
    return Answer.found(group && groupView(group));
  }

  @Post('id/:id')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({ summary: 'Change a group', params: ID, ...WRITE })
  async changeById(@Fields() fields: GroupFields, @Req() request: FastifyRequest): Promise<Answer | void> {
    return this.write(fields, request);
  }

  @Post('name/:name')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({ summary: 'Create or change the group of this name', params: NAME, ...WRITE })
  async writeByName(@Fields() fields: GroupFields, @Req() request: FastifyRequest): Promise<Answer | void> {
    return this.write({ ...fields, id: undefined }, request);
  }

  @Delete('id/:id')
  @Access({ kind: 'capability', capability: 'delete' })
  @Describe({ summary: 'Delete a group; 204 also where there is none', params: ID })
  async removeById(@Fields() { id }: GroupIdFields, @Req() request: FastifyRequest): Promise<void> {
    await this.administration.remove(id, authorityOf(request), actorOf(request));
  }

  @Delete('name/:name')
  @Access({ kind: 'capability', capability: 'delete' })
  @Describe({ summary: 'The same by name', params: NAME })
  async removeByName(@Fields() { name }: GroupNameFields, @Req() request: FastifyRequest): Promise<void> {
    const group = await this.groups.findByName(name.trim());
    if (group !== null) await this.administration.remove(group.id, authorityOf(request), actorOf(request));
  }

  private async listBy(key: 'id' | 'name'): Promise<Answer> {
    const groups = await this.groups.list();
    return Answer.list(
      groups.map((group) => group[key]),
      Object.fromEntries(groups.map((group) => [group.id, groupListItem(group)])),
    );
  }
}
