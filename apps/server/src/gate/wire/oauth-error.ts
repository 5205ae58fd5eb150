import { ApiProperty } from '@nestjs/swagger';
import type { DomainError, ErrorKind } from '@sallyport/platform';
import type { WireError } from '../../http/dialect.js';

/** Every error body of this room (RFC 6749 §5.2). */
export class OauthError {
  @ApiProperty({
    enum: [
      'invalid_request',
      'invalid_client',
      'invalid_token',
      'insufficient_scope',
      'insufficient_user_authentication',
      'temporarily_unavailable',
      'server_error',
    ],
  })
  error!: string;

  @ApiProperty({ required: false, example: 'The parameter token is missing.' })
  error_description?: string;
}

const SPELLINGS: Record<ErrorKind, [status: number, error: string]> = {
  malformed: [400, 'invalid_request'],
  'too-large': [413, 'invalid_request'],
  invalid: [400, 'invalid_request'],
  'not-acceptable': [406, 'invalid_request'],
  unauthenticated: [401, 'invalid_token'],
  rejected: [401, 'invalid_token'],
  'factor-rejected': [401, 'invalid_token'],
  'factor-not-pending': [401, 'invalid_token'],
  'factor-owed': [401, 'insufficient_user_authentication'],
  forbidden: [403, 'insufficient_scope'],
  'not-found': [404, 'invalid_request'],
  'method-not-allowed': [405, 'invalid_request'],
  conflict: [409, 'invalid_request'],
  throttled: [429, 'temporarily_unavailable'],
  unavailable: [503, 'temporarily_unavailable'],
  internal: [500, 'server_error'],
};

/** What may stand in `error_description`. */
const DESCRIPTION = /^[ !#-[\]-~]+$/;

/** An error as OAuth spells it; only what is wrong with the request is described. */
export function oauthError(
  error: DomainError,
): WireError & { body: OauthError; headers: Record<string, string> } {
  const [status, code] = SPELLINGS[error.kind];
  const { allow, retryAfter } = error.details;
  const headers: Record<string, string> = {};
  if (allow !== undefined) headers['allow'] = allow.join(', ');
  if (retryAfter !== undefined) headers['retry-after'] = String(retryAfter);
  const described = status === 400 && DESCRIPTION.test(error.message);
  return {
    status,
    headers,
    body: { error: code, ...(described && { error_description: error.message }) },
  };
}
