import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { Clock, Database, DomainError } from '@sallyport/platform';

/** Characters of a user's preferences at most (contract appgate.md §6.5). */
const LONGEST = 100_000;

/** What a user interface keeps for its user: a JSON object nobody here looks into. It follows the user through a rename. */
@Injectable()
export class PreferencesService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** @throws DomainError `not-found` before the first `replace`. */
  async get(localUserId: string): Promise<object> {
    const [row] = await this.database.query<{ preferences: string }>(
      'SELECT preferences FROM user_preferences WHERE local_user_id = $1',
      [localUserId],
    );
    if (row === undefined)
      throw new DomainError('not-found', 'no-preferences', 'The requested resource was not found.');
    return JSON.parse(row.preferences) as object;
  }

  /** @throws DomainError `invalid` where they are too long; `unauthenticated` where the user is gone by now. */
  async replace(localUserId: string, preferences: object, actor: Actor): Promise<void> {
    const text = JSON.stringify(preferences);
    if (Array.from(text).length > LONGEST)
      throw DomainError.invalid('preferences', `must be at most ${LONGEST} characters`);
    await this.database.transaction(async (tx) => {
      const [row] = await tx.query<{ before: string | null }>(
        `WITH old AS (SELECT preferences FROM user_preferences WHERE local_user_id = $1),
           owner AS (SELECT id FROM local_users WHERE id = $1 FOR KEY SHARE)
         INSERT INTO user_preferences (local_user_id, preferences, updated_at) SELECT id, $2, $3 FROM owner
         ON CONFLICT (local_user_id) DO UPDATE SET preferences = excluded.preferences, updated_at = excluded.updated_at
         RETURNING (SELECT preferences FROM old) AS before`,
        [localUserId, text, this.clock.now()],
      );
      if (row === undefined)
        throw new DomainError('unauthenticated', 'user-gone', 'The user was deleted meanwhile.');
      const { before } = row;
      await this.audit.record(tx, actor, {
        action: 'preferences.changed',
        outcome: 'success',
        object: { type: 'local-user', id: localUserId },
        before: before === null ? null : { preferences: before },
        after: { preferences: text },
      });
    });
  }
}
