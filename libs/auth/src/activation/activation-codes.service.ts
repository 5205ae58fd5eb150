import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import {
  canonicalName,
  IdentityProvidersService,
  type LocalUser,
  LocalUsersService,
  NewCredential,
  NoticesService,
  type UserName,
} from '@sallyport/identity';
import { after, Clock, Database, DomainError, type Transaction } from '@sallyport/platform';
import {
  type AdministrativePrivilege,
  EffectivePrivilegesService,
  grants,
  VaultAuthorityService,
  type Writer,
} from '@sallyport/privileges';
import { FirstFactorService, type ProvenUser } from '../first-factor/first-factor.service.js';
import { forbidden, notFound } from '../scope/provider-scope.service.js';
import { AdminSignInService, type PartialToken } from '../sign-in/admin-sign-in.service.js';
import { LostRace } from '../sign-in/finish.service.js';
import { SignInRows } from '../sign-in/sign-in-rows.js';

/** Seconds a code is good for, and its random bytes (S57). */
const CODE_LIFE = 86_400;
const CODE_BYTES = 32;

/** A code as it is handed out, once. */
export interface IssuedCode {
  code: string;
  expiresAt: Date;
}

/** Who sets a password with a code. */
export interface Activation {
  providerName: string;
  username: string;
  deviceId: string;
  code: string;
  newPassword: string;
  actor: Actor;
}

