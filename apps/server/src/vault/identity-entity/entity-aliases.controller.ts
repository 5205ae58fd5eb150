import { Delete, Get, Post, Req, Search } from '@nestjs/common';
import { EntityAliasesService } from '@sallyport/identity';
import { EntityAdministration } from '@sallyport/privileges';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { Answer } from '../wire/answer.js';
import { authorityOf } from '../wire/authority.js';
import { actorOf } from '../wire/caller.js';
import { Fields } from '../wire/fields.js';
import { Describe } from '../wire/route-docs.js';
import { isUuid } from '../wire/uuid.js';
import { refuse } from '../wire/vault-error.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { AliasFields, NewAliasView } from './entity-alias.dto.js';
import { AliasView, EntityIdFields } from './entity.dto.js';
import { EntityReader } from './entity-reader.js';

const ID = { id: 'The alias: a lowercase UUID.' };
const WRITE = {
  body: AliasFields,
  data: NewAliasView,
  orNothing: true,
  refuses: {
    400: [
      "'id' or 'mount_accessor' and 'name' must be provided",
      'invalid mount accessor "auth_userpass_0"',
      'invalid canonical ID',
      'Alias already exists for requested entity and mount accessor',
      'alias with combination of mount accessor and name already exists',
    ],
  },
};

/** Entity aliases: the logins of an entity (§10). A write that changes nothing answers 204. */
@VaultRoutes('identity/entity-alias', 'entities')
export class EntityAliasesController {
  constructor(
    private readonly aliases: EntityAliasesService,
    private readonly administration: EntityAdministration,
    private readonly reader: EntityReader,
  ) {}

  @Post()
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Create an alias, or change the one of this id or (mount, name)',
    description: 'Another `canonical_id` moves the login to that entity, not its seeds.',
    ...WRITE,
  })
  async write(@Fields() fields: AliasFields, @Req() request: FastifyRequest): Promise<Answer | void> {
    const canonicalId = fields.canonical_id || fields.entity_id || undefined;
    if (canonicalId !== undefined && !isUuid(canonicalId)) throw refuse(400, 'invalid canonical ID');
    const values = {
      id: isUuid(fields.id) ? fields.id : undefined,
      name: fields.name,
      canonicalId,
      mountAccessor: fields.mount_accessor,
      customMetadata: fields.custom_metadata,
    };
    const { alias, changed } = await this.administration.writeAlias(
      values,
      authorityOf(request),
      actorOf(request),
    );
    if (!changed) return;
    return Answer.data({ id: alias.id, canonical_id: alias.principalId });
  }

  @Search('id')
  @Access({ kind: 'capability', capability: 'list' })
  @Describe({ summary: 'List the aliases', list: AliasView, refuses: { 404: [''] } })
  async list(): Promise<Answer> {
    const views = await this.reader.aliases(await this.aliases.list());
    const items = views.map((view) => [view.id, listItem(view)] as const);
    return Answer.list(
      views.map(({ id }) => id),
      Object.fromEntries(items),
    );
  }

  @Get('id/:id')
  @Access({ kind: 'capability', capability: 'read' })
  @Describe({ summary: 'Read an alias', params: ID, data: AliasView, refuses: { 404: [''] } })
  async read(@Fields() { id }: EntityIdFields): Promise<Answer> {
    const alias = isUuid(id) ? await this.aliases.find(id) : null;
    const [view] = alias === null ? [] : await this.reader.aliases([alias]);
    return Answer.found(view ?? null);
  }

  @Post('id/:id')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({ summary: 'Change an alias', params: ID, ...WRITE })
  async change(@Fields() fields: AliasFields, @Req() request: FastifyRequest): Promise<Answer | void> {
    return this.write(fields, request);
  }

  @Delete('id/:id')
  @Access({ kind: 'capability', capability: 'delete' })
  @Describe({ summary: 'Delete an alias; 204 also where there is none', params: ID })
  async remove(@Fields() { id }: EntityIdFields, @Req() request: FastifyRequest): Promise<void> {
    if (isUuid(id)) await this.administration.removeAlias(id, authorityOf(request), actorOf(request));
  }
}

function listItem({ name, canonical_id, mount_accessor, mount_type, mount_path, local }: AliasView): object {
  return { name, canonical_id, mount_accessor, mount_type, mount_path, local };
}
