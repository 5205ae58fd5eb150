import type { MfaMethod } from '../mfa-method.entity.js';

/** Settings of a PingID method, from its settings file (contract vault.md §5.3); its key and token are sealed. */
export interface PingidConfig {
  useSignature: boolean;
  idpUrl: string;
  orgAlias: string;
  adminUrl: string;
  authenticatorUrl: string;
  usernameFormat: string;
}

/** `signingKey` in base64. */
export type PingidKey = 'signingKey' | 'token';

const DEFAULTS: PingidConfig = {
  useSignature: false,
  idpUrl: '',
  orgAlias: '',
  adminUrl: '',
  authenticatorUrl: '',
  usernameFormat: '',
};

export function pingidConfigOf(method: MfaMethod): PingidConfig {
  return { ...DEFAULTS, ...(method.config as Partial<PingidConfig>) };
}
