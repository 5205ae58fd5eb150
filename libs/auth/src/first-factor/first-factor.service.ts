import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import {
  AuthMountsService,
  canonicalName,
  dummyHash,
  HashQueue,
  hashPassword,
  type IdentityProvider,
  type MountLockout,
  needsRehash,
  preparePassword,
  type TokenSettings,
  verifyPassword,
} from '@sallyport/identity';
import {
  Clock,
  Config,
  Database,
  DomainError,
  Installation,
  Metrics,
  type Reads,
  sourceNetwork,
  type StepOutcome,
  storableText,
} from '@sallyport/platform';
import { StatisticsService } from '../sessions/statistics.service.js';
import {
  type PasswordBooking,
  PasswordThrottleService,
  type PasswordSubject,
} from './password-throttle.service.js';
import { passwordRuleOf } from './password-waits.js';
import { RefusedPasswordsService } from './refused-passwords.service.js';
import { SignInLine } from './sign-in-line.js';
import { unknownSubject } from './unknown-subject.js';

/** Who has proven a password, and as it stood at that moment (S37). */
export interface ProvenUser {
  localUserId: string;
  accountId: string;
  principalId: string;
  username: string;
  provider: IdentityProvider;
  credentialVersion: number;
  principalDisabled: boolean;
  /** Whether `/v1` knows the person as an entity already (vault.md §1.3). */
  principalShown: boolean;
  tokenSettings: TokenSettings;
}

export interface PasswordTry {
  /** Null: no such provider. */
  provider: IdentityProvider | null;
  /** The name by which an unknown provider was asked for; counts tries only. */
  providerName: string;
  /** False: a provider that may not sign in here. It answers like a wrong password. */
  open: boolean;
  /** True: a disabled person answers like a wrong password, in every respect (appgate.md §2.3, S05). */
  hidesDisabledPerson?: boolean;
  username: string;
  password: string;
  /** Asked in the password's place: whether something else stands for it (S57). Then this is no sign-in and no stopped password closes it. */
  standIn?: (localUserId: string | null) => Promise<boolean>;
  actor: Actor;
}

interface UserRow {
  id: string;
  account_id: string;
  principal_id: string;
  name: string;
  password_hash: string;
  credential_version: number;
  disabled: boolean;
  blacklisted: boolean;
  principal_disabled: boolean;
  principal_shown: boolean;
  token_settings: TokenSettings;
  /** Whether the account has signed in from this network of late (S08). */
  network_known: boolean;
  /** Whether the password opens from known networks only. */
  stopped: boolean;
}

