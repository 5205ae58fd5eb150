import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import {
  AuthMountsService,
  canonicalName,
  forgetFailures,
  IdentityProvidersService,
  resumePassword,
} from '@sallyport/identity';
import { Clock, Database, Installation, storableText, type Transaction } from '@sallyport/platform';
import { unknownSubject } from './unknown-subject.js';

/** Users of one mount who wait after wrong passwords, from some network. */
export interface LockedUsers {
  mountAccessor: string;
  /** Names in canonical form, sorted. */
  names: string[];
}

/** Who is waiting after wrong passwords, and the end of that (contract vault.md §7; S07). */
@Injectable()
export class LockedUsersService {
  constructor(
    private readonly database: Database,
    private readonly mounts: AuthMountsService,
    private readonly providers: IdentityProvidersService,
    private readonly installation: Installation,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** By mount, the most first. Names nobody has are not told. @param mountAccessor only this mount; null: all. */
  async list(mountAccessor: string | null): Promise<LockedUsers[]> {
    const rows = await this.database.query<{ accessor: string; names: string[] }>(LOCKED, [
      this.clock.now(),
      mountAccessor,
    ]);
    return rows.map(({ accessor, names }) => ({ mountAccessor: accessor, names }));
  }

  /**
   * Forgets the failed passwords of a user, from every network; a disabled authenticator stays disabled (rule 3). What is unknown
   * changes nothing and is not told apart.
   */
  async unlock(mountAccessor: string, name: string, actor: Actor): Promise<void> {
    const mount = await this.mounts.findByAccessor(mountAccessor);
    const providerId = mount?.identityProviderId;
    if (!providerId) return;
    await this.database.transaction((tx) => this.free(tx, providerId, name, actor));
  }

  /**
   * The operator's console: forgets the failed passwords of a user, from every network, and lets a password that failures stopped open
   * from everywhere again (S08).
   * @param providerName exactly as it is spelled at `/admin`, such as `local`.
   * @returns false where nobody has this name there; then nothing changed.
   */
  async clearThrottle(providerName: string, username: string, actor: Actor): Promise<boolean> {
    const provider = await this.providers.findByExactName(providerName);
    if (provider === null) return false;
    return this.database.transaction(async (tx) => {
      const accountId = await this.free(tx, provider.id, username, actor);
      if (accountId !== null) await resumePassword(tx, accountId);
      return accountId !== null;
    });
  }

  /** @returns the account that was meant; null where nobody has the name. */
  private async free(
    tx: Transaction,
    providerId: string,
    name: string,
    actor: Actor,
  ): Promise<string | null> {
    const [user] = await tx.query<FreedRow>(FREE, [providerId, storableText(canonicalName(name))]);
    const subject = user?.account_id ?? unknownSubject(this.installation, providerId, name);
    await forgetFailures(tx, subject);
    const object = { type: 'account', id: subject };
    await this.audit.record(tx, actor, {
      action: 'account.unlocked',
      outcome: 'success',
      object,
      before: user ? { failedLoginAttempts: user.failures, lockStart: user.lock_start } : null,
      after: user ? { failedLoginAttempts: 0, lockStart: null } : null,
    });
    return user?.account_id ?? null;
  }
}

interface FreedRow {
  account_id: string;
  failures: number;
  lock_start: Date | null;
}

const FREE = `
  UPDATE local_users u SET failed_login_attempts = 0, lock_start = NULL
  FROM (
    SELECT id, failed_login_attempts AS failures, lock_start FROM local_users
    WHERE identity_provider_id = $1 AND name_canonical = $2 FOR NO KEY UPDATE
  ) old
  WHERE u.id = old.id RETURNING u.account_id, old.failures, old.lock_start`;

const LOCKED = `
  SELECT m.accessor, array_agg(DISTINCT a.name_canonical ORDER BY a.name_canonical) AS names
  FROM password_throttles t
  JOIN accounts a ON a.id = CASE WHEN length(t.subject) = 36 THEN t.subject::uuid END
  JOIN auth_mounts m ON m.identity_provider_id = a.identity_provider_id AND m.attached
  WHERE t.wait_until > $1 AND ($2::text IS NULL OR m.accessor = $2::text)
  GROUP BY m.accessor ORDER BY count(DISTINCT a.id) DESC, m.accessor`;
