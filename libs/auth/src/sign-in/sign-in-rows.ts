import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { after, Clock, Database, type Reads, type Sql, type Transaction } from '@sallyport/platform';
import { type CompletedFactor, hashSecret, type TokenOrigin } from '@sallyport/tokens';
import { ADVANCE, DROP_OLDEST, FIND, FINISH, INSERT, REPEAT_SECONDS, TAKE } from './sign-in-statements.js';

/** At most so many unfinished sign-ins of one person at `/v1`; the oldest goes (contract vault.md §3.3). */
const MOST_PENDING = 20;

/** A sign-in in progress: who, through what, proven so far. Its holder shows a handle, kept only as a hash (S33). */
export interface SignIn {
  id: string;
  handleHash: Buffer;
  principalId: string;
  accountId: string;
  localUserId: string;
  credentialVersion: number;
  mountId: string | null;
  parentTokenId: string | null;
  deviceId: string | null;
  factors: CompletedFactor[];
  path: string;
  clientAddress: string;
  createdAt: Date;
  sessionExpiresAt: Date | null;
}

export interface NewSignIn extends Omit<SignIn, 'id' | 'handleHash' | 'createdAt'> {
  /** What its holder shows; only its hash is kept. */
  handle: string;
  origin: TokenOrigin;
  /** Seconds. */
  life: number;
}

interface SignInRow {
  id: string;
  principal_id: string;
  account_id: string;
  local_user_id: string;
  credential_version: number;
  mount_id: string | null;
  parent_token_id: string | null;
  device_id: string | null;
  factors: CompletedFactor[];
  path: string;
  client_address: string;
  created_at: Date;
  session_expires_at: Date | null;
  user_disabled: boolean;
  principal_disabled: boolean;
  user_version: number;
  username: string;
  provider_name: string;
  admin_provider: boolean;
}

/** The state of a sign-in's person now, against what it was when the password was right. */
export interface FoundSignIn {
  signIn: SignIn;
  username: string;
  providerName: string;
  /** Whether the user's provider may sign in at `/admin`. */
  adminProvider: boolean;
  /** The user or the person is disabled. */
  disabled: boolean;
  /** The password, the name or the account changed since: it can no longer be finished (S37). */
  outdated: boolean;
}

/** The rows of sign-ins: the one place that reads and writes them. */
@Injectable()
export class SignInRows {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  async add(tx: Transaction, signIn: NewSignIn): Promise<SignIn> {
    const now = this.clock.now();
    const { handle, origin, life, ...kept } = signIn;
    const row = { ...kept, id: randomUUID(), handleHash: hashSecret(handle), createdAt: now };
    await tx.execute(INSERT, [
      row.id,
      row.handleHash,
      origin,
      row.principalId,
      row.accountId,
      row.localUserId,
      row.credentialVersion,
      row.mountId,
      row.parentTokenId,
      row.deviceId,
      JSON.stringify(row.factors),
      row.path,
      row.clientAddress,
      now,
      after(now, life),
      row.sessionExpiresAt,
    ]);
    return row;
  }

  /** Keeps the newest of a person's unfinished sign-ins at `/v1`. */
  async dropOldest(tx: Transaction, principalId: string): Promise<void> {
    await tx.execute(DROP_OLDEST, [principalId, MOST_PENDING]);
  }

  /** A live sign-in by its handle; one that was finished lives on for a repeat (S36). */
  async find(
    handle: string,
    origin: TokenOrigin,
    reads: Reads = this.database.gathered,
  ): Promise<FoundSignIn | null> {
    const now = this.clock.now();
    const handleHash = hashSecret(handle);
    const [row] = await reads.query<SignInRow>(FIND, [handleHash, origin, now, after(now, -REPEAT_SECONDS)]);
    if (row === undefined) return null;
    return {
      signIn: signInOf(row, handleHash),
      username: row.username,
      providerName: row.provider_name,
      adminProvider: row.admin_provider,
      disabled: row.user_disabled || row.principal_disabled,
      outdated: row.user_version !== row.credential_version,
    };
  }

  /**
   * A proven factor moves the sign-in on: the old handle dies, the new one takes its place (S36).
   * @returns false where the old one was gone already.
   */
  async advance(
    tx: Sql,
    signIn: SignIn,
    handle: string,
    factors: CompletedFactor[],
    life: number,
  ): Promise<boolean> {
    const now = this.clock.now();
    const changed = await tx.execute(ADVANCE, [
      signIn.id,
      signIn.handleHash,
      hashSecret(handle),
      JSON.stringify(factors),
      after(now, life),
      now,
    ]);
    return changed === 1;
  }

  /**
   * Ends a sign-in in the transaction that issues its token; a repeat within 60 s is allowed where the dialect's clients repeat.
   * @returns the token issued before, to be ended; undefined where the sign-in can no longer be finished.
   */
  async finish(
    tx: Sql,
    signIn: SignIn,
    tokenId: string,
  ): Promise<{ earlierTokenId: string | null } | undefined> {
    const now = this.clock.now();
    const [row] = await tx.query<{ earlier: string | null }>(FINISH, [
      signIn.id,
      signIn.handleHash,
      now,
      after(now, -REPEAT_SECONDS),
      tokenId,
    ]);
    return row === undefined ? undefined : { earlierTokenId: row.earlier };
  }

  /** Takes a sign-in away for good: of two who try at once one gets true. */
  async take(tx: Sql, signIn: SignIn): Promise<boolean> {
    const taken = await tx.execute(TAKE, [signIn.id, signIn.handleHash, this.clock.now()]);
    return taken === 1;
  }

  /** Ends a session's sign-in, and those that hang from a token. */
  async drop(tx: Sql, signInId: string | null, parentTokenId: string | null): Promise<void> {
    await tx.execute('DELETE FROM sign_ins WHERE id = $1 OR parent_token_id = $2', [signInId, parentTokenId]);
  }

  /** Partial tokens of a person at `/admin` end with its tokens; pending requests of `/v1` do not (contract vault.md §5.4). */
  async dropPartialTokens(tx: Sql, principalId: string): Promise<void> {
    await tx.execute(`DELETE FROM sign_ins WHERE principal_id = $1 AND origin = 'appgate'`, [principalId]);
  }
}

function signInOf(row: SignInRow, handleHash: Buffer): SignIn {
  return {
    id: row.id,
    handleHash,
    principalId: row.principal_id,
    accountId: row.account_id,
    localUserId: row.local_user_id,
    credentialVersion: row.credential_version,
    mountId: row.mount_id,
    parentTokenId: row.parent_token_id,
    deviceId: row.device_id,
    factors: row.factors,
    path: row.path,
    clientAddress: row.client_address,
    createdAt: row.created_at,
    sessionExpiresAt: row.session_expires_at,
  };
}
