import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { canonicalName, type DeviceAndUserName, DevicesService } from '@sallyport/identity';
import {
  Database,
  type Listed,
  listRows,
  type ListSource,
  type ListWish,
  timeText,
} from '@sallyport/platform';
import { type AdministrativePrivilege, reachOf, reachValues, withinReach } from '@sallyport/privileges';
import { notFound, ProviderScopeService } from '../scope/provider-scope.service.js';
import {
  DEVICE_COLUMNS,
  DEVICE_FIELDS,
  type DeviceRow,
  DEVICES_OF_USERS,
  deviceOf,
  type RegisteredDevice,
} from './device-rows.js';

interface RemovedRow {
  account_id: string;
  on_boarded_at: Date;
  last_seen_at: Date;
}

/** Which devices people sign in from, as far as a caller's privileges reach (contract appgate.md §5.6; S45). */
@Injectable()
export class DeviceDirectoryService {
  constructor(
    private readonly database: Database,
    private readonly devices: DevicesService,
    private readonly scope: ProviderScopeService,
    private readonly audit: AuditService,
  ) {}

  /** One page of the devices these privileges let view; expired ones are gone. */
  async list(wish: ListWish, privileges: AdministrativePrivilege[]): Promise<Listed<RegisteredDevice>> {
    const reach = reachOf(privileges, 'View', 'RegisteredDevice');
    const values = [await this.devices.oldest(), ...reachValues(reach)];
    const listed = await listRows<DeviceRow>(this.database, DEVICES, values, wish);
    return { ...listed, rows: listed.rows.map(deviceOf) };
  }

  /**
   * Removes a device; its tokens end with it (§2.1, S39).
   * @throws DomainError `forbidden`; `not-found`.
   */
  async remove(
    { deviceId, username, providerName }: DeviceAndUserName,
    privileges: AdministrativePrivilege[],
    actor: Actor,
  ): Promise<void> {
    const provider = await this.scope.mustReach(providerName, 'Delete', 'RegisteredDevice', privileges);
    await this.database.transaction(async (tx) => {
      const [gone] = await tx.query<RemovedRow>(REMOVE, [
        deviceId,
        canonicalName(username),
        provider.id || null,
        await this.devices.oldest(tx),
      ]);
      if (gone === undefined) throw notFound();
      // Last: whoever was signing in from the device is done by now.
      await tx.execute(
        `DELETE FROM sign_ins WHERE account_id = $1 AND device_id = $2 AND origin = 'appgate'`,
        [gone.account_id, deviceId],
      );
      const object = { type: 'account', id: gone.account_id };
      await this.audit.record(tx, actor, {
        action: 'device.removed',
        outcome: 'success',
        object,
        detail: { deviceId },
        before: { deviceId, onBoardedAt: gone.on_boarded_at, lastSeenAt: gone.last_seen_at },
        after: null,
      });
    });
  }
}

const DEVICES: ListSource = {
  select: `SELECT ${DEVICE_COLUMNS}, 'Admin' AS device_type FROM ${DEVICES_OF_USERS} WHERE d.last_seen_at >= $1 AND ${withinReach('p', 2)}`,
  key: 'device_key',
  search: ['dn_canonical'],
  fold: canonicalName,
  fields: {
    ...DEVICE_FIELDS,
    device_type: { order: 'device_type', filter: 'device_type' },
    hostname: { order: 'NULL::text', filter: 'NULL::text' },
    onBoardedAt: { order: 'on_boarded_at', filter: timeText('on_boarded_at') },
    lastSeenAt: { order: 'last_seen_at', filter: timeText('last_seen_at') },
  },
};

const REMOVE = `
  DELETE FROM registered_devices d USING accounts a
  WHERE a.id = d.account_id AND d.device_id = $1 AND a.name_canonical = $2 AND a.identity_provider_id = $3 AND d.last_seen_at >= $4
  RETURNING d.account_id, d.on_boarded_at, d.last_seen_at`;
