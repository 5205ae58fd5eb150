import type { MfaMethod } from '../mfa-method.entity.js';

/** Settings of an Okta method (contract vault.md §5.3); its token is sealed. */
export interface OktaConfig {
  orgName: string;
  /** Null where the deprecated `production` says which it is. */
  baseUrl: string | null;
  /** Null where it was not used. */
  production: boolean | null;
  /** The name is an e-mail address, not a login. */
  primaryEmail: boolean;
  usernameFormat: string;
}

export type OktaKey = 'apiToken';

export const OKTA_BASE_URL = 'okta.com';
const PREVIEW = 'oktapreview.com';

const DEFAULTS: OktaConfig = {
  orgName: '',
  baseUrl: OKTA_BASE_URL,
  production: null,
  primaryEmail: false,
  usernameFormat: '',
};

export function oktaConfigOf(method: MfaMethod): OktaConfig {
  return { ...DEFAULTS, ...(method.config as Partial<OktaConfig>) };
}

/** Where the organisation's API is. */
export function oktaOrigin({ orgName, baseUrl, production }: OktaConfig): string {
  return `https://${orgName}.${baseUrl ?? (production === false ? PREVIEW : OKTA_BASE_URL)}`;
}
