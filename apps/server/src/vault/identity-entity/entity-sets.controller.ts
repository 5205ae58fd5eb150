import { Post, Req } from '@nestjs/common';
import { EntityMergeService } from '@sallyport/auth';
import { EntityAdministration } from '@sallyport/privileges';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { authorityOf } from '../wire/authority.js';
import { actorOf } from '../wire/caller.js';
import { Fields } from '../wire/fields.js';
import { Describe } from '../wire/route-docs.js';
import { isUuid } from '../wire/uuid.js';
import { multiError } from '../wire/vault-error.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { BatchDeleteFields, MergeFields } from './entity-merge.dto.js';

const REMAINS = 'a full administrator must remain';
const TOO_MANY = 'too many entity ids';

/** Acts on several entities at once: all of it happens or none (§10). */
@VaultRoutes('identity/entity', 'entities')
export class EntitySetsController {
  constructor(
    private readonly administration: EntityAdministration,
    private readonly merging: EntityMergeService,
  ) {}

  @Post('batch-delete')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Delete entities with their aliases, seeds and tokens; unknown ids are passed over',
    body: BatchDeleteFields,
    refuses: { 400: ['missing entity ids to delete', TOO_MANY, REMAINS] },
  })
  async removeAll(
    @Fields() { entity_ids }: BatchDeleteFields,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.administration.removeAll(entity_ids.filter(isUuid), authorityOf(request), actorOf(request));
  }

  @Post('merge')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Make one entity of several',
    description:
      'Aliases, authenticators, memberships and enforcements go to `to_entity_id`; policies and metadata do not. The tokens of the others end.',
    body: MergeFields,
    refuses: {
      400: [
        'missing entity id to merge to',
        'missing entity ids to merge from',
        TOO_MANY,
        'aliases conflicts cannot be resolved with multiple from entity ids - merge one entity at a time',
        'entity id to merge to is invalid',
        'to_entity_id should not be present in from_entity_ids',
        'entity id to merge from is invalid',
        multiError('conflicting MFA config ID "x" in entity ID "y"'),
        REMAINS,
      ],
    },
  })
  async merge(@Fields() fields: MergeFields, @Req() request: FastifyRequest): Promise<void> {
    const wish = {
      toId: fields.to_entity_id,
      fromIds: fields.from_entity_ids,
      force: fields.force ?? false,
      keepAliasIds: fields.conflicting_alias_ids_to_keep ?? [],
    };
    await this.merging.merge(wish, authorityOf(request), actorOf(request));
  }
}
