import { type ErrorKind, violatedConstraint, violatedReference } from '@sallyport/platform';

/**
 * What a database error that is no outage means to the caller: a value only a client can have sent (SQLSTATE class 22,
 * such as a NUL in a string) or a race for a name or a reference. Null for anything else. A net below the services' own
 * checks, so that a client's mistake is never 5xx (S88).
 */
export function databaseFailure(thrown: unknown): ErrorKind | null {
  if (!(thrown instanceof Error)) return null;
  if (violatedConstraint(thrown) !== null || violatedReference(thrown) !== null) return 'conflict';
  const { code, driverError } = thrown as { code?: unknown; driverError?: { code?: unknown } };
  const state = driverError?.code ?? code;
  return typeof state === 'string' && /^22[0-9A-Z]{3}$/.test(state) ? 'invalid' : null;
}
