import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { after, Clock, Database, DomainError, type Sql, type Transaction } from '@sallyport/platform';
import { TokenRolesService } from './roles/token-roles.service.js';
import { earlier, MAX_TTL } from './token-life.js';
import type { Token } from './token.js';

/** Moves the ends of tokens of `/v1` (contract vault.md §9). */
@Injectable()
export class TokenRenewalService {
  constructor(
    private readonly database: Database,
    private readonly roles: TokenRolesService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * By its period, or by the increment (0: its first life), never past the explicit maximum, 768 h from issue, or the end of its
   * parent (S41). What hangs from a token whose end comes nearer ends with it. A token of a role follows its role as it is now.
   * @returns the token with its new end.
   * @throws DomainError `invalid` codes `not-renewable`, `past-max-ttl`, `token-role-gone`; `not-found` where it ended meanwhile.
   */
  async renew(token: Token, incrementSeconds: number, actor: Actor, mostSeconds = MAX_TTL): Promise<Token> {
    if (!token.renewable) throw new DomainError('invalid', 'not-renewable', 'lease is not renewable');
    const now = this.clock.now();
    return this.database.transaction(async (tx) => {
      const { period, explicitMaxTtl } = await this.rulesOf(tx, token);
      const wanted = after(now, period || incrementSeconds || token.creationTtl);
      const most = period ? null : after(token.issuedAt, mostSeconds);
      const explicit = explicitMaxTtl ? after(token.issuedAt, explicitMaxTtl) : null;
      const own = earlier(earlier(wanted, most), explicit);
      const expiresAt = earlier(own, await this.endOfParent(tx, token.parentId));
      const changed = await tx.execute(
        'UPDATE tokens SET expires_at = $2, last_renewed_at = $3 WHERE id = $1 AND revoked_at IS NULL AND expires_at > $3',
        [token.id, expiresAt, now],
      );
      if (changed !== 1) throw notFound();
      if (expiresAt !== null) await this.endDescendants(tx, token.id, expiresAt);
      await this.audit.record(tx, actor, {
        action: 'token.renewed',
        outcome: 'success',
        object: { type: 'token', id: token.accessor },
        before: { expiresAt: token.expiresAt },
        after: { expiresAt },
      });
      return { ...token, period, expiresAt, lastRenewedAt: now };
    });
  }

  private async rulesOf(tx: Transaction, token: Token): Promise<Pick<Token, 'period' | 'explicitMaxTtl'>> {
    if (token.role === null) return token;
    const role = await this.roles.find(token.role, tx);
    if (role === null)
      throw new DomainError(
        'invalid',
        'token-role-gone',
        `original token role "${token.role}" could not be found, not renewing`,
      );
    const limits = [token.explicitMaxTtl, role.explicitMaxTtl].filter((limit) => limit > 0);
    const period = role.period === 0 ? 0 : Math.min(role.period, token.period || role.period);
    return { period, explicitMaxTtl: limits.length === 0 ? 0 : Math.min(...limits) };
  }

  /** The lock keeps the parent's end where it is until the child's is written. */
  private async endOfParent(tx: Sql, parentId: string | null): Promise<Date | null> {
    if (parentId === null) return null;
    const [parent] = await tx.query<{ expires_at: Date | null }>(
      'SELECT expires_at FROM tokens WHERE id = $1 AND revoked_at IS NULL FOR SHARE',
      [parentId],
    );
    if (parent === undefined) throw notFound();
    return parent.expires_at;
  }

  /** A statement that waited for a child to be issued does not see it: only the next one does. */
  private async endDescendants(tx: Sql, id: string, expiresAt: Date): Promise<void> {
    while ((await tx.execute(END_DESCENDANTS, [id, expiresAt])) > 0);
  }
}

function notFound(): DomainError {
  return new DomainError('not-found', 'token-not-found', 'token not found');
}

const END_DESCENDANTS = `
  WITH RECURSIVE tree AS (
    SELECT id FROM tokens WHERE parent_id = $1
    UNION SELECT child.id FROM tokens child JOIN tree ON child.parent_id = tree.id
  )
  UPDATE tokens SET expires_at = $2 WHERE id IN (SELECT id FROM tree) AND (expires_at IS NULL OR expires_at > $2)`;
