import { nameProblem } from './name-problem.js';

export interface UserName {
  username: string;
  providerName: string;
}

export interface DeviceAndUserName extends UserName {
  /** A UUID with dashes, in lower case. */
  deviceId: string;
}

const DEVICE_ID = /^[0-9a-f]{32}$/;
const UUID_GROUPS = /^(.{8})(.{4})(.{4})(.{4})/;

/** `CN=<username>,OU=<providerName>` (appgate.md §1.6), both as first spelt. */
export function userDn(username: string, providerName: string): string {
  return `CN=${username},OU=${providerName}`;
}

/** `CN=<device>,CN=<username>,OU=<providerName>`, the device id, with dashes or without, as 32 hex digits. */
export function deviceDn(deviceId: string, username: string, providerName: string): string {
  return `CN=${deviceId.replaceAll('-', '').toLowerCase()},${userDn(username, providerName)}`;
}

/** The parts of a user DN as spelt, or null. `CN` and `OU` are read without regard to case; blanks around `,` and `=` are not. */
export function parseUserDn(text: string): UserName | null {
  const parts = text.split(',', 3);
  if (parts.length !== 2) return null;
  const username = valueOf('CN', parts[0]!);
  const providerName = valueOf('OU', parts[1]!);
  return isName(username) && isName(providerName) ? { username, providerName } : null;
}

/** The parts of a device DN, or null. The device id is read in either case. */
export function parseDeviceDn(text: string): DeviceAndUserName | null {
  const comma = text.indexOf(',');
  if (comma < 0) return null;
  const device = valueOf('CN', text.slice(0, comma))?.toLowerCase();
  const user = parseUserDn(text.slice(comma + 1));
  if (!user || device === undefined || !DEVICE_ID.test(device)) return null;
  return { deviceId: device.replace(UUID_GROUPS, '$1-$2-$3-$4-'), ...user };
}

function valueOf(attribute: 'CN' | 'OU', part: string): string | undefined {
  return part.slice(0, 3).toUpperCase() === `${attribute}=` ? part.slice(3) : undefined;
}

function isName(value: string | undefined): value is string {
  return value !== undefined && nameProblem(value, { kind: 'user' }) === null;
}
