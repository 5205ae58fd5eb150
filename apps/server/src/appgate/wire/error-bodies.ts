import type { DomainError, ErrorKind, Violation } from '@sallyport/platform';
import type { WireError } from '../../http/dialect.js';
import { CURRENT_VERSION, LOWEST_VERSION, notAcceptableMessage } from './accept-version.js';

/** Seconds a caller is told to wait where the core names no time. */
const RETRY_AFTER = 5;

type Spelling = (error: DomainError, method: string) => WireError;

/** The table of appgate.md §1.4, letter for letter. */
export const ERROR_BODIES: Record<ErrorKind, Spelling> = {
  malformed: () => plain(400, 'bad request', 'The request body is not valid JSON.'),
  'too-large': () => plain(413, 'payload too large', 'The request body is too large.'),
  invalid: (error) => notValid(error.details.violations ?? []),
  'not-acceptable': (error) =>
    plain(406, 'not acceptable', notAcceptableMessage(error.details.received), {
      minSupportedVersion: LOWEST_VERSION,
      maxSupportedVersion: CURRENT_VERSION,
    }),
  unauthenticated: () => unauthorized('The token is missing, invalid or expired. Sign in again.'),
  rejected: () => refusedProof('Invalid username or password.', 'Login'),
  'factor-rejected': (error) =>
    error.code === 'mfa-provider-silent'
      ? unauthorized('The MFA provider did not respond.', { failureType: 'Mfa' })
      : refusedProof(
          'Invalid one-time password. Please make sure the time on your device is correct.',
          'Mfa',
        ),
  'factor-not-pending': () =>
    unauthorized('Multi-factor authentication is not pending for this token.', { failureType: 'Mfa' }),
  'factor-owed': (error) =>
    plain(412, 'precondition failed', 'Administrative authorization requires two-factor authentication.', {
      otpRequired: true,
      username: error.details.username,
    }),
  forbidden: (error) =>
    plain(403, 'forbidden', FORBIDDEN[error.code] ?? "You don't have permission to access this resource."),
  'not-found': () => plain(404, 'not found', 'The requested resource was not found.'),
  'method-not-allowed': (error) =>
    withHeader(
      'Allow',
      (error.details.allow ?? []).join(', '),
      405,
      'method not allowed',
      'The method is not allowed for this resource.',
    ),
  conflict: (error, method) =>
    // v23 declares no 409 on PUT (appgate.md §1.5).
    method === 'PUT'
      ? notValid(error.details.violations ?? [{ field: 'name', message: 'must be unique' }])
      : plain(409, 'conflict', CONFLICT[error.code] ?? 'An object with the same id or name already exists.'),
  throttled: (error) =>
    withHeader(
      'Retry-After',
      seconds(error),
      429,
      'too many requests',
      'Too many failed attempts. Try again later.',
    ),
  unavailable: (error) =>
    withHeader('Retry-After', seconds(error), 503, 'service unavailable', 'The service is not available.'),
  internal: () => plain(500, 'internal server error', 'An unexpected error occurred.'),
};

/** Codes of `forbidden` that have a text of their own. */
const FORBIDDEN: Record<string, string> = {
  'no-administration-rights': 'No administration rights.',
  'restricted-use': 'A token of limited use begins no session.',
  'built-in': 'Built-in objects cannot be deleted.',
};

/** Codes of `conflict` that have a text of their own. */
const CONFLICT: Record<string, string> = {
  'in-use': 'The object is in use.',
  'last-administrator': 'A full administrator must remain.',
  'last-factor': 'A required factor must remain.',
  'no-replacement': 'No replacement is in progress.',
};

function plain(status: number, id: string, message: string, extra: Record<string, unknown> = {}): WireError {
  return { status, body: { id, message, ...extra } };
}

function withHeader(name: string, value: string, status: number, id: string, message: string): WireError {
  return { ...plain(status, id, message), headers: { [name]: value } };
}

function unauthorized(message: string, extra: Record<string, unknown> = {}): WireError {
  return { ...plain(401, 'unauthorized', message, extra), headers: { 'WWW-Authenticate': 'Bearer' } };
}

function refusedProof(message: string, failureType: 'Login' | 'Mfa'): WireError {
  return unauthorized(message, { failureType, reason: message });
}

function notValid(violations: Violation[]): WireError {
  const errors = violations.map(({ field, message }) => ({ field, message }));
  return plain(422, 'unprocessable entity', 'The request is not valid.', { errors });
}

function seconds(error: DomainError): string {
  return String(Math.max(1, Math.ceil(error.details.retryAfter ?? RETRY_AFTER)));
}
