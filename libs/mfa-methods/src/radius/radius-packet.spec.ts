import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { decodePacket, encodePacket } from './radius-packet.js';

const packet = {
  code: 1,
  identifier: 7,
  authenticator: Buffer.alloc(16, 9),
  attributes: [{ type: 1, value: Buffer.from('nemo') }],
};

describe('a packet', () => {
  it('reads back as it was written, whatever its attributes', () => {
    const attribute = fc.record({
      type: fc.nat(255),
      value: fc.uint8Array({ maxLength: 253 }).map((bytes) => Buffer.from(bytes)),
    });
    fc.assert(
      fc.property(fc.array(attribute, { maxLength: 12 }), (attributes) => {
        expect(decodePacket(encodePacket({ ...packet, attributes }))).toEqual({ ...packet, attributes });
      }),
    );
  });

  it('ends at its own length: what follows is padding', () => {
    expect(decodePacket(Buffer.concat([encodePacket(packet), Buffer.alloc(3, 1)]))).toEqual(packet);
  });

  it('never throws on what came over the network', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void decodePacket(Buffer.from(bytes))),
    );
  });

  it.each([
    ['shorter than a header', '0107'],
    ['shorter than it says', '0107001709090909090909090909090909090909'],
    ['said to be shorter than a header', '0107001309090909090909090909090909090909'],
    ['with half an attribute', '010700150909090909090909090909090909090901'],
    ['with an attribute of length 1', '01070016090909090909090909090909090909090101'],
    ['with an attribute beyond the end', '0107001709090909090909090909090909090909010441'],
  ])('%s is none', (_, hex) => {
    expect(decodePacket(Buffer.from(hex, 'hex'))).toBeNull();
  });

  it('takes no value over 253 bytes and nothing over 4096 in all', () => {
    const long = { type: 1, value: Buffer.alloc(254) };
    expect(() => encodePacket({ ...packet, attributes: [long] })).toThrow(RangeError);
    const many = Array.from({ length: 17 }, () => ({ type: 1, value: Buffer.alloc(253) }));
    expect(() => encodePacket({ ...packet, attributes: many })).toThrow(RangeError);
  });
});
