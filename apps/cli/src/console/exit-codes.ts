import { ConfigError, DomainError } from '@sallyport/platform';
import { UsageError } from './usage-error.js';

/** What the process ends with; scripts may rely on them (docs/operations.md). */
export const EXIT = {
  done: 0,
  /** Refused, not found, or a check that failed. */
  failed: 1,
  usage: 2,
  configuration: 3,
  /** The database does not answer: worth another try. */
  unavailable: 4,
} as const;

/** What went wrong, for people and for scripts. Never a secret: messages of the core hold none. */
export interface Failure {
  exitCode: number;
  code: string;
  message: string;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof UsageError) return { exitCode: EXIT.usage, code: 'usage', message: error.message };
  if (error instanceof ConfigError)
    return { exitCode: EXIT.configuration, code: 'configuration', message: error.message };
  if (error instanceof DomainError) return failureOfCore(error);
  if ((error as { code?: unknown }).code === NOT_ALLOWED)
    return { exitCode: EXIT.failed, code: 'role', message: NOT_ALLOWED_TO_THE_SERVER };
  return { exitCode: EXIT.failed, code: 'failed', message: (error as Error).message };
}

/** SQLSTATE: what the operator does here is more than the server's role may (S96). */
const NOT_ALLOWED = '42501';
const NOT_ALLOWED_TO_THE_SERVER =
  'The role in DATABASE_URL may not do this: name the role that owns the tables in SALLYPORT_MIGRATION_DATABASE_URL.';

function failureOfCore({ kind, code, message, details }: DomainError): Failure {
  if (kind === 'unavailable')
    return { exitCode: EXIT.unavailable, code, message: unavailable(code, message) };
  const violations = (details.violations ?? []).map((violation) => `${violation.field} ${violation.message}`);
  return { exitCode: EXIT.failed, code, message: violations.length === 0 ? message : violations.join('\n') };
}

function unavailable(code: string, message: string): string {
  return code === 'database-unavailable'
    ? 'The database does not answer. `sallyport doctor` says more.'
    : message;
}
