import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { canonicalName } from '@sallyport/identity';
import { Clock, Database, type Transaction } from '@sallyport/platform';
import { type AdministrativePrivilege, reachOf, reachValues, withinReach } from '@sallyport/privileges';
import { hasLiveToken } from '@sallyport/tokens';
import { livePartial } from '../sign-in/sign-in-statements.js';
import { type DeviceFilter, isEveryDevice } from './device-filter.js';
import {
  DEVICE_COLUMNS,
  type DeviceRow,
  DEVICES_OF_USERS,
  deviceOf,
  type RegisteredDevice,
} from './device-rows.js';
import { EverybodyRevocationService } from './everybody-revocation.service.js';
import type { Revocation, RevokedDevices, RevokedToken } from './revocation.js';

/** Ends the tokens of many devices at once, as far as a caller's privileges reach (contract appgate.md §5.6; S39, S40, S42, S45). */
@Injectable()
export class DeviceRevocationService {
  constructor(
    private readonly database: Database,
    private readonly everybody: EverybodyRevocationService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * One stamp is moved for each device, whatever the number of its tokens; one for all of them where nothing narrows it. Tokens issued
   * meanwhile live. The caller's own are not spared.
   * @returns the devices that had a live token of these kinds; devices out of reach are left out silently.
   */
  async revoke(
    revocation: Revocation,
    privileges: AdministrativePrivilege[],
    actor: Actor,
  ): Promise<RevokedDevices> {
    const { filter, only, kinds, reason, asked } = revocation;
    const everybody = filter !== null && isEveryDevice(filter) && only === undefined;
    if (
      everybody &&
      (kinds.full || kinds.partial) &&
      reachOf(privileges, 'Revoke', 'RegisteredDevice') === 'all'
    )
      return this.everybody.revoke({ kinds, reason, asked }, actor);
    return this.database.transaction(async (tx) => {
      const { devices } = await this.end(tx, revocation, privileges, actor);
      const revoked = devices
        .map(deviceOf)
        .toSorted((one, other) => other.onBoardedAt.getTime() - one.onBoardedAt.getTime());
      return { devices: revoked, total: revoked.length };
    });
  }

  /** The same, for callers who want each token told (contract appgate.md §6.9). */
  async revokeTokens(
    revocation: Revocation,
    privileges: AdministrativePrivilege[],
    actor: Actor,
  ): Promise<RevokedToken[]> {
    return this.database.transaction(async (tx) => {
      const { devices, partial } = await this.end(tx, revocation, privileges, actor);
      const byKey = new Map(devices.map((row) => [row.account_id + row.device_id, deviceOf(row)]));
      const keys = [
        devices.map((row) => row.account_id),
        devices.map((row) => row.device_id),
        devices.map((row) => row.old_epoch),
      ];
      const full = revocation.kinds.full ? await tx.query<EndedRow>(ENDED, [...keys, this.clock.now()]) : [];
      const told = (kind: RevokedToken['kind']) => (row: EndedRow) => {
        const device = byKey.get(row.account_id + row.device_id)!;
        return { kind, device, issuedAt: row.issued_at, expiresAt: row.expires_at };
      };
      return [...full.map(told('full')), ...partial.map(told('partial'))];
    });
  }

  /** The devices a filter means, as far as these privileges reach for an act on devices; nothing changes. */
  async matching(
    filter: DeviceFilter | null,
    type: string,
    privileges: AdministrativePrivilege[],
  ): Promise<RegisteredDevice[]> {
    if (filter === null) return [];
    const reach = reachValues(reachOf(privileges, type, 'RegisteredDevice'));
    const rows = await this.database.query<DeviceRow>(MATCHING, [
      ...reach,
      filter.deviceId,
      filter.username,
      filter.providerName,
    ]);
    return rows.map(deviceOf);
  }

  private async end(
    tx: Transaction,
    { filter, only, kinds, reason, asked }: Revocation,
    privileges: AdministrativePrivilege[],
    actor: Actor,
  ): Promise<{ devices: RevokedRow[]; partial: EndedRow[] }> {
    if (filter === null || (!kinds.full && !kinds.partial)) return { devices: [], partial: [] };
    const reach = reachValues(reachOf(privileges, 'Revoke', 'RegisteredDevice'));
    const named =
      only?.map(({ deviceId, username, providerName }) => deviceKey(deviceId, username, providerName)) ??
      null;
    const wanted = [filter.deviceId, filter.username, filter.providerName, named, kinds.full, kinds.partial];
    const devices = await tx.query<RevokedRow>(REVOKE, [this.clock.now(), ...reach, ...wanted]);
    const keys = [devices.map((row) => row.account_id), devices.map((row) => row.device_id)];
    const partial = kinds.partial ? await tx.query<EndedRow>(DROP_PARTIAL, keys) : [];
    const detail = { asked, reason: reason ?? null, ...kinds, devices: devices.length };
    await this.audit.record(tx, actor, {
      action: 'device.tokens-revoked',
      outcome: 'success',
      object: { type: 'device', id: asked },
      detail,
    });
    return { devices, partial };
  }
}

interface RevokedRow extends DeviceRow {
  account_id: string;
  old_epoch: string;
}

interface EndedRow {
  account_id: string;
  device_id: string;
  issued_at: Date;
  expires_at: Date;
}

function deviceKey(deviceId: string, username: string, providerName: string): string {
  return `cn=${deviceId.replaceAll('-', '')},cn=${canonicalName(username)},ou=${canonicalName(providerName)}`;
}

/** Conditions over four parameters' worth of reach and filter, from `$first` on. */
function meant(first: number): string {
  return `${withinReach('p', first)}
    AND ($${first + 3}::uuid IS NULL OR d.device_id = $${first + 3}::uuid)
    AND ($${first + 4}::text IS NULL OR a.name_canonical = $${first + 4}::text)
    AND ($${first + 5}::text IS NULL OR p.name_canonical = $${first + 5}::text)`;
}

// A device that is signing in holds its row until its token is there; the stamp then moves past that token.
const REVOKE = `
  WITH meant AS (
    SELECT ${DEVICE_COLUMNS}, d.token_epoch AS old_epoch FROM ${DEVICES_OF_USERS}
    WHERE ${meant(2)}
      AND ($9::boolean AND ${hasLiveToken('d', '$1::timestamptz')}
        OR $10::boolean AND EXISTS (
          SELECT 1 FROM ${livePartial('s', 'd', '$1::timestamptz')}))
  )
  UPDATE registered_devices d SET token_epoch = CASE WHEN $9::boolean THEN nextval('device_epochs') ELSE d.token_epoch END
  FROM meant WHERE meant.account_id = d.account_id AND d.device_id = meant.device_id::uuid
    AND ($8::text[] IS NULL OR meant.dn_canonical = ANY($8::text[]))
  RETURNING d.account_id, meant.device_id, meant.username, meant.provider_name, d.on_boarded_at, d.last_seen_at,
    meant.old_epoch`;

const DROP_PARTIAL = `
  DELETE FROM sign_ins s USING unnest($1::uuid[], $2::uuid[]) AS ended(account_id, device_id)
  WHERE s.account_id = ended.account_id AND s.device_id = ended.device_id AND s.origin = 'appgate'
  RETURNING s.account_id, s.device_id, s.created_at AS issued_at, coalesce(s.session_expires_at, s.expires_at) AS expires_at`;

const ENDED = `
  SELECT t.account_id, t.device_id, t.issued_at, t.expires_at
  FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS ended(account_id, device_id, epoch)
  JOIN tokens t ON t.account_id = ended.account_id AND t.device_id = ended.device_id AND t.device_epoch = ended.epoch
  WHERE t.revoked_at IS NULL AND t.expires_at > $4 ORDER BY t.issued_at, t.id`;

const MATCHING = `SELECT ${DEVICE_COLUMNS} FROM ${DEVICES_OF_USERS} WHERE ${meant(1)} ORDER BY dn_canonical`;
