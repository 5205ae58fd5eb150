import { Post } from '@nestjs/common';
import {
  EntitiesService,
  EntityAliasesService,
  type Group,
  GroupAliasesService,
  GroupsService,
  type Principal,
} from '@sallyport/identity';
import { Access } from '../../http/access.js';
import { EntityReader } from '../identity-entity/entity-reader.js';
import { EntityView } from '../identity-entity/entity.dto.js';
import { GroupView } from '../identity-group/group.dto.js';
import { groupView } from '../identity-group/group-view.js';
import { Answer } from '../wire/answer.js';
import { Fields } from '../wire/fields.js';
import { Describe } from '../wire/route-docs.js';
import { isUuid } from '../wire/uuid.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { LOOKUP_REFUSALS, type LookupQuery, lookupQuery } from './lookup-query.js';
import { LookupFields } from './lookup.dto.js';

const LOOKUP = { body: LookupFields, orNothing: true, refuses: { 400: [...LOOKUP_REFUSALS] } };

/** Finds an entity or a group by what points at it; 204 where there is none (§10). */
@VaultRoutes('identity/lookup', 'entities')
export class LookupController {
  constructor(
    private readonly entities: EntitiesService,
    private readonly aliases: EntityAliasesService,
    private readonly groups: GroupsService,
    private readonly groupAliases: GroupAliasesService,
    private readonly reader: EntityReader,
  ) {}

  @Post('entity')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Find an entity by its name, its id or one of its aliases',
    data: EntityView,
    ...LOOKUP,
  })
  async entity(@Fields() fields: LookupFields): Promise<Answer | void> {
    const query = lookupQuery(fields);
    const entity = query && (await this.findEntity(query));
    if (entity !== null) return Answer.data(await this.reader.entity(entity));
  }

  @Post('group')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({ summary: 'Find a group by its name, its id or its alias', data: GroupView, ...LOOKUP })
  async group(@Fields() fields: LookupFields): Promise<Answer | void> {
    const query = lookupQuery(fields);
    const group = query && (await this.findGroup(query));
    if (group !== null) return Answer.data(groupView(group));
  }

  private async findEntity(query: LookupQuery): Promise<Principal | null> {
    if (query.by === 'factors') {
      const alias = await this.aliases.findByFactors(query.mountAccessor, query.name);
      return alias && this.entities.find(alias.principalId);
    }
    if (query.by === 'name') return this.entities.findByName(query.value);
    if (!isUuid(query.value)) return null;
    if (query.by === 'id') return this.entities.find(query.value);
    const alias = await this.aliases.find(query.value);
    return alias && this.entities.find(alias.principalId);
  }

  private async findGroup(query: LookupQuery): Promise<Group | null> {
    if (query.by === 'factors') {
      const alias = await this.groupAliases.findByFactors(query.mountAccessor, query.name);
      return alias && this.groups.find(alias.groupId);
    }
    if (query.by === 'name') return this.groups.findByName(query.value.trim());
    return query.by === 'id' ? this.groups.find(query.value) : this.groupAliases.groupOf(query.value);
  }
}
