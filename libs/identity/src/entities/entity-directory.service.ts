import { Injectable } from '@nestjs/common';
import { Database } from '@sallyport/platform';

/** A login as the list of entities tells of it. */
export interface ListedAlias {
  id: string;
  name: string;
  mountAccessor: string;
  mountType: string;
  mountPath: string;
}

export interface ListedEntity {
  id: string;
  name: string;
  aliases: ListedAlias[];
}

interface Row {
  id: string;
  name: string;
  alias_id: string | null;
  alias_name: string;
  accessor: string;
  mount_type: string;
  mount_path: string;
}

/** The list of entities with their aliases, for any number of them. */
@Injectable()
export class EntityDirectoryService {
  constructor(private readonly database: Database) {}

  /** All visible entities by name, in one statement. */
  async list(): Promise<ListedEntity[]> {
    const entities = new Map<string, ListedEntity>();
    for (const row of await this.database.query<Row>(LIST)) {
      const entity = entities.get(row.id) ?? { id: row.id, name: row.name, aliases: [] };
      entities.set(row.id, entity);
      if (row.alias_id !== null) entity.aliases.push(aliasOf(row, row.alias_id));
    }
    return [...entities.values()];
  }
}

function aliasOf(row: Row, id: string): ListedAlias {
  return {
    id,
    name: row.alias_name,
    mountAccessor: row.accessor,
    mountType: row.mount_type,
    mountPath: row.mount_path,
  };
}

const LIST = `
  SELECT p.id, p.name, a.id AS alias_id, a.name AS alias_name, a.accessor, a.type AS mount_type, a.path AS mount_path
  FROM principals p
  LEFT JOIN (
    SELECT a.id, a.name, a.principal_id, a.created_at, m.accessor, m.type, m.path
    FROM accounts a JOIN auth_mounts m ON m.identity_provider_id = a.identity_provider_id
  ) a ON a.principal_id = p.id
  WHERE p.name IS NOT NULL
  ORDER BY p.name_canonical, a.created_at, a.id`;
