import { Injectable } from '@nestjs/common';
import {
  canonicalName,
  type DeviceAndUserName,
  DevicesService,
  type UserName,
  userDn,
} from '@sallyport/identity';
import {
  Clock,
  Database,
  type Listed,
  listRows,
  type ListSource,
  type ListWish,
  timeText,
} from '@sallyport/platform';
import {
  type AdministrativePrivilege,
  reachOf,
  reachValues,
  type Subject,
  withinReach,
} from '@sallyport/privileges';
import { hasLiveToken, liveTokensOf } from '@sallyport/tokens';
import {
  DEVICE_COLUMNS,
  DEVICE_FIELDS,
  type DeviceAndUser,
  type DeviceRow,
  DEVICES_OF_USERS,
  deviceAndUserOf,
} from '../devices/device-rows.js';
import { notFound, ProviderScopeService } from '../scope/provider-scope.service.js';

/** A user who has a device (contract appgate.md §6.7). */
export interface LicensedUser extends UserName {
  userDistinguishedName: string;
  created: Date;
  lastSeenAt: Date;
}

interface LicenceRow {
  username: string;
  provider_name: string;
  created: Date;
  last_seen_at: Date;
}

interface SessionRow {
  username: string;
  provider_name: string;
  local_user_id: string;
  client_address: string;
  issued_at: Date;
}

/** Who is signed in at `/admin`, and who ever was, as far as a caller's privileges reach (contract appgate.md §6.7, §6.8; S45). */
@Injectable()
export class SessionDirectoryService {
  constructor(
    private readonly database: Database,
    private readonly scope: ProviderScopeService,
    private readonly devices: DevicesService,
    private readonly clock: Clock,
  ) {}

  /** One page of the devices with a live full token. */
  async active(wish: ListWish, privileges: AdministrativePrivilege[]): Promise<Listed<DeviceAndUser>> {
    const values = [this.clock.now(), ...reachValues(reachOf(privileges, 'View', 'SessionInfo'))];
    const listed = await listRows<DeviceRow>(this.database, ACTIVE, values, wish);
    return { ...listed, rows: listed.rows.map(deviceAndUserOf) };
  }

  /** How many those are. */
  async countActive(privileges: AdministrativePrivilege[]): Promise<number> {
    const values = [this.clock.now(), ...reachValues(reachOf(privileges, 'View', 'SessionInfo'))];
    const [row] = await this.database.query<{ sessions: number }>(COUNT_ACTIVE, values);
    return row?.sessions ?? 0;
  }

  /**
   * Whose live session a device holds: the newest.
   * @throws DomainError `not-found` where there is none, or none the caller may view.
   */
  async on(
    { deviceId, username, providerName }: DeviceAndUserName,
    privileges: AdministrativePrivilege[],
  ): Promise<DeviceAndUserName & { subject: Subject }> {
    const provider = await this.scope.mustReach(providerName, 'View', 'SessionInfo', privileges);
    const values = [this.clock.now(), deviceId, canonicalName(username), provider.id || null];
    const [row] = await this.database.query<SessionRow>(SESSION, values);
    if (row === undefined) throw notFound();
    const subject = {
      localUserId: row.local_user_id,
      deviceId,
      clientAddress: row.client_address,
      connectTime: row.issued_at,
    };
    return { deviceId, username: row.username, providerName: row.provider_name, subject };
  }

  /** One page of the users with a registered device. */
  async licensed(wish: ListWish, privileges: AdministrativePrivilege[]): Promise<Listed<LicensedUser>> {
    const reach = reachValues(reachOf(privileges, 'View', 'UserLicense'));
    const listed = await listRows<LicenceRow>(
      this.database,
      LICENSED,
      [await this.devices.oldest(), ...reach],
      wish,
    );
    const rows = listed.rows.map(
      ({ username, provider_name: providerName, created, last_seen_at: lastSeenAt }) => ({
        userDistinguishedName: userDn(username, providerName),
        username,
        providerName,
        created,
        lastSeenAt,
      }),
    );
    return { ...listed, rows };
  }
}

const ACTIVE_DEVICES = `${DEVICES_OF_USERS} WHERE ${withinReach('p', 2)} AND ${hasLiveToken('d', '$1::timestamptz')}`;

const ACTIVE: ListSource = {
  select: `SELECT ${DEVICE_COLUMNS} FROM ${ACTIVE_DEVICES}`,
  key: 'device_key',
  search: ['dn_canonical'],
  fold: canonicalName,
  fields: DEVICE_FIELDS,
};

const COUNT_ACTIVE = `SELECT count(*)::integer AS sessions FROM ${ACTIVE_DEVICES}`;

const SESSION = `
  SELECT live.*, a.name AS username, p.name AS provider_name FROM ${DEVICES_OF_USERS}
  CROSS JOIN LATERAL (SELECT t.local_user_id, t.client_address, t.issued_at FROM ${liveTokensOf('d', '$1::timestamptz')}) AS live
  WHERE d.device_id = $2 AND a.name_canonical = $3 AND p.id = $4::uuid ORDER BY live.issued_at DESC LIMIT 1`;

const LICENSED: ListSource = {
  select: `
    SELECT a.id AS account_id, a.name AS username, a.name_canonical, p.name AS provider_name, p.name_canonical AS provider_canonical,
      'cn=' || a.name_canonical || ',ou=' || p.name_canonical AS dn_canonical, 'Normal' AS type,
      min(d.on_boarded_at) AS created, max(d.last_seen_at) AS last_seen_at
    FROM ${DEVICES_OF_USERS} WHERE d.last_seen_at >= $1 AND ${withinReach('p', 2)} GROUP BY a.id, p.id`,
  key: 'account_id',
  search: ['dn_canonical'],
  fold: canonicalName,
  fields: {
    username: { order: 'name_canonical', filter: 'name_canonical', fold: canonicalName },
    userDistinguishedName: { order: 'dn_canonical', filter: 'dn_canonical', fold: canonicalName },
    providerName: { order: 'provider_canonical', filter: 'provider_canonical', fold: canonicalName },
    type: { order: 'type', filter: 'type' },
    created: { order: 'created', filter: timeText('created') },
    lastSeenAt: { order: 'last_seen_at', filter: timeText('last_seen_at') },
  },
};
