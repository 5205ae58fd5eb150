import { type AccessRequest } from './access-request.js';
import { provenAnswer } from './packet-proofs.js';
import { RADIUS_ATTRIBUTE, RADIUS_CODE } from './radius-packet.js';

/** What a server said. `state` is what the next request of the same challenge must carry. */
export type RadiusAnswer =
  { kind: 'accepted' } | { kind: 'rejected' } | { kind: 'challenged'; message: string; state: Buffer | null };

/** @returns null for a datagram that proves nothing, or is no answer to an Access-Request: it is as if it never came. */
export function readAnswer(datagram: Buffer, request: AccessRequest, secret: Buffer): RadiusAnswer | null {
  const packet = provenAnswer(datagram, request, secret);
  switch (packet?.code) {
    case RADIUS_CODE.accessAccept:
      return { kind: 'accepted' };
    case RADIUS_CODE.accessReject:
      return { kind: 'rejected' };
    case RADIUS_CODE.accessChallenge: {
      const valuesOf = (wanted: number) =>
        packet.attributes.filter(({ type }) => type === wanted).map(({ value }) => value);
      const state = valuesOf(RADIUS_ATTRIBUTE.state)[0];
      // Several Reply-Messages are one text (RFC 2865 §5.18).
      const message = Buffer.concat(valuesOf(RADIUS_ATTRIBUTE.replyMessage)).toString();
      return {
        kind: 'challenged',
        message: printable(message),
        state: state === undefined ? null : Buffer.from(state),
      };
    }
    default:
      return null;
  }
}

/** Lines stay lines; other control characters would speak to the terminal it is shown on. */
function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '');
}
