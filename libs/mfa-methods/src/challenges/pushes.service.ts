import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { after, Clock, Database } from '@sallyport/platform';

/** Open or unanswered pushes a person has in an hour at most (S25): whoever only knows the password cannot wear the owner out. */
export const MOST_UNANSWERED = 3;
const WINDOW = 3_600;

/** Counts the pushes nobody answered, over all methods, sign-ins and replicas. */
@Injectable()
export class PushesService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Books a push before it is sent. @returns its id, or the seconds until there is room for one. */
  async open(principalId: string): Promise<{ id: string } | { retryAfter: number }> {
    const now = this.clock.now();
    return this.database.transaction(async (tx) => {
      // Two at once must not both see the last free place.
      await tx.execute('SELECT 1 FROM principals WHERE id = $1 FOR NO KEY UPDATE', [principalId]);
      const unanswered = await tx.query<{ sent_at: Date }>(
        'SELECT sent_at FROM factor_pushes WHERE principal_id = $1 AND sent_at > $2 ORDER BY sent_at DESC LIMIT $3',
        [principalId, after(now, -WINDOW), MOST_UNANSWERED],
      );
      const oldest = unanswered[MOST_UNANSWERED - 1];
      if (oldest !== undefined)
        return { retryAfter: Math.ceil((after(oldest.sent_at, WINDOW).getTime() - now.getTime()) / 1000) };
      const id = randomUUID();
      await tx.execute('INSERT INTO factor_pushes (id, principal_id, sent_at) VALUES ($1, $2, $3)', [
        id,
        principalId,
        now,
      ]);
      return { id };
    });
  }

  /** The owner answered, either way, or it was never sent: it no longer counts. */
  async close(id: string): Promise<void> {
    await this.database.execute('DELETE FROM factor_pushes WHERE id = $1', [id]);
  }
}
