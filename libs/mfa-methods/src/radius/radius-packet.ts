/** Packet codes of an authentication (RFC 2865 §3). */
export const RADIUS_CODE = {
  accessRequest: 1,
  accessAccept: 2,
  accessReject: 3,
  accessChallenge: 11,
} as const;

/** The attributes that are sent or read here (RFC 2865 §5, RFC 3579 §3.2). */
export const RADIUS_ATTRIBUTE = {
  userName: 1,
  userPassword: 2,
  chapPassword: 3,
  replyMessage: 18,
  state: 24,
  nasIdentifier: 32,
  messageAuthenticator: 80,
} as const;

/** Bytes of a packet before its attributes: code, identifier, length, authenticator. */
export const HEADER_BYTES = 20;
const MOST_BYTES = 4096;
/** Bytes of one attribute's value. */
export const VALUE_BYTES = 253;

export interface RadiusAttribute {
  type: number;
  value: Buffer;
}

export interface RadiusPacket {
  code: number;
  identifier: number;
  /** 16 bytes. */
  authenticator: Buffer;
  attributes: RadiusAttribute[];
}

/** @throws RangeError where a value or the whole does not fit (RFC 2865 §3, §5). */
export function encodePacket({ code, identifier, authenticator, attributes }: RadiusPacket): Buffer {
  const encoded = attributes.map(({ type, value }) => {
    if (value.length > VALUE_BYTES)
      throw new RangeError(`attribute ${type} is longer than ${VALUE_BYTES} bytes`);
    return Buffer.concat([Buffer.of(type, value.length + 2), value]);
  });
  const header = Buffer.alloc(4);
  header.writeUInt8(code, 0);
  header.writeUInt8(identifier, 1);
  const packet = Buffer.concat([header, authenticator, ...encoded]);
  if (authenticator.length !== 16 || packet.length > MOST_BYTES)
    throw new RangeError('the packet does not fit');
  packet.writeUInt16BE(packet.length, 2);
  return packet;
}

/**
 * Reads a datagram. Bytes after the packet's own length are padding (RFC 2865 §3).
 * @returns null for what is no packet: too short, too long, or attributes that do not fill it exactly.
 */
export function decodePacket(datagram: Buffer): RadiusPacket | null {
  if (datagram.length < HEADER_BYTES) return null;
  const length = datagram.readUInt16BE(2);
  if (length < HEADER_BYTES || length > MOST_BYTES || length > datagram.length) return null;
  const attributes: RadiusAttribute[] = [];
  for (let at = HEADER_BYTES; at < length;) {
    const size = at + 1 < length ? datagram.readUInt8(at + 1) : 0;
    if (size < 2 || at + size > length) return null;
    attributes.push({ type: datagram.readUInt8(at), value: datagram.subarray(at + 2, at + size) });
    at += size;
  }
  return {
    code: datagram.readUInt8(0),
    identifier: datagram.readUInt8(1),
    authenticator: datagram.subarray(4, HEADER_BYTES),
    attributes,
  };
}
