import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { Clock, Database, type Sql } from '@sallyport/platform';
import { GIVE_UP, REVOKE_SESSION, REVOKE_TREE } from './token-statements.js';
import type { Token } from './token.js';

/** Ends tokens, and what hangs from them. */
@Injectable()
export class TokenRevocationService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** Ends a token and all its descendants, in one transaction (S41). */
  async revoke(token: Pick<Token, 'id' | 'accessor'>, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      await this.revokeIn(tx, token.id);
      await this.record(tx, actor, token);
    });
  }

  /** Ends a token alone; its children live on without a parent (vault.md §9). */
  async revokeAlone(token: Pick<Token, 'id' | 'accessor'>, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      // The row first: a child that is being issued is waited for, and then found.
      const now = this.clock.now();
      await tx.execute('UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL', [
        token.id,
        now,
      ]);
      const orphaned = await tx.execute(
        'UPDATE tokens SET parent_id = NULL, orphan = true WHERE parent_id = $1 AND revoked_at IS NULL',
        [token.id],
      );
      await this.record(tx, actor, token, { orphaned });
    });
  }

  /** What `revoke` does, inside a transaction, for a token that gives way to another. */
  async revokeIn(tx: Sql, id: string): Promise<void> {
    await this.revokeUntilNoneIsLeft(tx, REVOKE_TREE, id);
  }

  /** Ends a token that gives way to another: of two who try at once one gets true, and nobody after everybody's were ended (S40). */
  async giveUp(tx: Sql, id: string): Promise<boolean> {
    const ended = await tx.execute(GIVE_UP, [id, this.clock.now()]);
    if (ended === 1) await this.revokeIn(tx, id);
    return ended === 1;
  }

  /** Ends every token of a session, and what hangs from them (appgate.md §2.8). */
  async revokeSession(tx: Sql, sessionId: string): Promise<void> {
    await this.revokeUntilNoneIsLeft(tx, REVOKE_SESSION, sessionId);
  }

  /**
   * A statement sees what was there when it began. It may have waited for a child to be issued (`holdParent`): only the next one finds
   * that child. Ended parents get no more children, so this comes to an end.
   */
  private async revokeUntilNoneIsLeft(tx: Sql, statement: string, root: string): Promise<void> {
    const now = this.clock.now();
    while ((await tx.execute(statement, [root, now])) > 0);
  }

  private async record(
    tx: Sql,
    actor: Actor,
    token: Pick<Token, 'accessor'>,
    detail: Record<string, unknown> = {},
  ): Promise<void> {
    await this.audit.record(tx, actor, {
      action: 'token.revoked',
      outcome: 'success',
      object: { type: 'token', id: token.accessor },
      detail,
    });
  }
}
