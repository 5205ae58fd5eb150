import { randomBytes, randomInt } from 'node:crypto';
import { chapPassword, hidePassword, PASSWORD_BYTES } from './hidden-password.js';
import { signRequest, UNSIGNED } from './packet-proofs.js';
import { encodePacket, RADIUS_ATTRIBUTE, RADIUS_CODE, VALUE_BYTES } from './radius-packet.js';

/** What is asked of a RADIUS server: whether this credential of this user is right. */
export interface RadiusQuestion {
  username: string;
  /** What goes where the password goes: a code, a password, or a secret that only triggers the challenge. */
  credential: string;
  protocol: 'PAP' | 'CHAP';
  /** The State of the challenge this answers (RFC 2865 §5.24). */
  state: Buffer | null;
  /** Names this server (RFC 2865 §5.32). */
  nasIdentifier: string;
}

/** A packet to send, and what its answer is checked against. */
export interface AccessRequest {
  bytes: Buffer;
  identifier: number;
  authenticator: Buffer;
}

/** Whether a question fits into a packet: a name of at most 253 bytes, a credential of at most 128 (RFC 2865 §5.1, §5.2). */
export function fits({ username, credential }: Pick<RadiusQuestion, 'username' | 'credential'>): boolean {
  return Buffer.byteLength(username) <= VALUE_BYTES && Buffer.byteLength(credential) <= PASSWORD_BYTES;
}

/** An Access-Request with a Message-Authenticator in the first place (RFC 2865 §4.1, RFC 3579 §3.2, CVE-2024-3596). */
export function accessRequest(
  { username, credential, protocol, state, nasIdentifier }: RadiusQuestion,
  secret: Buffer,
): AccessRequest {
  const identifier = randomInt(256);
  const authenticator = randomBytes(16);
  const password = Buffer.from(credential);
  const proof =
    protocol === 'PAP'
      ? { type: RADIUS_ATTRIBUTE.userPassword, value: hidePassword(password, secret, authenticator) }
      : { type: RADIUS_ATTRIBUTE.chapPassword, value: chapPassword(randomInt(256), password, authenticator) };
  const attributes = [
    UNSIGNED,
    { type: RADIUS_ATTRIBUTE.userName, value: Buffer.from(username) },
    proof,
    { type: RADIUS_ATTRIBUTE.nasIdentifier, value: Buffer.from(nasIdentifier) },
    ...(state === null ? [] : [{ type: RADIUS_ATTRIBUTE.state, value: state }]),
  ];
  const bytes = encodePacket({ code: RADIUS_CODE.accessRequest, identifier, authenticator, attributes });
  return { bytes: signRequest(bytes, secret), identifier, authenticator };
}
