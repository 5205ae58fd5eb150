import type { DomainError, ErrorKind } from '@sallyport/platform';
import { multiError, VaultError } from './vault-error.js';

/** How a refusal is spelled: its status and its text; null is an empty list of errors. */
export interface Spelling {
  status: number;
  text: string | null;
  /** An internal text: in `ME` on authenticated paths, bare on the others (§2.4). */
  internal?: boolean;
}

/** Every kind of refusal, in this dialect's words (§2.4 and the table at the head of security.md). */
const BY_KIND: Record<ErrorKind, (error: DomainError) => Spelling> = {
  malformed: (error) => ({
    status: 400,
    text: OF_BODY.has(error.code) ? 'error parsing JSON' : 'malformed request',
  }),
  'too-large': () => ({ status: 413, text: 'request body too large' }),
  invalid: (error) => ({ status: 400, text: firstViolation(error) }),
  'not-acceptable': () => ({ status: 415, text: null }),
  unauthenticated: () => ({ status: 403, text: multiError('permission denied', 'invalid token') }),
  rejected: () => ({ status: 400, text: 'invalid username or password' }),
  'factor-rejected': () => ({ status: 403, text: 'permission denied' }),
  'factor-not-pending': () => ({ status: 400, text: 'invalid request ID' }),
  'factor-owed': () => ({ status: 403, text: 'permission denied' }),
  forbidden: () => ({ status: 403, text: 'permission denied', internal: true }),
  'not-found': () => ({ status: 404, text: null }),
  'method-not-allowed': () => ({ status: 405, text: null }),
  conflict: (error) => ({ status: 400, text: firstViolation(error) }),
  throttled: () => ({ status: 403, text: 'permission denied' }),
  unavailable: () => ({ status: 503, text: 'service unavailable' }),
  internal: () => ({ status: 500, text: 'internal error', internal: true }),
};

const OF_BODY = new Set(['malformed-body', 'body-broken-off']);

/** Refusals of the core whose status or wrapping is not their kind's. */
const BY_CODE: Record<string, (error: DomainError, path: string) => Spelling> = {
  'headers-too-large': () => ({ status: 413, text: 'request headers too large' }),
  'mount-gone': (_, path) => ({ status: 404, text: noRoute(path) }),
  'method-in-use': ({ message }) => ({ status: 400, text: message, internal: true }),
  'method-type-mismatch': ({ message }) => ({ status: 400, text: message, internal: true }),
  'last-administrator': () => ({ status: 400, text: 'a full administrator must remain' }),
  'merge-factor-conflict': ({ message }) => ({ status: 400, text: message, internal: true }),
  'merge-alias-clash': ({ details }) => ({ status: 400, text: multiError(...(details.bullets as string[])) }),
  'unknown-member': ({ message }) => ({ status: 400, text: message, internal: true }),
  'unknown-user': ({ message }) => ({ status: 400, text: message, internal: true }),
  'token-not-found': () => ({ status: 400, text: 'token not found' }),
  'token-role-gone': ({ message }) => ({ status: 400, text: message, internal: true }),
};

/** Spells a refusal of the core on a path, as policies name it; where it needs no token, nothing is wrapped. */
export function spell(error: DomainError, path: string): { status: number; body: { errors: string[] } } {
  if (error instanceof VaultError) return { status: error.status, body: { errors: error.errors } };
  const { status, text, internal } = (BY_CODE[error.code] ?? BY_KIND[error.kind])(error, path);
  if (text === null) return { status, body: { errors: [] } };
  return { status, body: { errors: [internal && !isOpenPath(path) ? multiError(text) : text] } };
}

/** What is said of a path under nothing that is mounted (§2.4). */
export function noRoute(path: string): string {
  return `no handler for route "${path}". route entry not found.`;
}

function firstViolation(error: DomainError): string {
  const violation = error.details.violations?.[0];
  if (violation === undefined) return error.message;
  return violation.field === 'name' ? 'invalid username' : `${violation.field} ${violation.message}`;
}

/** Paths that take no token (§2.4: nothing is wrapped there), as policies name them. */
const OPEN_PATHS = [
  /^auth\/[^/]+\/login(\/|$)/,
  /^sys\/mfa\/validate\/?$/,
  /^identity\/mfa\/method\/totp\/self-enroll\/?$/,
  /^sys\/(health|seal-status|leader|init)$/,
];

/** Whether the path is one of those. */
export function isOpenPath(policyPath: string): boolean {
  return OPEN_PATHS.some((pattern) => pattern.test(policyPath));
}

/** Whether the path answers without an envelope (§2.3). */
export function isBarePath(policyPath: string): boolean {
  return /^sys\/(health|seal-status|leader|init)$/.test(policyPath);
}
