import type { EntityManager } from 'typeorm';
import type { Reads } from './sql.js';

/** Where entities are read: the database or an open transaction. */
export interface EntityReader extends Reads {
  readonly manager: EntityManager;
}

const columnLists = new Map<object, string>();

/**
 * The entities of this condition by a prepared statement, for what is read with every request: TypeORM writes, and PostgreSQL plans, each of
 * its statements anew. Relations are not followed.
 * @param condition over the columns of alias `o`, with `$1` … for the values, and whatever may follow: ORDER BY, FOR UPDATE.
 */
export async function readEntities<Entity extends object>(
  reader: EntityReader,
  entity: new () => Entity,
  condition: string,
  values: unknown[],
): Promise<Entity[]> {
  const { tablePath } = reader.manager.connection.getMetadata(entity);
  const text = `SELECT ${columnsOf(reader, entity)} FROM "${tablePath}" o WHERE ${condition}`;
  return (await reader.query(text, values)).map((row) => Object.assign(new entity(), row));
}

/** The one entity of this condition, null where there is none. */
export async function readEntity<Entity extends object>(
  reader: EntityReader,
  entity: new () => Entity,
  condition: string,
  values: unknown[],
): Promise<Entity | null> {
  return (await readEntities(reader, entity, condition, values))[0] ?? null;
}

/** Every column a repository would read, under its property's name, for a SELECT over alias `o`. */
export function columnsOf(reader: EntityReader, entity: new () => object): string {
  const known = columnLists.get(entity);
  if (known !== undefined) return known;
  const list = reader.manager.connection
    .getMetadata(entity)
    .columns.filter(({ isSelect }) => isSelect)
    .map(({ databaseName, propertyName }) => `o."${databaseName}" AS "${propertyName}"`)
    .join(', ');
  columnLists.set(entity, list);
  return list;
}
