import { createHash } from 'node:crypto';

const BLOCK = 16;

/** Longest password that can be sent, in bytes (RFC 2865 §5.2). */
export const PASSWORD_BYTES = 128;

/**
 * User-Password: each 16 bytes, the last filled with zeros, are masked with MD5(secret + what came before) (RFC 2865 §5.2).
 * @throws RangeError over 128 bytes.
 */
export function hidePassword(password: Buffer, secret: Buffer, requestAuthenticator: Buffer): Buffer {
  if (password.length > PASSWORD_BYTES) throw new RangeError(`a password is at most ${PASSWORD_BYTES} bytes`);
  const hidden = Buffer.alloc(Math.max(1, Math.ceil(password.length / BLOCK)) * BLOCK);
  password.copy(hidden);
  let before = requestAuthenticator;
  for (let start = 0; start < hidden.length; start += BLOCK) {
    const mask = createHash('md5').update(secret).update(before).digest();
    const block = hidden.subarray(start, start + BLOCK);
    for (let index = 0; index < BLOCK; index += 1) block[index] = block[index]! ^ mask[index]!;
    before = block;
  }
  return hidden;
}

/** CHAP-Password: the identifier, then MD5(identifier + password + challenge) (RFC 2865 §2.2, §5.3; RFC 1994 §4.1). */
export function chapPassword(identifier: number, password: Buffer, challenge: Buffer): Buffer {
  const id = Buffer.of(identifier);
  return Buffer.concat([id, createHash('md5').update(id).update(password).update(challenge).digest()]);
}
