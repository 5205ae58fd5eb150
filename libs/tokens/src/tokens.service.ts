import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { after, Clock, Database, DomainError, single, type Sql, type Transaction } from '@sallyport/platform';
import { selectLive, tokenOf, type TokenRow } from './token-row.js';
import { hashSecret, newAccessor, newAuthToken, newServiceToken } from './token-secret.js';
import type { NewToken, Token } from './token.js';

/** A token may be renewed up to this many seconds after its issue (vault.md §9). */
export const MAX_TTL = 2_764_800;

export type Checked = { state: 'live'; token: Token } | { state: 'disabled' };

const LIVE_BY_HASH = selectLive('token_hash');
const LIVE_BY_ACCESSOR = selectLive('accessor');

/** The one token store of both dialects (vault.md §1.7). */
@Injectable()
export class TokensService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * Issues a token inside the transaction that ends whatever it was traded for (S36).
   * @returns the secret, which is shown once, and the token as it stands.
   */
  async issue(tx: Transaction, wanted: NewToken, actor: Actor): Promise<{ secret: string; token: Token }> {
    if (wanted.parentId) await this.holdParent(tx, wanted.parentId);
    const now = this.clock.now();
    const secret = wanted.secret ?? (wanted.origin === 'appgate' ? newAuthToken() : newServiceToken());
    const expiresAt = earlier(wanted.ttl === null ? null : after(now, wanted.ttl), wanted.endsBy ?? null);
    const row = single(
      await tx.query<TokenRow>(INSERT, [
        randomUUID(),
        hashSecret(secret),
        newAccessor(),
        wanted.origin,
        wanted.principalId,
        wanted.accountId,
        wanted.localUserId,
        wanted.mountId,
        wanted.sessionId,
        wanted.parentId ?? null,
        wanted.deviceId ?? null,
        wanted.policies,
        JSON.stringify(wanted.factors),
        wanted.metadata === null ? null : JSON.stringify(wanted.metadata),
        wanted.path,
        wanted.displayName,
        wanted.usesLeft ?? null,
        wanted.orphan,
        wanted.renewable,
        expiresAt === null ? 0 : Math.round((expiresAt.getTime() - now.getTime()) / 1000),
        wanted.period ?? 0,
        wanted.explicitMaxTtl ?? 0,
        wanted.boundCidrs ?? [],
        wanted.clientAddress,
        now,
        expiresAt,
        wanted.idleSeconds ?? null,
      ]),
    );
    const token = tokenOf(row);
    await this.audit.record(
      tx,
      { ...actor, tokenAccessor: token.accessor },
      {
        action: 'token.issued',
        outcome: 'success',
        object: { type: 'token', id: token.accessor },
        detail: {
          origin: token.origin,
          path: token.path,
          factors: token.factors,
          assuranceLevel: token.assuranceLevel,
          policies: token.policies,
        },
      },
    );
    return { secret, token };
  }

  /**
   * Who holds this secret: the token, `disabled` where its person is, null where it is unknown or dead for whatever reason.
   * A use-limited token loses one use (S41); the last-use stamp moves at most once a minute (S34).
   */
  async check(secret: string): Promise<Checked | null> {
    const now = this.clock.now();
    const [row] = await this.database.query<TokenRow & { principal_disabled: boolean }>(LIVE_BY_HASH, [
      hashSecret(secret),
      now,
    ]);
    if (row === undefined) return null;
    if (row.principal_disabled) return { state: 'disabled' };
    if (row.uses_left !== null && !(await this.takeUse(row.id))) return null;
    if (now.getTime() - row.last_used_at.getTime() >= 60_000)
      await this.database.execute(
        'UPDATE tokens SET last_used_at = greatest(last_used_at, $2) WHERE id = $1',
        [row.id, now],
      );
    return { state: 'live', token: tokenOf(row) };
  }

  /** Finds a live token without using it: for look-ups and as the subject of a revocation. */
  async findBySecret(secret: string): Promise<Token | null> {
    return this.find(LIVE_BY_HASH, hashSecret(secret));
  }

  async findByAccessor(accessor: string): Promise<Token | null> {
    return this.find(LIVE_BY_ACCESSOR, accessor);
  }

  /**
   * Moves the end of a renewable token: by its period, or by the increment (0: its first life), never past the
   * explicit maximum or 768 h from issue (vault.md §9).
   * @returns the token with its new end.
   * @throws DomainError `invalid` code `not-renewable`; `not-found` where it ended meanwhile.
   */
  async renew(token: Token, incrementSeconds: number, actor: Actor, mostSeconds = MAX_TTL): Promise<Token> {
    if (!token.renewable) throw new DomainError('invalid', 'not-renewable', 'lease is not renewable');
    const now = this.clock.now();
    const wanted = after(now, token.period || incrementSeconds || token.creationTtl);
    const most = token.period ? null : after(token.issuedAt, mostSeconds);
    const explicit = token.explicitMaxTtl ? after(token.issuedAt, token.explicitMaxTtl) : null;
    const expiresAt = earlier(earlier(wanted, most), explicit);
    return this.database.transaction(async (tx) => {
      const changed = await tx.execute(
        'UPDATE tokens SET expires_at = $2, last_renewed_at = $3 WHERE id = $1 AND revoked_at IS NULL AND expires_at > $3',
        [token.id, expiresAt, now],
      );
      if (changed !== 1) throw new DomainError('not-found', 'token-not-found', 'token not found');
      await this.record(tx, actor, 'token.renewed', token);
      return { ...token, expiresAt, lastRenewedAt: now };
    });
  }

  /** Ends a token and all its descendants, in one transaction (S41). */
  async revoke(token: Pick<Token, 'id' | 'accessor'>, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      await this.revokeIn(tx, token.id);
      await this.record(tx, actor, 'token.revoked', token);
    });
  }

  /** The same inside a transaction, for a token that gives way to another. */
  async revokeIn(tx: Sql, id: string): Promise<void> {
    await this.revokeUntilNoneIsLeft(tx, REVOKE_TREE, id);
  }

  /** Ends a token that gives way to another: of two who try at once one gets true. */
  async giveUp(tx: Sql, id: string): Promise<boolean> {
    const ended = await tx.execute('UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL', [
      id,
      this.clock.now(),
    ]);
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

  private async find(statement: string, key: Buffer | string): Promise<Token | null> {
    const [row] = await this.database.query<TokenRow & { principal_disabled: boolean }>(statement, [
      key,
      this.clock.now(),
    ]);
    return row === undefined || row.principal_disabled ? null : tokenOf(row);
  }

  /** A child is made of a live parent only; the lock makes a revocation wait, which then looks again and finds the child (S41). */
  private async holdParent(tx: Sql, parentId: string): Promise<void> {
    const parent = await tx.query('SELECT 1 FROM tokens WHERE id = $1 AND revoked_at IS NULL FOR SHARE', [
      parentId,
    ]);
    if (parent.length === 0)
      throw new DomainError('unauthenticated', 'parent-ended', 'The token it stands on has ended.');
  }

  private async takeUse(id: string): Promise<boolean> {
    return (
      (await this.database.execute(
        'UPDATE tokens SET uses_left = uses_left - 1 WHERE id = $1 AND uses_left > 0',
        [id],
      )) === 1
    );
  }

  private async record(
    tx: Sql,
    actor: Actor,
    action: 'token.renewed' | 'token.revoked',
    token: Pick<Token, 'accessor'>,
  ): Promise<void> {
    await this.audit.record(tx, actor, {
      action,
      outcome: 'success',
      object: { type: 'token', id: token.accessor },
    });
  }
}

