/** Room for the label: with secret and issuer the URL stays within what one QR code holds (2 331 bytes at level M). */
const LONGEST_LABEL = 2_000;

export interface SeedLabel {
  username: string;
  providerName: string;
  /** The configured public host name, never the request's `Host`. */
  host: string;
}

/**
 * `otpauth://totp/<username>@<providerName>@<host>?secret=<secret>&issuer=Appgate%20SDP` (appgate.md §2.4), the name
 * parts percent-encoded except `@`. It names no algorithm, digits or period: their defaults are ours.
 * @param secret base32.
 */
export function otpAuthUrl(secret: string, { username, providerName, host }: SeedLabel): string {
  const tail = encodePart(`@${providerName}@${host}`);
  const label = encodeWithin(username, Math.max(0, LONGEST_LABEL - tail.length)) + tail;
  return `otpauth://totp/${label}?secret=${secret}&issuer=Appgate%20SDP`;
}

/** Encodes as many characters as fit: a name of 255 emoji would fill no QR code. */
function encodeWithin(text: string, longest: number): string {
  let encoded = '';
  for (const character of text) {
    const next = encoded + encodePart(character);
    if (next.length > longest) break;
    encoded = next;
  }
  return encoded;
}

/** Names hold no lone surrogates (S80), so this never throws. */
function encodePart(text: string): string {
  return encodeURIComponent(text).replaceAll('%40', '@');
}
