import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { decodePacket, HEADER_BYTES, RADIUS_ATTRIBUTE, type RadiusPacket } from './radius-packet.js';

const PROOF_BYTES = 16;

/** An attribute to be filled by `signRequest`; it stands first (CVE-2024-3596). */
export const UNSIGNED = { type: RADIUS_ATTRIBUTE.messageAuthenticator, value: Buffer.alloc(PROOF_BYTES) };

/** Fills the Message-Authenticator that stands first: HMAC-MD5 of the packet with zeros in its place (RFC 3579 §3.2). */
export function signRequest(packet: Buffer, secret: Buffer): Buffer {
  createHmac('md5', secret)
    .update(packet)
    .digest()
    .copy(packet, HEADER_BYTES + 2);
  return packet;
}

/**
 * Reads an answer to a request and proves that it comes from a holder of the secret: its Response Authenticator (RFC 2865 §3) and,
 * always, exactly one Message-Authenticator; without that, an answer can be forged on the way (CVE-2024-3596).
 * @returns null for anything that must be dropped silently.
 */
export function provenAnswer(
  datagram: Buffer,
  request: { identifier: number; authenticator: Buffer },
  secret: Buffer,
): RadiusPacket | null {
  const packet = decodePacket(datagram);
  if (packet === null || packet.identifier !== request.identifier) return null;
  // As the server computed it: the request's authenticator in the place of its own.
  const asked = Buffer.from(datagram.subarray(0, datagram.readUInt16BE(2)));
  request.authenticator.copy(asked, 4);
  const expected = createHash('md5').update(asked).update(secret).digest();
  if (!timingSafeEqual(expected, packet.authenticator)) return null;
  const proofs = packet.attributes.filter(({ type }) => type === RADIUS_ATTRIBUTE.messageAuthenticator);
  const [proof] = proofs;
  if (proof === undefined || proofs.length > 1 || proof.value.length !== PROOF_BYTES) return null;
  const claimed = Buffer.from(proof.value);
  asked.fill(
    0,
    proof.value.byteOffset - datagram.byteOffset,
    proof.value.byteOffset - datagram.byteOffset + PROOF_BYTES,
  );
  const computed = createHmac('md5', secret).update(asked).digest();
  return timingSafeEqual(computed, claimed) ? packet : null;
}
