import { DomainError } from '@sallyport/platform';
import type { AccessStatement } from '../../http/access.js';

/**
 * The state of a live token (appgate.md §2.1): `pending` while a factor is owed, whatever its type; `proven` for an
 * AdminClaims token that owes nothing; `final` for an Administration token that owes nothing.
 */
export type TokenState = 'pending' | 'proven' | 'final';

/**
 * The state table of appgate.md §2.1, one row for each statement a route can make. A pending or proven token opens the
 * sign-in steps and nothing else (S35).
 * @param state of the caller's token, or null without a live token.
 * @throws DomainError `unauthenticated`, `factor-not-pending` or `forbidden`.
 */
export function admit(access: AccessStatement, state: TokenState | null): void {
  if (access.kind === 'open') return;
  if (state === null) throw noToken();
  if (access.kind === 'token' && access.state === 'any') return;
  if (access.kind === 'token' && access.state === 'pending') {
    if (state !== 'pending') throw notPending();
    return;
  }
  if (state !== 'final' || (access.kind !== 'token' && access.kind !== 'privilege')) throw forbidden();
}

export function noToken(): DomainError {
  return new DomainError('unauthenticated', 'no-token', 'The token is missing, invalid or expired.');
}

export function forbidden(): DomainError {
  return new DomainError('forbidden', 'forbidden', 'The caller may not do this.');
}

function notPending(): DomainError {
  return new DomainError('factor-not-pending', 'factor-not-pending', 'No factor is pending for this token.');
}
