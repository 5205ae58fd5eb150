/** What went wrong, in the core's own words. Each dialect holds a complete table from kind to status and body. */
export type ErrorKind =
  | 'malformed' // the body cannot be read
  | 'too-large' // the body is over its limit
  | 'invalid' // the request is readable but a value is not acceptable
  | 'not-acceptable' // the caller asks for a form we do not speak
  | 'unauthenticated' // no token, or one that is unknown, expired or ended
  | 'rejected' // a first factor that is wrong or missing
  | 'factor-rejected' // a second factor that is wrong
  | 'factor-not-pending' // a second factor offered where none is owed
  | 'factor-owed' // a second factor is owed first
  | 'forbidden' // known caller, not allowed
  | 'not-found'
  | 'method-not-allowed'
  | 'conflict'
  | 'throttled' // wait before the next try
  | 'unavailable' // the database, or room for one more hash, is missing right now
  | 'internal';

/** One value that is not acceptable: the path in the body (`privileges[0].scope`) and why. */
export interface Violation {
  field: string;
  message: string;
}

export interface ErrorDetails {
  violations?: Violation[];
  /** Seconds until another try is evaluated. */
  retryAfter?: number;
  /** Methods a path answers to. */
  allow?: string[];
  [key: string]: unknown;
}

/**
 * The one error of the core. `kind` decides the status in each dialect, `code` names the rule (stable, kebab-case),
 * `message` is for people and never holds a secret or another person's data.
 */
export class DomainError extends Error {
  override readonly name = 'DomainError';

  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    message: string,
    readonly details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** A request whose named value is refused. */
  static invalid(field: string, message: string): DomainError {
    return new DomainError('invalid', 'invalid', 'The request is not valid.', {
      violations: [{ field, message }],
    });
  }
}
