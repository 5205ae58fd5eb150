import type { Database, DomainError } from '@sallyport/platform';

/**
 * A step for a user who may be deleted meanwhile: where it failed and nobody is left, that is why, whatever stumbled over it first.
 * @throws DomainError as `ended` says, then.
 */
export async function unlessGone<T>(
  database: Database,
  { localUserId }: { localUserId: string },
  ended: () => DomainError,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const left = await database.query('SELECT 1 FROM local_users WHERE id = $1', [localUserId]);
    throw left.length > 0 ? error : ended();
  }
}
