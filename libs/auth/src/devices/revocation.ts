import type { DeviceAndUserName } from '@sallyport/identity';
import type { DeviceFilter } from './device-filter.js';
import type { RegisteredDevice } from './device-rows.js';

/** Which tokens: full ones, those of unfinished sign-ins, or both. */
export interface TokenKinds {
  full: boolean;
  partial: boolean;
}

export interface Revocation {
  /** Null matches nothing. */
  filter: DeviceFilter | null;
  /** Nothing but these devices. */
  only?: DeviceAndUserName[];
  kinds: TokenKinds;
  /** As the caller gave them, for the record. */
  reason?: string;
  asked: string;
}

/** The devices that were struck, the newest first; of very many the newest ones, and how many there are. */
export interface RevokedDevices {
  devices: RegisteredDevice[];
  total: number;
}

/** A token that was ended: its session's end is `expiresAt`. */
export interface RevokedToken {
  kind: 'full' | 'partial';
  device: RegisteredDevice;
  issuedAt: Date;
  expiresAt: Date;
}