function earlier(one: Date | null, other: Date | null): Date | null {
  if (one === null) return other;
  if (other === null) return one;
  return one < other ? one : other;
}

// The epochs are read by the statement that writes them: a token begun before a stamp moved is dead, whoever commits first.
const INSERT = `
  INSERT INTO tokens (id, token_hash, accessor, origin, principal_id, principal_epoch, installation_epoch, account_id, local_user_id,
    mount_id, mount_epoch, session_id, parent_id, device_id, device_epoch, policies, factors, metadata, path, display_name, uses_left, orphan, renewable,
    creation_ttl, period, explicit_max_ttl, bound_cidrs, client_address, issued_at, expires_at, idle_seconds, last_used_at)
  SELECT $1, $2, $3, $4, $5::uuid, coalesce((SELECT token_epoch FROM principals WHERE id = $5::uuid), 0), i.token_epoch, $6::uuid, $7, $8::uuid,
    (SELECT token_epoch FROM auth_mounts WHERE id = $8::uuid), $9, $10, $11::uuid,
    (SELECT token_epoch FROM registered_devices WHERE account_id = $6::uuid AND device_id = $11::uuid), $12, $13::jsonb, $14::jsonb, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24, $25, $26, $27, $25
  FROM installation i
  RETURNING *, (SELECT policies FROM principals WHERE id = $5::uuid) AS identity_policies`;

const REVOKE_TREE = `
  WITH RECURSIVE tree AS (
    SELECT id FROM tokens WHERE id = $1
    UNION SELECT child.id FROM tokens child JOIN tree ON child.parent_id = tree.id
  )
  UPDATE tokens SET revoked_at = $2 WHERE id IN (SELECT id FROM tree) AND revoked_at IS NULL`;

const REVOKE_SESSION = `
  WITH RECURSIVE tree AS (
    SELECT id FROM tokens WHERE session_id = $1
    UNION SELECT child.id FROM tokens child JOIN tree ON child.parent_id = tree.id
  )
  UPDATE tokens SET revoked_at = $2 WHERE id IN (SELECT id FROM tree) AND revoked_at IS NULL`;
