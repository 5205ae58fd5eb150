import type { MfaMethod } from '../mfa-method.entity.js';

/** Settings of a Duo method (contract vault.md §5.3); its two keys are sealed. */
export interface DuoConfig {
  /** `api-xxxxxxxx.duosecurity.com`. */
  apiHostname: string;
  /** URL-encoded pairs that the push shows; empty: none. */
  pushInfo: string;
  /** Clients are told to ask for a passcode; without one a push goes out all the same. */
  usePasscode: boolean;
  usernameFormat: string;
}

export type DuoKey = 'integrationKey' | 'secretKey';

const DEFAULTS: DuoConfig = { apiHostname: '', pushInfo: '', usePasscode: false, usernameFormat: '' };

export function duoConfigOf(method: MfaMethod): DuoConfig {
  return { ...DEFAULTS, ...(method.config as Partial<DuoConfig>) };
}
