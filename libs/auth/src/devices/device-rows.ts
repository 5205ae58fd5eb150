import { canonicalName, type DeviceAndUserName, deviceDn } from '@sallyport/identity';
import type { ListField } from '@sallyport/platform';

/** A device as lists show it, without what is particular to one list. */
export interface DeviceAndUser extends DeviceAndUserName {
  distinguishedName: string;
}

/** A device administrators sign in from (contract appgate.md §5.6). */
export interface RegisteredDevice extends DeviceAndUser {
  onBoardedAt: Date;
  lastSeenAt: Date;
}

export interface DeviceRow {
  device_id: string;
  username: string;
  provider_name: string;
  on_boarded_at: Date;
  last_seen_at: Date;
}

/** What every statement about devices selects, `d` being the device, `a` its user's account, `p` the provider. */
export const DEVICE_COLUMNS = `
  d.account_id, d.account_id::text || d.device_id::text AS device_key, d.device_id::text AS device_id, a.name AS username, a.name_canonical,
  p.name AS provider_name, p.name_canonical AS provider_canonical,
  'cn=' || replace(d.device_id::text, '-', '') || ',cn=' || a.name_canonical || ',ou=' || p.name_canonical AS dn_canonical,
  d.on_boarded_at, d.last_seen_at`;

export const DEVICES_OF_USERS = `
  registered_devices d
  JOIN accounts a ON a.id = d.account_id
  JOIN identity_providers p ON p.id = a.identity_provider_id AND p.type <> 'Userpass'`;

/** Fields of DeviceAndUser a list is ordered and filtered by. */
export const DEVICE_FIELDS: Readonly<Record<string, ListField>> = {
  distinguishedName: { order: 'dn_canonical', filter: 'dn_canonical', fold: canonicalName },
  deviceId: { order: 'device_id', filter: 'device_id' },
  username: { order: 'name_canonical', filter: 'name_canonical', fold: canonicalName },
  providerName: { order: 'provider_canonical', filter: 'provider_canonical', fold: canonicalName },
};

export function deviceAndUserOf({
  device_id: deviceId,
  username,
  provider_name: providerName,
}: DeviceRow): DeviceAndUser {
  return { distinguishedName: deviceDn(deviceId, username, providerName), deviceId, username, providerName };
}

export function deviceOf(row: DeviceRow): RegisteredDevice {
  return { ...deviceAndUserOf(row), onBoardedAt: row.on_boarded_at, lastSeenAt: row.last_seen_at };
}
