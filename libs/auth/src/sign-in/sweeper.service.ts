import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DevicesService } from '@sallyport/identity';
import { after, BackgroundWork, Clock, Database, Rounds, takesTurn, withCause } from '@sallyport/platform';
import { KNOWN_DAYS } from '../first-factor/password-waits.js';

const EVERY_MS = 60_000;
/** Rows a statement removes at most, so that nobody waits for it. */
const BATCH = 1_000;
const DAY = 86_400;

// What is removed decides nothing any more: sign-ins past their end, tries after 24 h of peace or the longest a mount is tuned to (S10), networks known no more (S08),
// seeds that were never confirmed, hours the statistics no longer show (appgate.md §6.8).
const SWEEPS = [
  `DELETE FROM sign_ins WHERE id IN (SELECT id FROM sign_ins WHERE expires_at < $1 LIMIT ${BATCH})`,
  `DELETE FROM factor_challenges WHERE (sign_in_id, method_id) IN
     (SELECT sign_in_id, method_id FROM factor_challenges WHERE expires_at < $1 LIMIT ${BATCH})`,
  `DELETE FROM factor_pushes WHERE id IN (SELECT id FROM factor_pushes WHERE sent_at < $1 LIMIT ${BATCH})`,
  `DELETE FROM password_throttles WHERE (subject, network) IN
     (SELECT subject, network FROM password_throttles WHERE updated_at < $1::timestamptz - make_interval(secs => greatest(0,
        (SELECT max((user_lockout_config->>'counterReset')::bigint) FROM auth_mounts) - ${DAY})) AND (wait_until IS NULL OR wait_until < $1) LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`,
  `DELETE FROM known_networks WHERE (account_id, network) IN (SELECT account_id, network FROM known_networks
     WHERE last_sign_in_at < $1::timestamptz - interval '${KNOWN_DAYS - 1} days' LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`,
  // A seed nobody confirmed goes with the sign-in or token that made it (contract vault.md §1.6).
  `DELETE FROM totp_enrollments WHERE id IN (SELECT e.id FROM totp_enrollments e
     WHERE e.bound_at IS NULL AND e.disabled_at IS NULL AND e.created_at < $1
       AND NOT EXISTS (SELECT 1 FROM sign_ins s WHERE s.id = e.provisional_for)
       AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.id = e.provisional_for) LIMIT ${BATCH})`,
  `DELETE FROM totp_resets WHERE (method_id, principal_id) IN
     (SELECT method_id, principal_id FROM totp_resets WHERE expires_at < $1 LIMIT ${BATCH})`,
  `DELETE FROM activation_codes WHERE local_user_id IN (SELECT local_user_id FROM activation_codes WHERE expires_at < $1 LIMIT ${BATCH})`,
  `DELETE FROM former_addresses WHERE (principal_id, address) IN
     (SELECT principal_id, address FROM former_addresses WHERE replaced_at < $1::timestamptz - interval '90 days' LIMIT ${BATCH})`,
  `DELETE FROM factor_failure_days WHERE (principal_id, day) IN
     (SELECT principal_id, day FROM factor_failure_days WHERE day < $1::timestamptz - interval '30 days' LIMIT ${BATCH})`,
  `DELETE FROM login_counts WHERE hour < $1::timestamptz - interval '1 hour'`,
];

const DEVICES = `DELETE FROM registered_devices WHERE (account_id, device_id) IN
  (SELECT account_id, device_id FROM registered_devices WHERE last_seen_at < $1 LIMIT ${BATCH})`;

/** Removes rows that count no more, by one replica at a time, in small batches. */
@Injectable()
export class SweeperService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Sweeper');
  private readonly rounds = new Rounds(EVERY_MS, () => this.sweepQuietly());

  constructor(
    private readonly database: Database,
    private readonly devices: DevicesService,
    private readonly clock: Clock,
    private readonly background: BackgroundWork,
  ) {}

  onApplicationBootstrap(): void {
    this.rounds.begin();
  }

  onApplicationShutdown(): Promise<void> {
    return this.rounds.end();
  }

  /** @returns how many rows went; 0 where another replica is at it. */
  async sweep(): Promise<number> {
    return this.database.transaction(async (tx) => {
      if (!(await takesTurn(tx, 'sweep'))) return 0;
      let swept = 0;
      for (const statement of SWEEPS) swept += await tx.execute(statement, [after(this.clock.now(), -DAY)]);
      return swept + (await tx.execute(DEVICES, [await this.devices.oldest(tx)]));
    });
  }

  private async sweepQuietly(): Promise<void> {
    const failure = await this.background.attempt('sweep', () => this.sweep());
    if (failure !== null)
      this.logger.warn(`sweeping failed, the next minute tries again: ${withCause(failure)}`);
  }
}
