import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import {
  Clock,
  Database,
  DomainError,
  Metrics,
  type Reads,
  single,
  type Sql,
  type Transaction,
} from '@sallyport/platform';
import { newRow } from './new-token-row.js';
import { tokenOf, type TokenRow } from './token-row.js';
import { hashSecret, newAuthToken, newServiceToken } from './token-secret.js';
import {
  FOUND_BY_ACCESSOR,
  FOUND_BY_HASH,
  FOUND_WITH_USER,
  HELD_BY_HASH,
  HELD_BY_ID,
  INSERT,
  LIVE_ACCESSORS,
  LIVE_BY_HASH,
  STANDS,
} from './token-statements.js';
import type { NewToken, Token, TokenOrigin } from './token.js';

export type Checked = { state: 'live'; token: Token } | { state: 'disabled' };

/** A live token and by what names its user signs in; null where it belongs to no user. */
export interface TokenAndUser {
  token: Token;
  /** Without an identity provider: a user of a further mount of `/v1`. */
  user: { name: string; providerName: string | null } | null;
}

/** What INSERT answers; all else is known. */
type FoundWithIssue = Pick<TokenRow, 'identity_policies' | 'acl_epoch'>;
type LiveRow = TokenRow & { principal_disabled: boolean };
type LiveRowOfUser = LiveRow & { user_name: string | null; provider_name: string | null };

