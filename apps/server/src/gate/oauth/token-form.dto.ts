import { ApiProperty } from '@nestjs/swagger';
import { DomainError } from '@sallyport/platform';

/** What both calls take (RFC 7662 §2.1, RFC 7009 §2.1). */
export class TokenForm {
  @ApiProperty({ description: 'The token that is meant, of either dialect.' })
  token!: string;

  @ApiProperty({
    required: false,
    description: 'Without effect: there is one kind of token.',
    example: 'access_token',
  })
  token_type_hint?: string;
}

const FORM = 'application/x-www-form-urlencoded';
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads the form. A parameter without a value counts as left out, an unknown one as nothing (RFC 6749 §3.1); none may come twice.
 * @throws DomainError `malformed`.
 */
export function readTokenForm(bytes: Buffer, contentType = ''): TokenForm {
  if (contentType.split(';')[0]!.trim().toLowerCase() !== FORM) throw malformed(`The body is no ${FORM}.`);
  const fields = new Map<string, string>();
  for (const pair of textOf(bytes).split('&')) {
    if (pair === '') continue;
    const [name = '', ...value] = pair.split('=');
    const known = decoded(name);
    if (fields.has(known)) throw malformed('A parameter is given more than once.');
    fields.set(known, decoded(value.join('=')));
  }
  const token = fields.get('token');
  if (token === undefined || token === '') throw malformed('The parameter token is missing.');
  return { token };
}

function textOf(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw malformed('The body is no UTF-8.');
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '));
  } catch {
    throw malformed('The body is not encoded as a form.');
  }
}

function malformed(message: string): DomainError {
  return new DomainError('malformed', 'form', message);
}
