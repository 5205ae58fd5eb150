import { DomainError, type ErrorKind } from '@sallyport/platform';

/** The list of errors as upstream's multierror prints it: `ME(x; y)` of vault.md. */
export function multiError(...bullets: string[]): string {
  const heading = bullets.length === 1 ? '1 error occurred:' : `${bullets.length} errors occurred:`;
  return `${heading}\n${bullets.map((bullet) => `\t* ${bullet}\n`).join('')}\n`;
}

const KIND_OF_STATUS: Record<number, ErrorKind> = {
  400: 'invalid',
  403: 'forbidden',
  404: 'not-found',
  405: 'method-not-allowed',
  413: 'too-large',
  415: 'not-acceptable',
  503: 'unavailable',
};

/** A refusal this dialect makes itself: its status and its exact texts, printed as they are. */
export class VaultError extends DomainError {
  constructor(
    readonly status: number,
    readonly errors: string[],
  ) {
    super(KIND_OF_STATUS[status] ?? 'internal', 'vault-refusal', errors[0] ?? 'refused');
  }
}

/** A refusal with exactly these error texts; without any the body is `{"errors":[]}`. */
export function refuse(status: number, ...errors: string[]): VaultError {
  return new VaultError(status, errors);
}

/** A value of the request that does not become what its field holds; the value itself is never echoed (§2.4). */
export function conversionError(field: string, why: string): VaultError {
  return refuse(400, `Field validation failed: error converting input for field "${field}": ${why}`);
}
