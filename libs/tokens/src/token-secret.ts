import { hash, randomBytes } from 'node:crypto';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Characters drawn evenly from base62: bytes of 248 and more are thrown away, for 248 is four times 62. */
function base62(length: number): string {
  let text = '';
  while (text.length < length)
    for (const byte of randomBytes(length * 2))
      if (byte < 248 && text.length < length) text += BASE62[byte % 62];
  return text;
}

/** 48 random bytes in standard base64, 64 characters (appgate.md §2.1). */
export function newAuthToken(): string {
  return randomBytes(48).toString('base64');
}

/** `hvs.` and 43 base62 characters: 256 bits (vault.md §2.6, S33). */
export function newServiceToken(): string {
  return `hvs.${base62(43)}`;
}

/** 24 base62 characters, drawn apart from the token; it opens nothing (S33). */
export function newAccessor(): string {
  return base62(24);
}

/** What the database keeps of a token, and finds it by (S33). */
export function hashSecret(secret: string): Buffer {
  // Of a text Node makes a buffer in its pool; one that OpenSSL fills is a block of memory of its own.
  return Buffer.from(hash('sha256', secret, 'binary'), 'latin1');
}
