import { DomainError } from '../domain-error.js';

/** SQLSTATE or Node error code of an error, wherever TypeORM has hidden it. */
function codeOf(error: unknown): string {
  const holder = error as { code?: unknown; driverError?: { code?: unknown } } | null;
  const code = holder?.driverError?.code ?? holder?.code;
  return typeof code === 'string' ? code : '';
}

/** A serialisation failure, a deadlock or a plan that is out of date: the same work may succeed when done again. */
export function isRepeatable(error: unknown): boolean {
  return ['40001', '40P01'].includes(codeOf(error)) || hasStalePlan(error);
}

/**
 * A statement that answers `*` was prepared before a migration changed its table (S96). The connection refuses it from then on, under the
 * name it was prepared by; `0A000` alone says too little, and the words depend on the language.
 */
export function hasStalePlan(error: unknown): boolean {
  const holder = error as { routine?: string; driverError?: { routine?: string } } | null;
  const routine = holder?.driverError?.routine ?? holder?.routine;
  return codeOf(error) === '0A000' && routine === 'RevalidateCachedQuery';
}

/** The statement was not run: one before it in its transaction had failed. */
export function isAftermath(error: unknown): boolean {
  return codeOf(error) === '25P02';
}

/** A lock that was not to be had in time, or a deadlock: later it may be. */
export function isInTheWay(error: unknown): boolean {
  return ['55P03', '40P01'].includes(codeOf(error));
}

/** Somebody else wrote the same first: work that looks before it writes finds that when it is done again. */
export function isForestalled(error: unknown): boolean {
  return codeOf(error) === '23505';
}

/** The unique constraint an INSERT or UPDATE ran into: its value is taken. Null for any other error. */
export function violatedConstraint(error: unknown): string | null {
  return codeOf(error) === '23505' ? constraintOf(error) : null;
}

/** The foreign key a statement ran into: what it names is gone, or what it removes is still named. Null for any other error. */
export function violatedReference(error: unknown): string | null {
  return codeOf(error) === '23503' ? constraintOf(error) : null;
}

function constraintOf(error: unknown): string {
  const holder = error as { constraint?: string; driverError?: { constraint?: string } };
  return holder.driverError?.constraint ?? holder.constraint ?? '';
}

// Connection lost (08), not let in (28, 3D000: only ever while connecting), out of resources (53), shutting down or
// cancelled (57), files that cannot be read or written (58), lock not available, read-only, ended while idle (25P03, 25P04).
const SQLSTATES = /^(08...|28...|3D000|53...|57...|58...|55P03|25006|25P0[34]|40001|40P01)$/;
const SOCKET_ERRORS = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
];
const POOL_ERRORS =
  /timeout exceeded when trying to connect|timeout expired|Connection terminated|Client has encountered a connection error|not queryable|Cannot use a pool after calling end|Query read timeout|Query runner already released/;

/**
 * What lay behind a failure, for logs and operators: its SQLSTATE, the system's code, or the pool's own words. Never the text of a database,
 * which may hold what somebody sent (S70). Null where there is nothing of the kind.
 */
export function causeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if (error instanceof DomainError) return causeOf(error.cause);
  return codeOf(error) || (POOL_ERRORS.exec(error.message)?.[0] ?? null);
}

/** Its words, and what lay behind it. */
export function withCause(error: Error): string {
  const cause = causeOf(error);
  return cause === null || error.message.includes(cause) ? error.message : `${error.message} (${cause})`;
}

/** A file that is not there, or may not be opened: no socket of a database, whose errors have the same codes. */
export function isFileError(error: unknown): boolean {
  const { syscall, path } = (error ?? {}) as NodeJS.ErrnoException;
  return path !== undefined && syscall !== undefined && syscall !== 'connect';
}

/** Turns the loss of the database into `unavailable` (S91, S92); anything else passes unchanged. */
export function translateDatabaseError(error: unknown): unknown {
  if (error instanceof DomainError || !(error instanceof Error)) return error;
  const code = codeOf(error);
  if (isFileError(error)) return error;
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
