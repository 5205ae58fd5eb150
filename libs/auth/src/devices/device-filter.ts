import { canonicalName, parseDeviceDn, parseUserDn } from '@sallyport/identity';

/** Which devices are meant; what is null may be anything. */
export interface DeviceFilter {
  /** A UUID with dashes. */
  deviceId: string | null;
  username: string | null;
  providerName: string | null;
}

export const EVERY_DEVICE: DeviceFilter = { deviceId: null, username: null, providerName: null };

/** Whether nothing is narrowed. */
export function isEveryDevice({ deviceId, username, providerName }: DeviceFilter): boolean {
  return deviceId === null && username === null && providerName === null;
}

const HEX = '0'.repeat(32);

/**
 * A run of whole DN components at the start or at the end of a device DN (contract appgate.md §5.6), names in canonical form.
 * @param end only runs at the end count (§5.6 reevaluate, §6.9).
 * @returns null for anything else, which matches nothing.
 */
export function readDeviceFilter(text: string, { end = false } = {}): DeviceFilter | null {
  // A DN is completed and read as the whole it is a part of, so that every rule about DNs is in one place.
  const whole = parseDeviceDn(text);
  if (whole !== null) return filterOf(whole.deviceId, whole.username, whole.providerName);
  const user = parseUserDn(text);
  if (user !== null) return filterOf(null, user.username, user.providerName);
  const atEnd = parseUserDn(`CN=x,${text}`);
  if (atEnd !== null) return filterOf(null, null, atEnd.providerName);
  if (end) return null;
  const start = parseDeviceDn(`${text},OU=x`);
  if (start !== null) return filterOf(start.deviceId, start.username, null);
  const device = parseDeviceDn(`${text},CN=x,OU=x`);
  return device && text.length === HEX.length + 3 ? filterOf(device.deviceId, null, null) : null;
}

function filterOf(
  deviceId: string | null,
  username: string | null,
  providerName: string | null,
): DeviceFilter {
  return {
    deviceId,
    username: username === null ? null : canonicalName(username),
    providerName: providerName === null ? null : canonicalName(providerName),
  };
}