/** The one token store of both dialects (vault.md §1.7). */
@Injectable()
export class TokensService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditService,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Issues a token inside the transaction that ends whatever it was traded for (S36). A child dies by its parent's mount, too (S41).
   * @returns the secret, which is shown once, and the token as it stands.
   * @throws DomainError `unauthenticated` code `parent-ended`.
   */
  async issue(tx: Transaction, wanted: NewToken, actor: Actor): Promise<{ secret: string; token: Token }> {
    const parent = wanted.parentId ? await this.holdParent(tx, wanted.parentId) : null;
    const secret = wanted.secret ?? (wanted.origin === 'appgate' ? newAuthToken() : newServiceToken());
    const inherited = { boundCidrs: parent?.bound_cidrs ?? [], mountId: parent?.mount_id ?? null };
    const row = newRow(wanted, inherited, this.clock.now());
    const found = single(
      await tx.query<FoundWithIssue>(INSERT, [
        row.id,
        hashSecret(secret),
        row.accessor,
        row.origin,
        row.principal_id,
        row.account_id,
        row.local_user_id,
        row.mount_id,
        row.session_id,
        row.parent_id,
        row.device_id,
        row.policies,
        JSON.stringify(row.factors),
        row.metadata === null ? null : JSON.stringify(row.metadata),
        row.path,
        row.display_name,
        row.uses_left,
        row.orphan,
        row.renewable,
        row.creation_ttl,
        row.period,
        row.explicit_max_ttl,
        row.bound_cidrs,
        row.client_address,
        row.issued_at,
        row.expires_at,
        wanted.idleSeconds ?? null,
        row.role,
        row.password_proven_at,
      ]),
    );
    if (wanted.parentId) await this.mustStand(tx, wanted.parentId);
    const token = tokenOf({ ...row, ...found });
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
          ...(token.role === null ? {} : { role: token.role }),
        },
      },
    );
    return { secret, token };
  }

  /**
   * Who holds this secret: the token, `disabled` where its person is, null where it is unknown or dead for whatever reason.
   * A use-limited token loses one use (S41); the last-use stamp moves at most once a minute (S34).
   * @param origin of which dialect alone it may be; null: of either.
   * @param reads what it is looked for through; its use is booked afterwards.
   */
  async check(
    secret: string,
    origin: TokenOrigin | null = null,
    reads: Reads = this.database.gathered,
  ): Promise<Checked | null> {
    const row = await this.use<LiveRow>(reads, LIVE_BY_HASH, secret, origin);
    if (row === null) return null;
    return row.principal_disabled ? { state: 'disabled' } : { state: 'live', token: tokenOf(row) };
  }

  /** The same in the same number of steps, with the user's names; null for a disabled person too. */
  async checkWithUser(secret: string): Promise<TokenAndUser | null> {
    return withUser(await this.use<LiveRowOfUser>(this.database.gathered, HELD_BY_HASH, secret, null));
  }

  /** Finds a live token, of one dialect or of both, without using it: for look-ups and as the subject of a revocation. */
  async findBySecret(secret: string, origin: TokenOrigin | null = null): Promise<Token | null> {
    const row = await this.find<LiveRow>(FOUND_BY_HASH, hashSecret(secret), origin);
    return row && tokenOf(row);
  }

  /** The same with the user's names. */
  async findWithUser(secret: string): Promise<TokenAndUser | null> {
    return withUser(await this.find<LiveRowOfUser>(FOUND_WITH_USER, hashSecret(secret), null));
  }

  async findByAccessor(accessor: string, origin: TokenOrigin | null = null): Promise<Token | null> {
    const row = await this.find<LiveRow>(FOUND_BY_ACCESSOR, accessor, origin);
    return row && tokenOf(row);
  }

  /** The accessors of all live tokens of `/v1`, sorted. */
  async accessors(): Promise<string[]> {
    const rows = await this.database.query<{ accessor: string }>(LIVE_ACCESSORS, ['vault', this.clock.now()]);
    return rows.map(({ accessor }) => accessor);
  }

  /**
   * The token as it stands in this transaction, null where it is dead. Until the transaction ends it stays as it is, and so do the
   * stamps it depends on: whatever is made of it began before what would end it (S41).
   */
  async hold(
    tx: Transaction,
    { id, principalId, mountId }: Pick<Token, 'id' | 'principalId' | 'mountId'>,
  ): Promise<Token | null> {
    await tx.query('SELECT 1 FROM installation FOR SHARE');
    await tx.query('SELECT 1 FROM principals WHERE id = $1 FOR SHARE', [principalId]);
    await tx.query('SELECT 1 FROM auth_mounts WHERE id = $1 FOR SHARE', [mountId]);
    const [row] = await tx.query<TokenRow & { principal_disabled: boolean }>(HELD_BY_ID, [
      id,
      this.clock.now(),
    ]);
    return row === undefined || row.principal_disabled ? null : tokenOf(row);
  }

  private async find<Row extends LiveRow>(
    statement: string,
    key: Buffer | string,
    origin: TokenOrigin | null,
  ): Promise<Row | null> {
    const [row] = await this.database.gathered.query<Row>(statement, [key, this.clock.now(), origin]);
    return row ?? null;
  }

  /** A child is made of a live parent only; the lock makes a revocation wait, which then looks again and finds the child (S41). */
  private async holdParent(tx: Sql, parentId: string): Promise<Pick<TokenRow, 'bound_cidrs' | 'mount_id'>> {
    const [parent] = await tx.query<Pick<TokenRow, 'bound_cidrs' | 'mount_id'>>(
      'SELECT bound_cidrs, mount_id FROM tokens WHERE id = $1 AND revoked_at IS NULL FOR SHARE',
      [parentId],
    );
    if (parent === undefined) throw parentEnded();
    return parent;
  }

  /**
   * Asked after the child was written: what ends its parent at that moment is seen here, or came later and is a stamp the child does not
   * carry (S40).
   */
  private async mustStand(tx: Sql, parentId: string): Promise<void> {
    if ((await tx.query(STANDS, [parentId, this.clock.now()])).length === 0) throw parentEnded();
  }

  /** A token's row by its secret, its use booked and stamped; a disabled person's uses nothing up. */
  private async use<Row extends LiveRow>(
    reads: Reads,
    statement: string,
    secret: string,
    origin: TokenOrigin | null,
  ): Promise<Row | null> {
    const row = await this.useUncounted<Row>(reads, statement, secret, origin);
    const state = row?.principal_disabled === true ? 'disabled' : 'live';
    this.metrics.tokenChecks.inc({ outcome: row === null ? 'dead' : state });
    return row;
  }

  private async useUncounted<Row extends LiveRow>(
    reads: Reads,
    statement: string,
    secret: string,
    origin: TokenOrigin | null,
  ): Promise<Row | null> {
    const now = this.clock.now();
    const [row] = await reads.query<Row>(statement, [hashSecret(secret), now, origin]);
    if (row === undefined) return null;
    if (row.principal_disabled) return row;
    if (row.uses_left !== null) {
      const usesLeft = await this.takeUse(row.id);
      if (usesLeft === null) return null;
      row.uses_left = usesLeft;
    }
    if (now.getTime() - row.last_used_at.getTime() >= 60_000)
      await this.database.execute(
        'UPDATE tokens SET last_used_at = greatest(last_used_at, $2) WHERE id = $1',
        [row.id, now],
      );
    return row;
  }

  /** How many are left after this one; null: there was none. */
  private async takeUse(id: string): Promise<number | null> {
    const [row] = await this.database.query<{ uses_left: number }>(
      'UPDATE tokens SET uses_left = uses_left - 1 WHERE id = $1 AND uses_left > 0 RETURNING uses_left',
      [id],
    );
    return row?.uses_left ?? null;
  }
}

function parentEnded(): DomainError {
  return new DomainError('unauthenticated', 'parent-ended', 'The token it stands on has ended.');
}

function withUser(row: LiveRowOfUser | null): TokenAndUser | null {
  if (row === null || row.principal_disabled) return null;
  const { user_name: name, provider_name: providerName } = row;
  return { token: tokenOf(row), user: name === null ? null : { name, providerName } };
}
