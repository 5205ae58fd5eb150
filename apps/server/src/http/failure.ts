import { DomainError, translateDatabaseError, type ErrorKind } from '@sallyport/platform';
import { databaseFailure } from './database-failure.js';

const KIND_OF_STATUS: Record<number, ErrorKind> = {
  400: 'malformed',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  405: 'method-not-allowed',
  406: 'not-acceptable',
  409: 'conflict',
  413: 'too-large',
  422: 'invalid',
  429: 'throttled',
  503: 'unavailable',
};

/** What came out of a handler, as the one error of the core (S88). Details of the unexpected stay in the log. */
export function asDomainError(thrown: unknown, requestId: string): DomainError {
  const known = translateDatabaseError(thrown);
  if (known instanceof DomainError) return known;
  const kind = databaseFailure(thrown) ?? kindOfStatus(thrown) ?? 'internal';
  const details = kind === 'unavailable' ? { requestId, retryAfter: 1 } : { requestId };
  return new DomainError(kind, `unexpected-${kind}`, 'An unexpected error occurred.', details, {
    cause: thrown,
  });
}

/** Errors of the framework that name a client's mistake; their own texts reach nobody. */
function kindOfStatus(thrown: unknown): ErrorKind | null {
  if (typeof thrown !== 'object' || thrown === null) return null;
  const { status, statusCode } = thrown as { status?: unknown; statusCode?: unknown };
  const code = typeof statusCode === 'number' ? statusCode : status;
  if (typeof code !== 'number') return null;
  return KIND_OF_STATUS[code] ?? (code >= 400 && code < 500 ? 'malformed' : null);
}