/** Codes with which people without a password, or who lost theirs, set one of their own; nobody sets one for them (S57, S58). */
@Injectable()
export class ActivationCodesService {
  constructor(
    private readonly database: Database,
    private readonly providers: IdentityProvidersService,
    private readonly users: LocalUsersService,
    private readonly credential: NewCredential,
    private readonly firstFactor: FirstFactorService,
    private readonly signIn: AdminSignInService,
    private readonly rows: SignInRows,
    private readonly effective: EffectivePrivilegesService,
    private readonly authorities: VaultAuthorityService,
    private readonly notices: NoticesService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * A code for a user of the provider `local`; an earlier one counts no more. The present password goes on working, and the owner is told.
   * @throws DomainError `not-found` where there is no such user or none the caller may view; `forbidden`, also where the user holds more
   *   than the caller (S49), and for oneself: one's own password takes the present one (S13).
   */
  async issue({ username, providerName }: UserName, { actor, subject }: Writer): Promise<IssuedCode> {
    const code = randomBytes(CODE_BYTES).toString('base64url');
    const now = this.clock.now();
    const expiresAt = after(now, CODE_LIFE);
    await this.database.transaction(async (tx) => {
      await this.authorities.begin(tx);
      const privileges = await this.effective.ofActing(subject, tx);
      const { user, principalId } = await this.mustFind(tx, username, providerName, privileges);
      if (principalId === actor.principalId) throw forbidden();
      await this.authorities.mustReachFromAdmin(tx, subject, principalId);
      await tx.execute(ISSUE, [user.id, hashOf(code), now, expiresAt]);
      await this.audit.record(tx, actor, {
        action: 'activation.issued',
        outcome: 'success',
        object: { type: 'local-user', id: user.id },
        detail: { expiresAt },
      });
      await this.notices.post(tx, [principalId], 'activation-code', { by: actor.name, setByAnother: true });
    });
    return { code, expiresAt };
  }

  /**
   * Sets the password for a right code, which is spent, and begins a sign-in: a partial token, never a full one. A wrong code counts as a
   * wrong password (S10), and costs the same for a name nobody has (S05).
   * @throws DomainError `invalid` on `newPassword`, judged before anything is looked up (S11); `rejected`, `throttled`, `unavailable`.
   */
  async activate({
    providerName,
    username,
    deviceId,
    code,
    newPassword,
    actor,
  }: Activation): Promise<PartialToken> {
    const provider = await this.providers.findByExactName(providerName);
    const rules = provider ?? (await this.providers.local());
    const problem = await this.credential.passwordProblem(newPassword, username, rules);
    if (problem !== null) throw DomainError.invalid('newPassword', problem);
    const open = provider?.type === 'LocalDatabase' && provider.adminProvider;
    let passwordHash = '';
    const proven = await this.firstFactor.prove({
      provider,
      providerName,
      open,
      hidesDisabledPerson: true,
      username,
      password: newPassword,
      standIn: async (localUserId) => {
        // One run, whoever is meant and whatever the code is (S05).
        passwordHash = await this.credential.hash(newPassword, username, rules);
        return this.matches(localUserId, code);
      },
      actor,
    });
    const own = {
      ...actor,
      principalId: proven.principalId,
      accountId: proven.accountId,
      name: proven.username,
    };
    const credentialVersion = await this.database.transaction((tx) =>
      this.setPassword(tx, proven, code, passwordHash, own),
    );
    return this.signIn.begin({ ...proven, credentialVersion }, { deviceId, actor });
  }

  /** Of several who hold the code one spends it. @returns the version of the new password. */
  private async setPassword(
    tx: Transaction,
    { localUserId, principalId, credentialVersion }: ProvenUser,
    code: string,
    passwordHash: string,
    actor: Actor,
  ): Promise<number> {
    const [user] = await tx.query<{ credential_version: number }>(
      'SELECT credential_version FROM local_users WHERE id = $1 AND NOT disabled FOR NO KEY UPDATE',
      [localUserId],
    );
    const spent = await tx.execute(`DELETE FROM activation_codes c USING local_users u WHERE ${GOOD}`, [
      localUserId,
      hashOf(code),
      this.clock.now(),
    ]);
    const row = await this.users.find(localUserId, tx);
    if (spent !== 1 || row === null || user?.credential_version !== credentialVersion) throw wrongCode();
    await this.users.changePassword(tx, row, passwordHash, actor, 'recovery');
    await this.rows.dropPartialTokens(tx, principalId);
    const changed = await this.users.find(localUserId, tx);
    if (changed === null) throw new LostRace();
    return changed.credentialVersion;
  }

  private async matches(localUserId: string | null, code: string): Promise<boolean> {
    const found = await this.database.query(
      `SELECT 1 FROM activation_codes c JOIN local_users u ON ${GOOD}`,
      [localUserId, hashOf(code), this.clock.now()],
    );
    return found.length > 0;
  }

  private async mustFind(
    tx: Transaction,
    username: string,
    providerName: string,
    privileges: AdministrativePrivilege[],
  ): Promise<{ user: LocalUser; principalId: string }> {
    const local = await this.providers.local(tx);
    const isLocal = canonicalName(providerName) === canonicalName(local.name);
    const user = isLocal ? await this.users.findByName(local.id, username, tx) : null;
    if (user === null || !grants(privileges, 'View', 'LocalUser', user)) throw notFound();
    if (!grants(privileges, 'Edit', 'LocalUser', user)) throw forbidden();
    const [account] = await tx.query<{ principal_id: string }>(
      'SELECT principal_id FROM accounts WHERE id = $1',
      [user.accountId],
    );
    if (account === undefined) throw notFound();
    return { user, principalId: account.principal_id };
  }
}

function hashOf(code: string): Buffer {
  return createHash('sha256').update(code).digest();
}

function wrongCode(): DomainError {
  return new DomainError('rejected', 'wrong-code', 'Invalid username or password.');
}

const GOOD = `c.local_user_id = $1 AND u.id = c.local_user_id AND c.code_hash = $2 AND c.expires_at > $3
  AND c.credential_version = u.credential_version`;

const ISSUE = `
  INSERT INTO activation_codes (local_user_id, code_hash, credential_version, created_at, expires_at)
  SELECT id, $2::bytea, credential_version, $3::timestamptz, $4::timestamptz FROM local_users WHERE id = $1
  ON CONFLICT (local_user_id) DO UPDATE SET code_hash = excluded.code_hash, credential_version = excluded.credential_version,
    created_at = excluded.created_at, expires_at = excluded.expires_at`;
