import { Field, Required, Rule } from '../wire/field.js';

/** Entities of one request: each costs some statements, and all of them are one transaction (S81). */
const MOST_DELETED = 1_000;
const MOST_MERGED = 50;

const isAtMost = (most: number) => (value: unknown) => !Array.isArray(value) || value.length <= most;
const isNotEmpty = (value: unknown) => Array.isArray(value) && value.length > 0;

/** Several entities that are one and the same person. */
export class MergeFields {
  @Field.string({ required: true, description: 'The one that stays.' })
  @Required('missing entity id to merge to')
  to_entity_id!: string;

  @Field.commaList({
    required: true,
    description: 'Those that go, with their logins, factors and memberships, into it.',
  })
  @Rule('fromEntityIds', isNotEmpty, 'missing entity ids to merge from')
  @Rule('mostEntityIds', isAtMost(MOST_MERGED), 'too many entity ids')
  from_entity_ids!: string[];

  @Field.commaList({ description: 'Of two aliases at one mount, the one that stays.' })
  conflicting_alias_ids_to_keep?: string[];

  @Field.bool({ description: 'Where both have an authenticator of one method, keep that of `to_entity_id`.' })
  force?: boolean;
}

export class BatchDeleteFields {
  @Field.commaList({ required: true })
  @Rule('entityIds', isNotEmpty, 'missing entity ids to delete')
  @Rule('mostEntityIds', isAtMost(MOST_DELETED), 'too many entity ids')
  entity_ids!: string[];
}
