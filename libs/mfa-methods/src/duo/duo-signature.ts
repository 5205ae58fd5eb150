import { createHmac } from 'node:crypto';

export interface DuoRequest {
  /** As the `Date` header says it (RFC 2822). */
  date: string;
  method: 'GET' | 'POST';
  host: string;
  path: string;
  parameters: Readonly<Record<string, string>>;
}

/** The time as Duo signs it: `Tue, 21 Aug 2012 17:29:18 -0000`. */
export function duoDate(instant: Date): string {
  return instant.toUTCString().replace('GMT', '-0000');
}

/** Parameters sorted by name, in RFC 3986 encoding: as they are signed, and as they are sent. */
export function duoParameters(parameters: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(parameters).map(([name, value]) => [encode(name), encode(value)] as const);
  return pairs
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** The five lines that are signed (Duo Auth API, "Authentication"). */
export function duoCanonical({ date, method, host, path, parameters }: DuoRequest): string {
  return [date, method, host.toLowerCase(), path, duoParameters(parameters)].join('\n');
}

/** HMAC-SHA-512 over the canonical request, under the method's secret key; in hexadecimal. */
export function duoSignature(request: DuoRequest, secretKey: string): string {
  return createHmac('sha512', secretKey).update(duoCanonical(request)).digest('hex');
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
