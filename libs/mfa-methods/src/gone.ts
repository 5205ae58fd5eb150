import { DomainError, violatedReference } from '@sallyport/platform';

export function unknownMethod(methodId: string): DomainError {
  return new DomainError(
    'invalid',
    'unknown-method',
    `configuration for method ID "${methodId}" does not exist`,
    { methodId },
  );
}

export function unknownEntity(): DomainError {
  return new DomainError('invalid', 'unknown-entity', 'invalid entity ID');
}

/** Whether a row was refused because its method was deleted meanwhile. */
export function isMethodGone(error: unknown): boolean {
  return violatedReference(error)?.endsWith('_method_id_fkey') === true;
}

/** Writes what belongs to a method and a person. @throws DomainError `invalid` code `unknown-method` or `unknown-entity`, where it went meanwhile. */
export async function whileThere<T>(methodId: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (isMethodGone(error)) throw unknownMethod(methodId);
    throw violatedReference(error)?.endsWith('_principal_id_fkey') ? unknownEntity() : error;
  }
}
