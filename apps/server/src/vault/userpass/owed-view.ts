import type { LoginOutcome, OwedMethod } from '@sallyport/auth';
import { duoConfigOf, type MfaMethod } from '@sallyport/mfa-methods';
import type { AuthView, MfaAlternativeView } from '../token/auth.dto.js';

/** The warning of phase 1. */
export const FACTOR_OWED =
  'A login request was issued that is subject to MFA validation. Please make sure to validate the login by sending another ' +
  'request to mfa/validate endpoint.';

/** The `auth` block of phase 1: no token yet, and what is owed (§3.2). */
export function owedView({
  requestId,
  enforcements,
}: Extract<LoginOutcome, { kind: 'factor-owed' }>): AuthView {
  const constraints = enforcements.map(
    ({ name, methods }) => [name, { any: methods.map(alternativeView) }] as const,
  );
  return {
    client_token: '',
    accessor: '',
    policies: null,
    metadata: null,
    lease_duration: 0,
    renewable: false,
    entity_id: '',
    token_type: 'default',
    orphan: false,
    mfa_requirement: { mfa_request_id: requestId, mfa_constraints: Object.fromEntries(constraints) },
    num_uses: 0,
  };
}

/** False and empty values are absent (§3.2). */
function alternativeView({ method, selfEnrollment }: OwedMethod): MfaAlternativeView {
  return {
    type: method.type,
    id: method.id,
    ...(usesPasscode(method) ? { uses_passcode: true } : {}),
    ...(method.name ? { name: method.name } : {}),
    ...(selfEnrollment ? { self_enrollment_enabled: true } : {}),
  };
}

/** Whether a client asks for a code: Duo takes one, and says itself whether it wants one (§3.2). */
function usesPasscode(method: MfaMethod): boolean {
  return method.type === 'totp' || (method.type === 'duo' && duoConfigOf(method).usePasscode);
}
