import { Injectable } from '@nestjs/common';
import { Database, type Sql } from '@sallyport/platform';
import { groupsOfPerson } from '../groups/group-closure.js';
import type { IdentityFacts } from './identity-facts.js';

/** Looks up what templates may tell of a person. */
@Injectable()
export class IdentityFactsService {
  constructor(private readonly database: Database) {}

  /** The facts as of one statement (S47), in a transaction where one is given; null for an unknown person. */
  async of(principalId: string, tx?: Sql): Promise<IdentityFacts | null> {
    const [facts] = await (tx ?? this.database).query<IdentityFacts>(FACTS, [principalId]);
    return facts ?? null;
  }
}

const FACTS = `
  SELECT p.id, p.name, p.metadata,
    (SELECT coalesce(jsonb_object_agg(m.accessor, jsonb_build_object(
        'id', a.id, 'name', a.name_canonical, 'metadata', '{}'::jsonb, 'customMetadata', a.custom_metadata)), '{}')
      FROM accounts a JOIN auth_mounts m ON m.identity_provider_id = a.identity_provider_id
      WHERE a.principal_id = p.id) AS aliases,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'name', g.name, 'metadata', g.metadata)), '[]')
      FROM ${groupsOfPerson('p.id')} held JOIN identity_groups g ON g.id = held.group_id) AS groups
  FROM principals p
  WHERE p.id = $1`;
