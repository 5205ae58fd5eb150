import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { accessRequest, fits } from './access-request.js';
import { chapPassword, hidePassword } from './hidden-password.js';
import { provenAnswer, signRequest } from './packet-proofs.js';
import { decodePacket, encodePacket } from './radius-packet.js';

/** The secret of the examples in RFC 2865 §7 and RFC 5997 §6. */
const SECRET = Buffer.from('xyzzy5461');
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('the examples of the RFCs', () => {
  const authenticator = hex('0f 40 3f 94 73 97 80 57 bd 83 d5 cb 98 f4 22 7a');

  it('RFC 2865 §7.1: the password of nemo is hidden', () => {
    expect(hidePassword(Buffer.from('arctangent'), SECRET, authenticator)).toEqual(
      hex('0d be 70 8d 93 d4 13 ce 31 96 e4 3f 78 2a 0a ee'),
    );
  });

  it('RFC 2865 §7.1: an answer without a Message-Authenticator is dropped, though its Response Authenticator is right', () => {
    const answer = hex(
      '02 00 00 26 86 fe 22 0e 76 24 ba 2a 10 05 f6 bf 9b 55 e0 b2 06 06 00 00 00 01 0f 06 00 00 00 00 0e 06 c0 a8 01 03',
    );
    const asked = Buffer.from(answer);
    authenticator.copy(asked, 4);
    expect(createHash('md5').update(asked).update(SECRET).digest()).toEqual(answer.subarray(4, 20));
    expect(provenAnswer(answer, { identifier: 0, authenticator }, SECRET)).toBeNull();
  });

  it('RFC 2865 §7.2: flopsy answers with CHAP', () => {
    const challenge = hex('2a ee 86 f0 8d 0d 55 96 9c a5 97 8e 0d 33 67 a2');
    expect(chapPassword(22, Buffer.from('arctangent'), challenge)).toEqual(
      hex('16 e9 75 57 c3 16 18 58 95 f2 93 ff 63 44 07 72 75'),
    );
  });

  it('RFC 5997 §6.1: a request is signed', () => {
    const signed = hex(
      '0c da 00 26 8a 54 f4 68 6f b3 94 c5 28 66 e3 02 18 5d 06 23 50 12 5a 66 5e 2e 1e 84 11 f3 e2 43 82 20 97 c8 4f a3',
    );
    const unsigned = Buffer.from(signed).fill(0, 22);
    expect(signRequest(unsigned, SECRET)).toEqual(signed);
  });
});

describe('a request', () => {
  const question = {
    username: 'nemo',
    credential: 'code',
    protocol: 'CHAP',
    state: Buffer.from('s'),
    nasIdentifier: 'here',
  } as const;

  it('carries the Message-Authenticator first (CVE-2024-3596), then who, the proof, from where and the state', () => {
    const { bytes } = accessRequest(question, SECRET);
    expect(decodePacket(bytes)!.attributes.map(({ type }) => type)).toEqual([80, 1, 3, 32, 24]);
    const proof = Buffer.from(bytes.subarray(22, 38));
    expect(
      createHmac('md5', SECRET)
        .update(bytes.fill(0, 22, 38))
        .digest(),
    ).toEqual(proof);
  });

  it('holds a long password in blocks, each masked by the one before', () => {
    const password = Buffer.alloc(40, 'x');
    const hidden = hidePassword(password, SECRET, Buffer.alloc(16));
    expect(hidden.length).toBe(48);
    const mask = createHash('md5').update(SECRET).update(hidden.subarray(16, 32)).digest();
    expect(Buffer.from(hidden.subarray(32).map((byte, index) => byte ^ mask[index]!)).toString()).toBe(
      `xxxxxxxx${'\0'.repeat(8)}`,
    );
    expect(hidePassword(Buffer.alloc(0), SECRET, Buffer.alloc(16)).length).toBe(16);
  });

  it('fits names of 253 and credentials of 128 bytes, not more', () => {
    expect(fits({ username: 'u'.repeat(253), credential: 'c'.repeat(128) })).toBe(true);
    expect(fits({ username: 'ü'.repeat(127), credential: 'c' })).toBe(false);
    expect(fits({ username: 'u', credential: 'c'.repeat(129) })).toBe(false);
    expect(() =>
      accessRequest({ ...question, username: 'u'.repeat(253), credential: 'c'.repeat(128) }, SECRET),
    ).not.toThrow();
  });
});

describe('an answer', () => {
  const request = { identifier: 5, authenticator: Buffer.alloc(16, 3) };
  const zeros = { type: 80, value: Buffer.alloc(16) };
  const state = { type: 24, value: Buffer.from('kept') };

  /** As a server makes it; `proofs` in any places. */
  function answer(
    attributes = [zeros, state],
    { secret = SECRET, identifier = 5, wrongProof = false } = {},
  ): Buffer {
    const bytes = encodePacket({ code: 2, identifier, authenticator: request.authenticator, attributes });
    const digest = createHmac('md5', secret).update(bytes).digest();
    if (wrongProof) digest[0]! ^= 1;
    let at = 20;
    for (const { type, value } of attributes) {
      if (type === 80) digest.copy(bytes, at + 2);
      at += value.length + 2;
    }
    createHash('md5').update(bytes).update(secret).digest().copy(bytes, 4);
    return bytes;
  }

  it('is believed with a Message-Authenticator in any place, and padding behind', () => {
    expect(provenAnswer(answer(), request, SECRET)?.code).toBe(2);
    expect(provenAnswer(answer([state, zeros]), request, SECRET)?.code).toBe(2);
    expect(provenAnswer(Buffer.concat([answer(), Buffer.alloc(4)]), request, SECRET)?.code).toBe(2);
    const pooled = Buffer.concat([Buffer.alloc(9), answer()]).subarray(9);
    expect(provenAnswer(pooled, request, SECRET)?.code).toBe(2);
  });

  it('is dropped where anything of it is wrong', () => {
    const dropped = {
      'another secret': answer(undefined, { secret: Buffer.from('other') }),
      'another identifier': answer(undefined, { identifier: 6 }),
      'no Message-Authenticator': answer([state]),
      'a wrong Message-Authenticator': answer(undefined, { wrongProof: true }),
      'two Message-Authenticators': answer([zeros, zeros]),
      'a short Message-Authenticator': answer([{ type: 80, value: Buffer.alloc(15) }]),
    };
    for (const [why, bytes] of Object.entries(dropped))
      expect([why, provenAnswer(bytes, request, SECRET)]).toEqual([why, null]);
  });

  it('is dropped when any one byte of it was changed on the way', () => {
    const good = answer();
    for (let at = 0; at < good.length; at += 1) {
      const changed = Buffer.from(good);
      changed[at]! ^= 1;
      expect([at, provenAnswer(changed, request, SECRET)]).toEqual([at, null]);
    }
  });
});
