import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { Clock, Database, DomainError } from '@sallyport/platform';
import {
  type PasswordBooking,
  PasswordThrottleService,
  type PasswordSubject,
} from './password-throttle.service.js';
import { StoppedPasswordsService, type StoppedUser } from './stopped-passwords.service.js';

/** Counts and writes down what a password did not open. */
@Injectable()
export class RefusedPasswordsService {
  constructor(
    private readonly database: Database,
    private readonly throttle: PasswordThrottleService,
    private readonly stopped: StoppedPasswordsService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * A try was evaluated and opens nothing, whatever the reason: the same is done for each (S05).
   * @param user null: nobody has the name.
   * @returns what the caller is told.
   */
  async wrong(booking: PasswordBooking, user: StoppedUser | null, actor: Actor): Promise<DomainError> {
    await this.database.transaction(async (tx) => {
      // In the order of a sign-in that is finished meanwhile: the user, then the count.
      await tx.execute('SELECT 1 FROM local_users WHERE id = $1 FOR NO KEY UPDATE', [user?.id ?? null]);
      const { failures, sharedFailures, waitSeconds } = await this.throttle.fail(tx, booking);
      await tx.execute(
        `UPDATE local_users SET failed_login_attempts = failed_login_attempts + 1,
           lock_start = CASE WHEN $2 THEN $3::timestamptz ELSE lock_start END WHERE id = $1`,
        [user?.id ?? null, waitSeconds > 0, this.clock.now()],
      );
      await this.audit.record(tx, actor, {
        action: 'sign-in.password-refused',
        outcome: 'failure',
        object: { type: 'account', id: booking.subject },
        detail: { reason: 'wrong-password', failures, network: booking.network },
      });
      if (user !== null) await this.stopped.stopAfter(tx, sharedFailures, user, actor);
    });
    return wrongPassword();
  }

  /**
   * A try came during a wait and was not evaluated (S07); told of once a minute (S79).
   * @param known whether somebody has the name. @param waitSeconds what is left of the wait.
   * @returns what the caller is told.
   */
  async throttled(
    { subject, network }: PasswordSubject,
    known: boolean,
    waitSeconds: number,
    actor: Actor,
  ): Promise<DomainError> {
    const event = {
      action: 'sign-in.password-throttled',
      outcome: 'denied',
      object: { type: 'account', id: subject },
      detail: { reason: 'throttled', network, known },
    } as const;
    await this.audit.recordFolded(this.database, actor, event, `${subject}/${network}`);
    return new DomainError('throttled', 'password-throttled', 'Too many failed attempts. Try again later.', {
      retryAfter: waitSeconds,
    });
  }
}

export function wrongPassword(): DomainError {
  return new DomainError('rejected', 'wrong-password', 'Invalid username or password.');
}
