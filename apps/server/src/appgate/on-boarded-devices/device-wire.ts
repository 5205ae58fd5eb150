import type { DeviceFilter, RegisteredDevice, Revocation, TokenKinds } from '@sallyport/auth';
import { EVERY_DEVICE, readDeviceFilter } from '@sallyport/auth';
import { type DeviceAndUserName, parseDeviceDn } from '@sallyport/identity';
import { wireTime } from '../wire/wire-time.js';
import type { DeviceAnswer, RevocationFields } from './device.dto.js';

export function deviceAnswer({ onBoardedAt, lastSeenAt, ...device }: RegisteredDevice): DeviceAnswer {
  return {
    ...device,
    device_type: 'Admin',
    onBoardedAt: wireTime(onBoardedAt),
    lastSeenAt: wireTime(lastSeenAt),
  };
}

/** A request's fields as the core takes them; specific devices count only beside an empty filter (appgate.md §5.6). */
export function revocationOf(fields: RevocationFields): Revocation {
  const {
    distinguishedNameFilter: filter,
    specificDistinguishedNames: specific,
    revocationReason,
    siteId,
  } = fields;
  return {
    filter: siteId === undefined ? filterOf(filter) : null,
    only: filter === '' ? specific?.map((dn) => parseDeviceDn(dn) as DeviceAndUserName) : undefined,
    kinds: kindsOf(fields.tokenType),
    reason: revocationReason,
    asked: filter,
  };
}

/** We issue AdminClaims (partial) and Administration (final) tokens, no others (appgate.md §2.1). */
export function kindsOf(tokenType: string | undefined): TokenKinds {
  return {
    full: tokenType === undefined || tokenType === 'Administration',
    partial: tokenType === undefined || tokenType === 'AdminClaims',
  };
}

function filterOf(text: string): DeviceFilter | null {
  return text === '' ? EVERY_DEVICE : readDeviceFilter(text);
}
