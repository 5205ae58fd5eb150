import { Injectable } from '@nestjs/common';
import type { IdentityProvider } from '@sallyport/identity';
import { after, Clock, Database, type Sql } from '@sallyport/platform';
import { type AdministrativePrivilege, reachOf, reachValues, withinReach } from '@sallyport/privileges';

const HOUR = 3_600;
/** Rows that hold one hour's count of right passwords at a provider. */
const COUNT_PARTS = 16;
const HOURS = Array.from({ length: 24 }, (_, hour) => String(hour));

/** How many in each hour of the last day: from `"0"` to `"23"`, UTC. */
export type Hourly = Record<string, number>;

/** Counts by hour, and those of the last 24 as far as a caller's privileges reach (contract appgate.md §6.8; S45). */
@Injectable()
export class StatisticsService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * A right password; further mounts of `/v1` are in no statistics. An hour's count lies in parts, told apart by a second within it, so that
   * those who sign in at once seldom wait for one another's row.
   */
  async countLogin({ id, type }: IdentityProvider, sql: Sql): Promise<void> {
    if (type !== 'Userpass') await sql.execute(COUNT_LOGIN, [id, this.clock.now()]);
  }

  /** Right passwords. */
  async logins(privileges: AdministrativePrivilege[]): Promise<Hourly> {
    return this.hourly(LOGINS, privileges, 'SessionInfo');
  }

  /** New devices. */
  async onBoardedDevices(privileges: AdministrativePrivilege[]): Promise<Hourly> {
    return this.hourly(ON_BOARDED, privileges, 'RegisteredDevice');
  }

  /** The present hour and the 23 before it: each of the 24 numbers is of one hour. */
  private async hourly(
    statement: string,
    privileges: AdministrativePrivilege[],
    target: string,
  ): Promise<Hourly> {
    const from = after(this.clock.now(), -23 * HOUR);
    from.setUTCMinutes(0, 0, 0);
    const values = [from, ...reachValues(reachOf(privileges, 'View', target))];
    const rows = await this.database.query<{ hour: number; times: number }>(statement, values);
    const counted = new Map(rows.map(({ hour, times }) => [String(hour), times]));
    return Object.fromEntries(HOURS.map((hour) => [hour, counted.get(hour) ?? 0]));
  }
}

const COUNT_LOGIN = `
  INSERT INTO login_counts AS known (identity_provider_id, hour, logins)
  VALUES ($1, date_trunc('hour', $2::timestamptz, 'UTC') + make_interval(secs => floor(random() * ${COUNT_PARTS})), 1)
  ON CONFLICT (identity_provider_id, hour) DO UPDATE SET logins = known.logins + 1`;

const LOGINS = `
  SELECT extract(hour FROM c.hour AT TIME ZONE 'UTC')::integer AS hour, sum(c.logins)::integer AS times
  FROM login_counts c JOIN identity_providers p ON p.id = c.identity_provider_id AND p.type <> 'Userpass'
  WHERE c.hour >= $1 AND ${withinReach('p', 2)} GROUP BY 1`;

const ON_BOARDED = `
  SELECT extract(hour FROM d.on_boarded_at AT TIME ZONE 'UTC')::integer AS hour, count(*)::integer AS times
  FROM registered_devices d JOIN accounts a ON a.id = d.account_id
  JOIN identity_providers p ON p.id = a.identity_provider_id AND p.type <> 'Userpass'
  WHERE d.on_boarded_at >= $1 AND ${withinReach('p', 2)} GROUP BY 1`;
