import { Injectable } from '@nestjs/common';
import { DomainError, type ErrorKind } from '@sallyport/platform';
import type { Dialect, WireError } from '../http/dialect.js';

const STATUS: Record<ErrorKind, number> = {
  malformed: 400,
  'too-large': 413,
  invalid: 400,
  'not-acceptable': 406,
  unauthenticated: 401,
  rejected: 401,
  'factor-rejected': 401,
  'factor-not-pending': 401,
  'factor-owed': 403,
  forbidden: 403,
  'not-found': 404,
  'method-not-allowed': 405,
  conflict: 409,
  throttled: 429,
  unavailable: 503,
  internal: 500,
};

/** Every path that belongs to no dialect: health, docs, and 404 for the rest (contract vault.md §2.2). No tokens here. */
@Injectable()
export class OpsDialect implements Dialect {
  readonly name = 'ops';
  readonly prefix = '';

  readToken(): null {
    return null;
  }

  async authenticate(): Promise<null> {
    return null;
  }

  async authorize(): Promise<void> {
    throw new DomainError('forbidden', 'no-tokens-here', 'forbidden');
  }

  async notFound(_caller: unknown, _tokenSent: boolean, allow: string[]): Promise<never> {
    if (allow.length > 0)
      throw new DomainError('method-not-allowed', 'method-not-allowed', 'method not allowed', { allow });
    throw new DomainError('not-found', 'not-found', 'not found');
  }

  parseBody(): unknown {
    return {};
  }

  renderError(error: DomainError): WireError {
    const { allow, retryAfter } = error.details;
    const headers = {
      ...(allow && { Allow: allow.join(', ') }),
      ...(retryAfter && { 'Retry-After': String(retryAfter) }),
    };
    return { status: STATUS[error.kind], headers, body: { errors: [] } };
  }
}
