import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { after, Clock, Database, type Reads, type Sql, type Transaction } from '@sallyport/platform';
import { type CompletedFactor, hashSecret, type TokenOrigin } from '@sallyport/tokens';

/** A repeat of `GET /authorization` with the same partial token is answered for so many seconds (S36). */
export const REPEAT_SECONDS = 60;

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
    await tx.execute(
      `DELETE FROM sign_ins WHERE id IN (SELECT id FROM sign_ins WHERE principal_id = $1 AND origin = 'vault'
         ORDER BY created_at DESC, id OFFSET ${MOST_PENDING})`,
      [principalId],
    );
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
    const changed = await tx.execute(
      `UPDATE sign_ins SET handle_hash = $3, factors = $4::jsonb, expires_at = $5
       WHERE id = $1 AND handle_hash = $2 AND finished_at IS NULL AND expires_at > $6 AND ${standing('sign_ins')}`,
      [signIn.id, signIn.handleHash, hashSecret(handle), JSON.stringify(factors), after(now, life), now],
    );
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
    const taken = await tx.execute(
      'DELETE FROM sign_ins WHERE id = $1 AND handle_hash = $2 AND expires_at > $3',
      [signIn.id, signIn.handleHash, this.clock.now()],
    );
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

/** Whether a sign-in was begun after everybody's were last ended, as a condition; those of `/v1` are not ended so (S40). */
export function standing(signIn: string): string {
  return `(${signIn}.origin <> 'appgate' OR ${signIn}.sign_in_epoch = (SELECT sign_in_epoch FROM installation))`;
}

/**
 * The live unfinished sign-ins of a device at `/admin`, for the FROM and WHERE of a statement.
 * @param now the parameter that holds the present instant; `signInEpoch`: the stamp they carry.
 */
export function livePartial(
  alias: string,
  device: string,
  now: string,
  signInEpoch = '(SELECT sign_in_epoch FROM installation)',
): string {
  return `sign_ins ${alias} WHERE ${alias}.account_id = ${device}.account_id AND ${alias}.device_id = ${device}.device_id
    AND ${alias}.origin = 'appgate' AND ${alias}.sign_in_epoch = ${signInEpoch} AND ${alias}.expires_at > ${now}
    AND (${alias}.finished_at IS NULL OR ${alias}.finished_at > ${now} - interval '${REPEAT_SECONDS} seconds')`;
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

/** Whose sign-in a handle is, live or not: `$1` is the handle's hash. */
export const ACCOUNT_OF_HANDLE = '(SELECT account_id FROM sign_ins WHERE handle_hash = $1::bytea)';

const INSERT = `
  INSERT INTO sign_ins (id, handle_hash, origin, principal_id, account_id, local_user_id, credential_version, mount_id, parent_token_id,
    device_id, factors, path, client_address, created_at, expires_at, session_expires_at, sign_in_epoch)
  SELECT $1, $2, $3, $4::uuid, $5::uuid, $6::uuid, $7::integer, $8::uuid, $9::uuid, $10::uuid, $11::jsonb, $12, $13, $14::timestamptz,
    $15::timestamptz, $16::timestamptz, sign_in_epoch
  FROM installation`;

const FIND = `
  SELECT s.id, s.principal_id, s.account_id, s.local_user_id, s.credential_version, s.mount_id, s.parent_token_id, s.device_id, s.factors, s.path,
    s.client_address, s.created_at, s.session_expires_at, u.disabled AS user_disabled, p.disabled AS principal_disabled, u.credential_version AS user_version, u.name AS username,
    i.name AS provider_name, i.admin_provider
  FROM sign_ins s JOIN local_users u ON u.id = s.local_user_id JOIN principals p ON p.id = s.principal_id
  JOIN identity_providers i ON i.id = u.identity_provider_id
  LEFT JOIN tokens parent ON parent.id = s.parent_token_id
  LEFT JOIN auth_mounts m ON m.id = s.mount_id
  WHERE s.handle_hash = $1::bytea AND s.origin = $2::text AND s.expires_at > $3::timestamptz
    AND (s.finished_at IS NULL OR s.finished_at > $4::timestamptz)
    AND (s.session_expires_at IS NULL OR s.session_expires_at > $3)
    AND (s.parent_token_id IS NULL OR (parent.revoked_at IS NULL AND parent.principal_epoch = p.token_epoch
         AND (parent.expires_at IS NULL OR parent.expires_at > $3)))
    AND (s.origin <> 'vault' OR s.mount_id IS NULL OR m.attached)
    AND ${standing('s')}`;

const FINISH = `
  WITH before AS (
    SELECT id, final_token_id FROM sign_ins
    WHERE id = $1 AND handle_hash = $2 AND expires_at > $3 AND (finished_at IS NULL OR finished_at > $4) AND ${standing('sign_ins')}
    FOR UPDATE
  )
  UPDATE sign_ins s SET finished_at = coalesce(s.finished_at, $3), final_token_id = $5 FROM before WHERE s.id = before.id
  RETURNING before.final_token_id AS earlier`;
