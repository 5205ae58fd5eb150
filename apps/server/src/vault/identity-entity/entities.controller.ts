import { Delete, Get, Post, Req, Search } from '@nestjs/common';
import { EntitiesService, EntityDirectoryService } from '@sallyport/identity';
import { EntityAdministration } from '@sallyport/privileges';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { Answer } from '../wire/answer.js';
import { authorityOf } from '../wire/authority.js';
import { actorOf } from '../wire/caller.js';
import { Fields } from '../wire/fields.js';
import { policyNames } from '../wire/policy-names.js';
import { Describe } from '../wire/route-docs.js';
import { isUuid } from '../wire/uuid.js';
import { refuse } from '../wire/vault-error.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import {
  EntityFields,
  EntityIdFields,
  EntityListItem,
  EntityNameFields,
  EntityView,
  NewEntityView,
} from './entity.dto.js';
import { entityListItem } from './entity-list-item.js';
import { EntityReader } from './entity-reader.js';

const ID = { id: 'The entity: a lowercase UUID.' };
const NAME = { name: 'The name of the entity.' };
const WRITE = {
  body: EntityFields,
  data: NewEntityView,
  orNothing: true,
  refuses: {
    400: ['entity not found from id', 'entity name is already in use', 'policies cannot contain root'],
  },
};

/** Entities: persons, whatever they sign in with (§10). A write answers 200 for a new one, 204 for one that existed. */
@VaultRoutes('identity/entity', 'entities')
export class EntitiesController {
  constructor(
    private readonly entities: EntitiesService,
    private readonly directory: EntityDirectoryService,
    private readonly administration: EntityAdministration,
    private readonly reader: EntityReader,
  ) {}

  @Post()
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({ summary: 'Create an entity, or change the one of this id or name', ...WRITE })
  async write(@Fields() fields: EntityFields, @Req() request: FastifyRequest): Promise<Answer | void> {
    const id = fields.id === '' ? undefined : fields.id;
    if (id !== undefined && !isUuid(id)) throw refuse(400, 'entity not found from id');
    const values = { ...fields, id, policies: fields.policies && policyNames(fields.policies) };
    const { entity, created } = await this.administration.write(
      values,
      authorityOf(request),
      actorOf(request),
    );
    if (!created) return;
    return Answer.data({ id: entity.id, name: entity.name, aliases: null });
  }

  @Search('id')
  @Access({ kind: 'capability', capability: 'list' })
  @Describe({ summary: 'List the entities by id', list: EntityListItem, refuses: { 404: [''] } })
  async listIds(): Promise<Answer> {
    return this.listBy('id');
  }

  @Search('name')
  @Access({ kind: 'capability', capability: 'list' })
  @Describe({ summary: 'List the entities by name', list: EntityListItem, refuses: { 404: [''] } })
  async listNames(): Promise<Answer> {
    return this.listBy('name');
  }

  @Get('id/:id')
  @Access({ kind: 'capability', capability: 'read' })
  @Describe({ summary: 'Read an entity', params: ID, data: EntityView, refuses: { 404: [''] } })
  async readById(@Fields() { id }: EntityIdFields): Promise<Answer> {
    const entity = isUuid(id) ? await this.entities.find(id) : null;
    return Answer.found(entity && (await this.reader.entity(entity)));
  }

  @Get('name/:name')
  @Access({ kind: 'capability', capability: 'read' })
  @Describe({ summary: 'Read an entity by its name', params: NAME, data: EntityView, refuses: { 404: [''] } })
  async readByName(@Fields() { name }: EntityNameFields): Promise<Answer> {
    const entity = await this.entities.findByName(name);
    return Answer.found(entity && (await this.reader.entity(entity)));
  }

  @Post('id/:id')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({ summary: 'Change an entity', params: ID, ...WRITE })
  async changeById(@Fields() fields: EntityFields, @Req() request: FastifyRequest): Promise<Answer | void> {
    return this.write(fields, request);
  }

  @Post('name/:name')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({ summary: 'Create or change the entity of this name', params: NAME, ...WRITE })
  async writeByName(@Fields() fields: EntityFields, @Req() request: FastifyRequest): Promise<Answer | void> {
    return this.write({ ...fields, id: undefined }, request);
  }

  @Delete('id/:id')
  @Access({ kind: 'capability', capability: 'delete' })
  @Describe({
    summary: 'Delete an entity with its aliases, seeds and tokens; 204 also where there is none',
    params: ID,
  })
  async removeById(@Fields() { id }: EntityIdFields, @Req() request: FastifyRequest): Promise<void> {
    if (isUuid(id)) await this.administration.remove(id, authorityOf(request), actorOf(request));
  }

  @Delete('name/:name')
  @Access({ kind: 'capability', capability: 'delete' })
  @Describe({ summary: 'The same by name', params: NAME })
  async removeByName(@Fields() { name }: EntityNameFields, @Req() request: FastifyRequest): Promise<void> {
    const entity = await this.entities.findByName(name);
    if (entity !== null) await this.administration.remove(entity.id, authorityOf(request), actorOf(request));
  }

  private async listBy(key: 'id' | 'name'): Promise<Answer> {
    const entities = await this.directory.list();
    return Answer.list(
      entities.map((entity) => entity[key]),
      Object.fromEntries(entities.map((entity) => [entity.id, entityListItem(entity)])),
    );
  }
}
