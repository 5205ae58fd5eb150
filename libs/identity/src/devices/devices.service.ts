import { Injectable } from '@nestjs/common';
import { after, Clock, type Sql, type Transaction } from '@sallyport/platform';
import { GLOBAL_DEFAULTS } from '../settings/global-settings.js';
import { GlobalSettingsService } from '../settings/global-settings.service.js';

const DAY = 86_400;

/** The devices people sign in from (contract appgate.md §5.6). */
@Injectable()
export class DevicesService {
  constructor(
    private readonly settings: GlobalSettingsService,
    private readonly clock: Clock,
  ) {}

  /**
   * A token is about to be issued to this device: it is on-boarded, or seen again. Comes before the token in the same transaction,
   * which waits here for a revocation in progress, so that the token carries the epoch that stands afterwards (S40).
   * One that had expired unnoticed is on-boarded anew.
   */
  async see(tx: Transaction, accountId: string, deviceId: string): Promise<void> {
    const now = this.clock.now();
    await tx.execute(
      `INSERT INTO registered_devices AS known (account_id, device_id, on_boarded_at, last_seen_at) VALUES ($1, $2, $3, $3)
       ON CONFLICT (account_id, device_id) DO UPDATE SET last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at),
         on_boarded_at = CASE WHEN known.last_seen_at < $3 - make_interval(days => coalesce(
             (SELECT (settings->>'registeredDeviceExpirationDays')::int FROM global_settings), $4))
           THEN excluded.on_boarded_at ELSE known.on_boarded_at END`,
      [accountId, deviceId, now, GLOBAL_DEFAULTS.registeredDeviceExpirationDays],
    );
  }

  /** Devices last seen before this instant have expired. */
  async oldest(sql?: Sql): Promise<Date> {
    const { registeredDeviceExpirationDays } = await this.settings.get(sql);
    return after(this.clock.now(), -registeredDeviceExpirationDays * DAY);
  }
}
