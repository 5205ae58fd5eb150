import { DomainError } from '../domain-error.js';

/** SQLSTATE or Node error code of an error, wherever TypeORM has hidden it. */
function codeOf(error: unknown): string {
  const holder = error as { code?: unknown; driverError?: { code?: unknown } } | null;
  const code = holder?.driverError?.code ?? holder?.code;
  return typeof code === 'string' ? code : '';
}

/** A serialisation failure or a deadlock: the same work may succeed when done again. */
export function isRepeatable(error: unknown): boolean {
  return ['40001', '40P01'].includes(codeOf(error));
}

/** Somebody else wrote the same first: work that looks before it writes finds that when it is done again. */
export function isForestalled(error: unknown): boolean {
  return codeOf(error) === '23505';
}

/** The unique index or constraint an INSERT or UPDATE ran into, or null for any other error. */
export function violatedConstraint(error: unknown): string | null {
  const holder = error as { constraint?: string; driverError?: { constraint?: string } } | null;
  return ['23505', '23503'].includes(codeOf(error))
    ? (holder?.driverError?.constraint ?? holder?.constraint ?? '')
    : null;
}

// Connection lost (08), out of resources (53), shutting down or cancelled (57), lock not available, read-only.
const SQLSTATES = /^(08...|53...|57...|55P03|25006|40001|40P01)$/;
const SOCKET_ERRORS = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
];
const POOL_ERRORS =
  /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|not queryable|Cannot use a pool after calling end|Query read timeout/;

/** Turns the loss of the database into `unavailable` (S91, S92); anything else passes unchanged. */
export function translateDatabaseError(error: unknown): unknown {
  if (error instanceof DomainError || !(error instanceof Error)) return error;
  const code = codeOf(error);
  const lost = SQLSTATES.test(code) || SOCKET_ERRORS.includes(code) || POOL_ERRORS.test(error.message);
  if (!lost) return error;
  return new DomainError(
    'unavailable',
    'database-unavailable',
    'The service is not available.',
    { retryAfter: 1 },
    { cause: error },
  );
}
