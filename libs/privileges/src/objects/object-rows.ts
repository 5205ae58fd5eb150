import {
  type Database,
  DomainError,
  readEntity,
  type Transaction,
  violatedConstraint,
  violatedReference,
} from '@sallyport/platform';
import type { Repository } from 'typeorm';
import type { Collection } from './collection.js';
import type { NamedObject } from './named-object.js';

/** An object of a collection; inside a transaction its row is locked. */
export async function findRow<T extends NamedObject>(
  database: Database,
  collection: Collection<T>,
  id: string,
  tx?: Transaction,
): Promise<T | null> {
  const lock = tx === undefined ? '' : ' FOR UPDATE';
  return readEntity(
    tx ?? database.gathered,
    collection.entity,
    `o.id = $1::uuid AND ${collection.within ?? 'true'}${lock}`,
    [id],
  );
}

/** @throws DomainError `conflict` code `exists` for an id or name that is taken. */
export async function insertRow<T extends NamedObject>(repository: Repository<T>, row: T): Promise<void> {
  const taken = (cause: unknown) =>
    new DomainError(
      'conflict',
      'exists',
      'An object with the same id or name already exists.',
      {},
      { cause },
    );
  await unlessViolated(violatedConstraint, repository.insert(row as never), taken);
}

/** @throws DomainError `invalid` for a name that is taken (appgate.md §1.5). */
export async function updateRow<T extends NamedObject>(
  repository: Repository<T>,
  id: string,
  values: object,
): Promise<void> {
  await unlessViolated(violatedConstraint, repository.update({ id } as never, values), nameTaken);
}

/** The same of a change that another writer made. */
export async function unlessTaken<T>(change: Promise<T>): Promise<T> {
  try {
    return await change;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'exists') throw nameTaken();
    throw error;
  }
}

/** @throws DomainError `conflict` code `in-use` where other rows need it. */
export async function deleteRow<T extends NamedObject>(repository: Repository<T>, id: string): Promise<void> {
  const needed = (cause: unknown) =>
    new DomainError('conflict', 'in-use', 'The object is in use.', {}, { cause });
  await unlessViolated(violatedReference, repository.delete({ id } as never), needed);
}

async function unlessViolated(
  violated: (error: unknown) => string | null,
  statement: Promise<unknown>,
  refusal: (cause: unknown) => DomainError,
): Promise<void> {
  try {
    await statement;
  } catch (error) {
    throw violated(error) === null ? error : refusal(error);
  }
}

function nameTaken(): DomainError {
  return DomainError.invalid('name', 'must be unique');
}
