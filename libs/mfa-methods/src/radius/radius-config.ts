import type { MfaMethod } from '../mfa-method.entity.js';

export type RadiusProtocol = 'PAP' | 'CHAP';

/** Settings of a RADIUS method (contract appgate.md §4.1); its two secrets are sealed columns. `timeout` in seconds. */
export interface RadiusConfig {
  hostnames: readonly string[];
  port: number;
  authenticationProtocol: RadiusProtocol;
  timeout: number;
  /**
   * `OneFactor`: what is typed goes as the password. `Challenge`: a first request brings a challenge, what is typed answers it.
   * `Push`: one request triggers an approval elsewhere and is answered by its outcome.
   */
  mode: 'OneFactor' | 'Challenge' | 'Push';
  /** The first request carries the user's password instead of the challenge secret. */
  useUserPassword: boolean;
}

export const RADIUS_DEFAULTS = {
  port: 1812,
  authenticationProtocol: 'CHAP',
  timeout: 6,
  mode: 'Challenge',
  useUserPassword: false,
} as const;

export function radiusConfigOf(method: MfaMethod): RadiusConfig {
  return { hostnames: [], ...RADIUS_DEFAULTS, ...(method.config as Partial<RadiusConfig>) };
}
