import { createHmac } from 'node:crypto';

/** The six digits of this moment (RFC 6238, SHA-1, 30 s). */
export function codeOf(seed: Buffer, instant: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(instant / 30_000)));
  const digest = createHmac('sha1', seed).update(counter).digest();
  const offset = digest[19]! & 15;
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