/** Checks passwords: one Argon2 run whatever the outcome, counted before it is evaluated (S04-S07, S10, S12). */
@Injectable()
export class FirstFactorService {
  constructor(
    private readonly config: Config,
    private readonly database: Database,
    private readonly installation: Installation,
    private readonly line: SignInLine,
    private readonly hashes: HashQueue,
    private readonly throttle: PasswordThrottleService,
    private readonly refused: RefusedPasswordsService,
    private readonly mounts: AuthMountsService,
    private readonly statistics: StatisticsService,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  /**
   * @param attempt a function, where the database is asked for it: it is called in its turn (S12).
   * @returns the user whose password this is. Its count is not cleared: only a full sign-in does that (S07).
   * @throws DomainError `rejected` for an unknown user or provider, a closed provider, a wrong password and a disabled or blacklisted user alike, not
   *   sooner than the floor (S05); `throttled` during a wait, for the right password too; `unavailable` when the hash queue is full.
   */
  async prove(attempt: PasswordTry | (() => Promise<PasswordTry>)): Promise<ProvenUser> {
    const arrived = performance.now();
    try {
      const proven = await this.line.run(async () =>
        this.evaluate(typeof attempt === 'function' ? await attempt() : attempt),
      );
      this.metrics.countStep('password', 'accepted');
      return proven;
    } catch (error) {
      this.metrics.countStep('password', outcomeOf(error));
      if (error instanceof DomainError && (error.kind === 'rejected' || error.kind === 'throttled'))
        await this.waitForFloor(arrived);
      throw error;
    }
  }

  private async evaluate(attempt: PasswordTry): Promise<ProvenUser> {
    const network = sourceNetwork(attempt.actor.clientAddress ?? '');
    const [user, lockout] = await this.database.gather((reads) =>
      Promise.all([this.find(attempt, network, reads), this.lockoutOf(attempt, reads)]),
    );
    const counted = this.countedAs(attempt, user, network, lockout);
    const booked = await this.throttle.book(counted);
    if ('waitSeconds' in booked)
      throw await this.refused.throttled(counted, user !== null, booked.waitSeconds, attempt.actor);
    const { booking } = booked;
    const matches = await this.judge(attempt, user, booking);
    const { provider } = attempt;
    if (!matches || user === null || provider === null || isClosed(user, attempt))
      throw await this.refused.wrong(booking, user, attempt.actor);
    await this.database.pipeline((sql) =>
      Promise.all([
        this.throttle.release(booking, sql),
        attempt.standIn === undefined ? this.statistics.countLogin(provider, sql) : null,
      ]),
    );
    if (attempt.standIn === undefined && needsRehash(user.password_hash))
      await this.rehash(user, attempt.password);
    return {
      localUserId: user.id,
      accountId: user.account_id,
      principalId: user.principal_id,
      username: user.name,
      provider,
      credentialVersion: user.credential_version,
      principalDisabled: user.principal_disabled,
      principalShown: user.principal_shown,
      tokenSettings: user.token_settings,
    };
  }

  private async find(
    { provider, username }: PasswordTry,
    network: string,
    reads: Reads,
  ): Promise<UserRow | null> {
    if (provider === null) return null;
    // No stored name holds what cannot be stored, so nothing can match one that does.
    const rows = await reads.query<UserRow>(
      `SELECT u.id, u.account_id, a.principal_id, u.name, u.password_hash, u.credential_version, u.disabled, p.disabled AS principal_disabled,
         p.name IS NOT NULL AS principal_shown, u.token_settings, u.password_stopped_at IS NOT NULL AS stopped,
         EXISTS (SELECT 1 FROM known_networks k WHERE k.account_id = a.id AND k.network = $3::text AND k.last_sign_in_at > $4::timestamptz) AS network_known,
         EXISTS (SELECT 1 FROM blacklisted_users b WHERE i.type <> 'Userpass' AND b.provider_canonical = i.name_canonical
                 AND b.username_canonical = u.name_canonical) AS blacklisted
       FROM local_users u JOIN accounts a ON a.id = u.account_id JOIN principals p ON p.id = a.principal_id
       JOIN identity_providers i ON i.id = u.identity_provider_id
       WHERE u.identity_provider_id = $1::uuid AND u.name_canonical = $2::text`,
      [
        provider.id,
        storableText(canonicalName(username)),
        network,
        this.throttle.knownSince(this.clock.now()),
      ],
    );
    return rows[0] ?? null;
  }

  private async lockoutOf({ provider }: PasswordTry, reads: Reads): Promise<MountLockout | null> {
    return provider === null ? null : this.mounts.lockoutOf(provider.id, reads);
  }

  /** A name nobody has is counted like any other, under a keyed hash of its canonical form (S10). */
  private countedAs(
    { provider, providerName, username }: PasswordTry,
    user: UserRow | null,
    network: string,
    lockout: MountLockout | null,
  ): PasswordSubject {
    const place = provider?.id ?? canonicalName(providerName);
    const known = user?.network_known ?? false;
    return {
      subject: user?.account_id ?? unknownSubject(this.installation, place, username),
      network,
      known,
      ...passwordRuleOf(provider, lockout, known),
    };
  }

  /** One run with the current parameters' cost; a database or queue error leaves the try uncounted. */
  private async judge(
    { password, standIn }: PasswordTry,
    user: UserRow | null,
    booking: PasswordBooking,
  ): Promise<boolean> {
    try {
      if (standIn !== undefined) return await standIn(user?.id ?? null);
      const hash = user?.password_hash ?? (await dummyHash());
      return await this.hashes.run(() => verifyPassword(hash, preparePassword(password)));
    } catch (error) {
      await this.throttle.release(booking);
      throw error;
    }
  }

  /** Weak parameters are raised once; a password changed meanwhile wins (S04). A full queue leaves it to the next sign-in. */
  private async rehash(user: UserRow, password: string): Promise<void> {
    const raised = await this.hashes
      .run(() => hashPassword(preparePassword(password)))
      .catch(unlessUnavailable);
    if (raised === null) return;
    await this.database.execute(
      'UPDATE local_users SET password_hash = $2 WHERE id = $1 AND password_hash = $3',
      [user.id, raised, user.password_hash],
    );
  }

  private async waitForFloor(arrived: number): Promise<void> {
    const left = this.config.failureFloorMs - (performance.now() - arrived);
    // A timer counts whole milliseconds, and may be one early.
    if (left > 0) await new Promise((resolve) => setTimeout(resolve, Math.ceil(left) + 1));
  }
}

/** As it is counted; what is no answer of ours to a password is `unavailable`. */
function outcomeOf(error: unknown): StepOutcome {
  const kind = error instanceof DomainError ? error.kind : null;
  if (kind === 'rejected') return 'wrong';
  return kind === 'throttled' ? 'throttled' : 'unavailable';
}

/** Whether even the right password opens nothing. */
function isClosed(user: UserRow, { open, hidesDisabledPerson, standIn }: PasswordTry): boolean {
  if (user.disabled || user.blacklisted || !open) return true;
  if (user.stopped && !user.network_known && standIn === undefined) return true;
  return hidesDisabledPerson === true && user.principal_disabled;
}

function unlessUnavailable(error: unknown): null {
  if (error instanceof DomainError && error.kind === 'unavailable') return null;
  throw error;
}
