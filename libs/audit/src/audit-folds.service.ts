import { Injectable } from '@nestjs/common';
import { after, Clock, Database, type Transaction } from '@sallyport/platform';
import type { Actor } from './actor.js';
import type { AuditRefusal } from './audit-event.js';
import { AuditService } from './audit.service.js';

/** Seconds of refusals that one event tells of (S79). */
const FOLD_SECONDS = 60;
/** Folds of a transaction: whoever is refused meanwhile waits for it. */
const BATCH = 50;

interface FoldRow {
  key_hash: Buffer;
  folded: number;
  event: { actor: Actor; event: AuditRefusal };
}

/** Writes once a minute how many refusals followed the first of their key, and forgets a key that has been quiet for as long (S79). */
@Injectable()
export class AuditFoldsService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly audit: AuditService,
  ) {}

  /** Replicas that do it at once share the work. */
  async unfold(): Promise<void> {
    const over = after(this.clock.now(), -FOLD_SECONDS);
    // First, so that a key told of in this round is kept for another minute.
    await this.database.execute('DELETE FROM audit_folds WHERE since <= $1 AND folded = 0', [over]);
    while ((await this.database.transaction((tx) => this.unfoldBatch(tx))) === BATCH);
  }

  private async unfoldBatch(tx: Transaction): Promise<number> {
    const now = this.clock.now();
    const rows = await tx.query<FoldRow>(
      `SELECT key_hash, folded, event FROM audit_folds WHERE since <= $1 AND folded > 0 LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`,
      [after(now, -FOLD_SECONDS)],
    );
    for (const { key_hash, folded, event } of rows) {
      const detail = { ...event.event.detail, folded };
      await this.audit.record(tx, event.actor, { ...event.event, detail });
      await tx.execute('UPDATE audit_folds SET since = $2, folded = 0 WHERE key_hash = $1', [key_hash, now]);
    }
    return rows.length;
  }
}
